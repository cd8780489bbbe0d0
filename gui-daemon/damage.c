/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/damage.h"

static uint64_t area(struct rect r) {
	return (uint64_t)r.w * r.h;
}

/* What painting the union costs beyond painting both. */
static int64_t waste(struct rect a, struct rect b) {
	return (int64_t)area(rect_union(a, b)) - (int64_t)area(a) - (int64_t)area(b);
}

static void merge_into(struct damage *d, unsigned i, struct rect r) {
	r = rect_union(d->r[i], r);
	d->r[i] = d->r[--d->count];
	damage_add(d, r);
}

void damage_add(struct damage *d, struct rect r) {
	unsigned best = 0;
	int64_t least = INT64_MAX;

	if (rect_empty(r))
		return;
	for (unsigned i = 0; i < d->count; i++) {
		int64_t w = waste(d->r[i], r);

		if (w < least) {
			least = w;
			best = i;
		}
	}
	/* A few pixels more cost less than another request. */
	if (d->count > 0 && (least <= 4096 || d->count == DAMAGE_MAX))
		merge_into(d, best, r);
	else
		d->r[d->count++] = r;
}
