/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Points, sizes and rectangles in pixels; root coordinates unless said otherwise. */
#include <stdbool.h>
#include <stdint.h>

struct point {
	int32_t x, y;
};

struct size {
	uint32_t w, h;
};

struct rect {
	int32_t x, y;
	uint32_t w, h;
};

static inline bool rect_empty(struct rect r) {
	return r.w == 0 || r.h == 0;
}

static inline bool rect_equal(struct rect a, struct rect b) {
	return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

static inline bool rect_contains(struct rect outer, struct rect inner) {
	return inner.x >= outer.x && inner.y >= outer.y &&
	       (int64_t)inner.x + inner.w <= (int64_t)outer.x + outer.w &&
	       (int64_t)inner.y + inner.h <= (int64_t)outer.y + outer.h;
}

/* The part that both share; an empty rectangle if there is none. Never overflows. */
static inline struct rect rect_intersect(struct rect a, struct rect b) {
	int64_t left = a.x > b.x ? a.x : b.x, top = a.y > b.y ? a.y : b.y;
	int64_t ar = (int64_t)a.x + a.w, br = (int64_t)b.x + b.w;
	int64_t ab = (int64_t)a.y + a.h, bb = (int64_t)b.y + b.h;
	int64_t right = ar < br ? ar : br, bottom = ab < bb ? ab : bb;

	if (right <= left || bottom <= top)
		return (struct rect){0, 0, 0, 0};
	return (struct rect){
		(int32_t)left, (int32_t)top, (uint32_t)(right - left), (uint32_t)(bottom - top)};
}

/* The smallest rectangle around both; empty ones do not count. Callers keep coordinates within
 * +-2^24 so that the width fits. */
static inline struct rect rect_union(struct rect a, struct rect b) {
	int32_t left = a.x < b.x ? a.x : b.x, top = a.y < b.y ? a.y : b.y;
	int64_t ar = (int64_t)a.x + a.w, br = (int64_t)b.x + b.w;
	int64_t ab = (int64_t)a.y + a.h, bb = (int64_t)b.y + b.h;

	if (rect_empty(a))
		return b;
	if (rect_empty(b))
		return a;
	return (struct rect){left, top, (uint32_t)((ar > br ? ar : br) - left),
		(uint32_t)((ab > bb ? ab : bb) - top)};
}
