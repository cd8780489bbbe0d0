/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Where there is no domain yet: what frames are, and three domains to begin with. */
#include "tray/tray.h"

void first_run_show(struct tray *t);
