/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a domain's programs printed: the last part of it, filtered, never interpreted. */
#include "tray/tray.h"

void log_window_show(struct tray *t, const struct model_domain *d);
