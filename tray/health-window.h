/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is wrong now, in sentences. */
#include "tray/tray.h"

void health_window_show(struct tray *t);
/* The list changed. */
void health_window_refresh(struct tray *t);
