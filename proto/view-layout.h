/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What view-order.c and view-report.c share: fields of a message, and promises. */
#include "proto/view.h"

static inline struct rect view_take_rect(struct span *in) {
	struct rect r;

	r.x = span_i32(in);
	r.y = span_i32(in);
	r.w = span_u32(in);
	r.h = span_u32(in);
	return r;
}

static inline void view_put_rect(struct sink *out, struct rect r) {
	sink_i32(out, r.x);
	sink_i32(out, r.y);
	sink_u32(out, r.w);
	sink_u32(out, r.h);
}

/* A truth is 0 or 1; anything else makes the span bad. */
static inline bool view_take_bool(struct span *in) {
	uint32_t v = span_u32(in);

	in->bad |= v > 1;
	return v == 1;
}

static inline void view_begin(struct sink *out, enum view_type type, uint32_t window) {
	sink_u32(out, (uint32_t)type);
	sink_u32(out, window);
}
