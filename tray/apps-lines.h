/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Applications out of what a domain's qubes.GetAppmenus answered: bounded as files are, and as
 * little trusted. */
#include "tray/apps.h"

#define APPS_LINES_BYTES (4 * 1024 * 1024) /* more is not read */
#define APPS_LINES_MAX   100000

struct apps *apps_from_lines(const char *untrusted_data, size_t size);
