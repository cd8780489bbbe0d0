/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The changed part of one window: a few rectangles that cover everything that was added. Pure.
 * When there are too many, two are merged that waste the least; so memory and messages are bounded.
 */
#include "common/geometry.h"

#define REGION_MAX 8

struct region {
	unsigned n;
	struct rect r[REGION_MAX];
};

static inline bool region_empty(const struct region *g) {
	return g->n == 0;
}

void region_clear(struct region *g);
/* Empty rectangles add nothing. Coordinates within +-2^24. */
void region_add(struct region *g, struct rect r);
void region_add_all(struct region *g, const struct region *from);
/* Cuts everything outside (0, 0, size). */
void region_clip(struct region *g, struct size size);
