/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Merging of damage. Must never lose a pixel that was added. */
#include "gui-agent/region.h"

/* A message and a request cost about as much as copying this many pixels. */
#define MERGE_PIXELS 4096

static int64_t area(struct rect r) {
	return (int64_t)r.w * r.h;
}

/* The pixels that would be in the union and in neither of both; overlap counts as a gain. */
static int64_t waste(struct rect a, struct rect b) {
	return area(rect_union(a, b)) - area(a) - area(b);
}

void region_clear(struct region *g) {
	g->n = 0;
}

static void remove_at(struct region *g, unsigned i) {
	g->r[i] = g->r[--g->n];
}

/* Merges r with what is near enough; returns what is then to be added. */
static struct rect absorb(struct region *g, struct rect r) {
	for (unsigned i = 0; i < g->n;) {
		if (waste(g->r[i], r) > MERGE_PIXELS) {
			i++;
			continue;
		}
		r = rect_union(g->r[i], r);
		remove_at(g, i);
		i = 0; /* the larger one may now be near to others */
	}
	return r;
}

/* Puts r into the rectangle that grows the least. */
static struct rect squeeze(struct region *g, struct rect r) {
	unsigned best = 0;

	for (unsigned i = 1; i < g->n; i++) {
		if (waste(g->r[i], r) < waste(g->r[best], r))
			best = i;
	}
	r = rect_union(g->r[best], r);
	remove_at(g, best);
	return r;
}

void region_add(struct region *g, struct rect r) {
	if (rect_empty(r))
		return;
	r = absorb(g, r);
	while (g->n == REGION_MAX)
		r = absorb(g, squeeze(g, r));
	g->r[g->n++] = r;
}

void region_add_all(struct region *g, const struct region *from) {
	for (unsigned i = 0; i < from->n; i++)
		region_add(g, from->r[i]);
}

void region_clip(struct region *g, struct size size) {
	struct rect whole = {0, 0, size.w, size.h};

	for (unsigned i = 0; i < g->n;) {
		g->r[i] = rect_intersect(g->r[i], whole);
		if (rect_empty(g->r[i]))
			remove_at(g, i);
		else
			i++;
	}
}
