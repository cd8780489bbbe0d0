/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Starts the program for a file or a link and waits until nobody uses it any more. */
#include "common/cleanup.h"

/* path: absolute, in a folder that is only for it. 0; or 1, and the reason is on stderr. */
MUST_USE int opener_file(const char *path);
MUST_USE int opener_url(const char *url);
