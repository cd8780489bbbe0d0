/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of every window (architecture 2, rule 8 and the geometry contract).
 *
 *   outer    ours; its background is the label's colour and pattern; the only window that a window
 *            manager or tray ever sees
 *   content  a child, inset by the frame's width: the only place where a domain's pixels go
 *   right    children above the content with the same background. The X server itself keeps them at
 *   bottom   the outer window's edges (window gravity) whoever resizes it, so that not even in
 *            the moment before we fit the content it can cover the frame.
 *
 * No other file creates or moves these parts.
 */
#include "gui-daemon/x11-private.h"

#define BAR_LENGTH 32767 /* longer than any window: never has to grow */

static uint32_t pixel(const struct x11 *v, uint32_t rgb) {
	return v->screen->root_depth == 32 ? rgb | 0xff000000 : rgb;
}

/* The label's pattern in two colours. */
static xcb_pixmap_t make_tile(struct x11 *v, uint32_t ground, uint32_t mark) {
	xcb_rectangle_t all = {0, 0, LABEL_TILE, LABEL_TILE};
	uint32_t colours[] = {pixel(v, ground), pixel(v, mark)};
	xcb_pixmap_t tile = xcb_generate_id(v->c);

	xcb_create_pixmap(
		v->c, v->screen->root_depth, tile, v->screen->root, LABEL_TILE, LABEL_TILE);
	xcb_change_gc(v->c, v->gc, XCB_GC_FOREGROUND, &colours[0]);
	xcb_poly_fill_rectangle(v->c, tile, v->gc, 1, &all);
	xcb_change_gc(v->c, v->gc, XCB_GC_FOREGROUND, &colours[1]);
	for (int16_t y = 0; y < LABEL_TILE; y++) {
		for (int16_t x = 0; x < LABEL_TILE; x++) {
			xcb_rectangle_t dot = {x, y, 1, 1};

			if (label_pattern_mark(v->config.label.pattern, (unsigned)x, (unsigned)y))
				xcb_poly_fill_rectangle(v->c, tile, v->gc, 1, &dot);
		}
	}
	return tile;
}

void x11_frame_init(struct x11 *v) {
	uint32_t no_exposures = 0, rgb = v->config.label.rgb;

	v->gc = xcb_generate_id(v->c);
	xcb_create_gc(v->c, v->gc, v->screen->root, XCB_GC_GRAPHICS_EXPOSURES, &no_exposures);
	v->tile = make_tile(v, rgb, label_mark_rgb(rgb));
}

xcb_pixmap_t x11_frame_negative(struct x11 *v) {
	uint32_t rgb = v->config.label.rgb;

	return make_tile(v, label_mark_rgb(rgb), rgb);
}

static xcb_window_t part(
	struct xwin *w, xcb_window_t parent, struct rect r, uint32_t mask, const void *values) {
	struct x11 *v = w->in;
	xcb_window_t id = xcb_generate_id(v->c);

	xcb_create_window(v->c, XCB_COPY_FROM_PARENT, id, parent, (int16_t)r.x, (int16_t)r.y,
		(uint16_t)r.w, (uint16_t)r.h, 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
		XCB_COPY_FROM_PARENT, mask, values);
	return id;
}

static xcb_window_t build_outer(struct xwin *w) {
	struct x11 *v = w->in;
	uint32_t values[] = {v->tile, XCB_GRAVITY_NORTH_WEST, w->override_redirect,
		XCB_EVENT_MASK_KEY_PRESS | XCB_EVENT_MASK_KEY_RELEASE |
			XCB_EVENT_MASK_FOCUS_CHANGE | XCB_EVENT_MASK_KEYMAP_STATE |
			XCB_EVENT_MASK_STRUCTURE_NOTIFY | XCB_EVENT_MASK_PROPERTY_CHANGE};

	return part(w, v->screen->root, place_outer(w->at, w->frame),
		XCB_CW_BACK_PIXMAP | XCB_CW_BIT_GRAVITY | XCB_CW_OVERRIDE_REDIRECT |
			XCB_CW_EVENT_MASK,
		values);
}

