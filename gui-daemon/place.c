/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/place.h"

#include "proto/gui.h"

#include <stdlib.h>
#include <string.h>

static int32_t clamp(int64_t v, int64_t low, int64_t high) {
	if (v < low)
		return (int32_t)low;
	return (int32_t)(v > high ? high : v);
}

static uint32_t clamp_size(uint32_t v, uint32_t most) {
	if (v < 1)
		return 1;
	return v > most ? most : v;
}

#define DPI_ONE   96
#define SCALE_MAX 4

uint32_t place_frame(const char *resources, uint32_t logical) {
	static const char name[] = "Xft.dpi:";
	unsigned long dpi = DPI_ONE;
	uint32_t frame;

	for (const char *at = resources; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, sizeof(name) - 1))
			dpi = strtoul(at + sizeof(name) - 1, NULL, 10);
	}
	if (dpi < DPI_ONE)
		dpi = DPI_ONE;
	if (dpi > SCALE_MAX * DPI_ONE)
		dpi = SCALE_MAX * DPI_ONE;
	frame = (uint32_t)((logical * dpi + DPI_ONE / 2) / DPI_ONE);
	return frame < PLACE_FRAME_MIN ? PLACE_FRAME_MIN : frame;
}

struct rect place_outer(struct rect content, uint32_t frame) {
	return (struct rect){content.x - (int32_t)frame, content.y - (int32_t)frame,
		content.w + 2 * frame, content.h + 2 * frame};
}

struct rect place_content(struct rect outer, uint32_t frame) {
	return (struct rect){outer.x + (int32_t)frame, outer.y + (int32_t)frame,
		outer.w > 2 * frame ? outer.w - 2 * frame : 1,
		outer.h > 2 * frame ? outer.h - 2 * frame : 1};
}

struct rect place_clamp(struct rect content) {
	return (struct rect){clamp(content.x, -GUI_MAX_W, GUI_MAX_W),
		clamp(content.y, -GUI_MAX_H, GUI_MAX_H), clamp_size(content.w, GUI_MAX_W),
		clamp_size(content.h, GUI_MAX_H)};
}

static uint64_t area(struct rect r) {
	return (uint64_t)r.w * r.h;
}

/* How far a point lies outside an interval. */
static uint64_t gap(int64_t v, int64_t from, int64_t len) {
	if (v < from)
		return (uint64_t)(from - v);
	return v >= from + len ? (uint64_t)(v - (from + len) + 1) : 0;
}

static struct rect nearest(const struct place_screen *s, struct rect outer) {
	int64_t cx = (int64_t)outer.x + outer.w / 2, cy = (int64_t)outer.y + outer.h / 2;
	uint64_t best_area = 0, best_gap = UINT64_MAX;
	struct rect best = s->usable[0];

	for (uint32_t i = 0; i < s->count; i++) {
		struct rect m = s->usable[i];
		uint64_t shared = area(rect_intersect(outer, m));
		uint64_t far = gap(cx, m.x, m.w) + gap(cy, m.y, m.h);

		if (shared > best_area || (shared == best_area && far < best_gap)) {
			best_area = shared;
			best_gap = far;
			best = m;
		}
	}
	return best;
}

/* On the monitor that is nearest, and no larger than what is left there beside the spare. */
static struct rect place_whole(
	const struct place_screen *s, struct rect content, uint32_t frame, struct size spare) {
	struct rect outer = place_outer(place_clamp(content), frame);
	struct rect m = nearest(s, outer);
	uint32_t w = m.w > spare.w ? m.w - spare.w : m.w, h = m.h > spare.h ? m.h - spare.h : m.h;

	if (outer.w > w)
		outer.w = w;
	if (outer.h > h)
		outer.h = h;
	outer.x = clamp(outer.x, m.x, (int64_t)m.x + m.w - outer.w);
	outer.y = clamp(outer.y, m.y, (int64_t)m.y + m.h - outer.h);
	return place_content(outer, frame);
}

struct rect place_popup(const struct place_screen *s, struct rect content, uint32_t frame) {
	return place_whole(s, content, frame, (struct size){0, 0});
}

static struct size manager_spare(uint32_t frame) {
	return (struct size){PLACE_MANAGER_WIDTH * frame, PLACE_MANAGER_HEIGHT * frame};
}

struct rect place_managed(const struct place_screen *s, struct rect content, uint32_t frame) {
	return place_whole(s, content, frame, manager_spare(frame));
}

struct size place_managed_most(const struct place_screen *s, uint32_t frame) {
	struct size most = {1, 1};

	for (uint32_t i = 0; i < s->count; i++) {
		struct rect r = s->usable[i];

		r.w = r.h = UINT16_MAX;
		r = place_whole(
			&(struct place_screen){1, {s->usable[i]}}, r, frame, manager_spare(frame));
		most.w = r.w > most.w ? r.w : most.w;
		most.h = r.h > most.h ? r.h : most.h;
	}
	return most;
}

void place_cover_add(const struct place_screen *s, struct rect outer, struct place_cover *cover) {
	for (uint32_t i = 0; i < s->count; i++)
		cover->area[i] += area(rect_intersect(outer, s->usable[i]));
}

bool place_covers_too_much(const struct place_screen *s, const struct place_cover *cover) {
	for (uint32_t i = 0; i < s->count; i++)
		if (cover->area[i] * 100 > area(s->usable[i]) * PLACE_POPUP_PERCENT)
			return true;
	return false;
}
