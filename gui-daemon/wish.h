/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The person asked for a program: its first window may have the focus (x11-launch.c says how it is
 * given). One wish is one window; it is void after WISH_US, and when it was taken or forgotten.
 * Times of `now` are monotonic microseconds.
 */
#include <stdbool.h>
#include <stdint.h>

#define WISH_US ((int64_t)30 * 1000000)

struct wish {
	uint32_t time;   /* the X server's at the asking, milliseconds; 0: not known yet */
	int64_t expires; /* 0: there is no wish */
};

static inline void wish_begin(struct wish *w, int64_t now) {
	*w = (struct wish){.expires = now + WISH_US};
}

static inline void wish_know_time(struct wish *w, uint32_t time) {
	if (w->expires > 0)
		w->time = time;
}

static inline void wish_forget(struct wish *w) {
	*w = (struct wish){0};
}

/* The wish's time, once; 0: there is none, it is too old, or its time is not known. */
static inline uint32_t wish_take(struct wish *w, int64_t now) {
	uint32_t time = now > w->expires ? 0 : w->time;

	wish_forget(w);
	return time;
}