static xcb_window_t build_content(struct xwin *w) {
	struct x11 *v = w->in;
	uint32_t values[] = {pixel(v, v->config.label.rgb), XCB_GRAVITY_NORTH_WEST,
		XCB_EVENT_MASK_BUTTON_PRESS | XCB_EVENT_MASK_BUTTON_RELEASE |
			XCB_EVENT_MASK_POINTER_MOTION | XCB_EVENT_MASK_ENTER_WINDOW |
			XCB_EVENT_MASK_LEAVE_WINDOW | XCB_EVENT_MASK_KEYMAP_STATE |
			XCB_EVENT_MASK_EXPOSURE};
	struct rect r = {(int32_t)w->frame, (int32_t)w->frame, w->at.w, w->at.h};

	return part(
		w, w->outer, r, XCB_CW_BACK_PIXEL | XCB_CW_BIT_GRAVITY | XCB_CW_EVENT_MASK, values);
}

static xcb_window_t build_bar(struct xwin *w, struct rect r, uint32_t gravity) {
	uint32_t values[] = {w->in->tile, gravity};

	return part(w, w->outer, r, XCB_CW_BACK_PIXMAP | XCB_CW_WIN_GRAVITY, values);
}

static struct rect right_bar(const struct xwin *w) {
	return (struct rect){(int32_t)(w->outer_size.w - w->frame), 0, w->frame, BAR_LENGTH};
}

static struct rect bottom_bar(const struct xwin *w) {
	return (struct rect){0, (int32_t)(w->outer_size.h - w->frame), BAR_LENGTH, w->frame};
}

void x11_frame_build(struct xwin *w) {
	struct x11 *v = w->in;

	w->outer_size = (struct size){w->at.w + 2 * w->frame, w->at.h + 2 * w->frame};
	w->parent = v->screen->root;
	w->outer = build_outer(w);
	w->content = build_content(w);
	w->right = build_bar(w, right_bar(w), XCB_GRAVITY_NORTH_EAST);
	w->bottom = build_bar(w, bottom_bar(w), XCB_GRAVITY_SOUTH_WEST);
	xcb_map_subwindows(v->c, w->outer);
	g_hash_table_insert(v->by_xid, GUINT_TO_POINTER(w->outer), w);
	g_hash_table_insert(v->by_xid, GUINT_TO_POINTER(w->content), w);
}

void x11_frame_raze(struct xwin *w) {
	struct x11 *v = w->in;

	g_hash_table_remove(v->by_xid, GUINT_TO_POINTER(w->outer));
	g_hash_table_remove(v->by_xid, GUINT_TO_POINTER(w->content));
	xcb_destroy_window(v->c, w->outer);
	w->outer = w->content = w->right = w->bottom = XCB_NONE;
}

void x11_frame_fit(struct xwin *w, struct size outer) {
	struct rect r = place_content((struct rect){0, 0, outer.w, outer.h}, w->frame);
	uint32_t values[] = {r.w, r.h};

	w->outer_size = outer;
	if (r.w == w->at.w && r.h == w->at.h)
		return;
	w->at.w = r.w;
	w->at.h = r.h;
	xcb_configure_window(
		w->in->c, w->content, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, values);
}

static void configure(struct xwin *w, xcb_window_t part_of, struct rect r) {
	uint32_t values[] = {(uint32_t)r.x, (uint32_t)r.y, r.w, r.h};

	xcb_configure_window(w->in->c, part_of,
		XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
			XCB_CONFIG_WINDOW_HEIGHT,
		values);
}

/* The outer window keeps its size. */
void x11_frame_set_width(struct xwin *w, uint32_t frame) {
	struct rect outer = {0, 0, w->outer_size.w, w->outer_size.h}, inner;

	if (w->frame == frame)
		return;
	w->frame = frame;
	inner = place_content(outer, frame);
	w->at.w = inner.w;
	w->at.h = inner.h;
	configure(w, w->content, inner);
	configure(w, w->right, right_bar(w));
	configure(w, w->bottom, bottom_bar(w));
}

void x11_frame_show(struct xwin *w, xcb_pixmap_t tile) {
	const xcb_window_t parts[] = {w->outer, w->right, w->bottom};

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		xcb_change_window_attributes(w->in->c, parts[i], XCB_CW_BACK_PIXMAP, &tile);
		xcb_clear_area(w->in->c, 0, parts[i], 0, 0, 0, 0);
	}
}
