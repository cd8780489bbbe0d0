/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Damage of one window, merged: few rectangles that cover all of it and little more; they may
 * overlap. Pure. */
#include "common/geometry.h"

#define DAMAGE_MAX 6

struct damage {
	unsigned count;
	struct rect r[DAMAGE_MAX];
};

void damage_add(struct damage *d, struct rect r);
