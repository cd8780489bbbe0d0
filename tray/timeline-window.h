/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Everything that crossed or was refused (docs/audit.md), with filters; follows what is written. */
#include "tray/tray.h"

void timeline_window_show(struct tray *t);
