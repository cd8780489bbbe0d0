/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's pixels: its pages are attached to the X server (MIT-SHM by descriptor, read-only) and
 * put into the content windows. Damage is merged; a window has at most one put under way, and what
 * comes meanwhile waits for its completion.
 */
#include "gui-daemon/x11-private.h"

#include <fcntl.h>

static void mark_dirty(struct xwin *w) {
	if (w->dirty || w->damage.count == 0)
		return;
	w->dirty = true;
	g_ptr_array_add(w->in->dirty, w);
}

static void release(struct x11 *v, struct ximage *image) {
	if (image->segment)
		xcb_shm_detach(v->c, image->segment);
	*image = (struct ximage){0};
}

static void on_attached(struct x11 *v, uint32_t id, void *reply, const xcb_generic_error_t *error) {
	struct xwin *w = x11_by_id(v, id);

	/* The server refused: the window has no image. Its segment's number was never used. */
	if (error && w && w->image.segment && (uint32_t)error->resource_id == w->image.segment)
		w->image.segment = 0;
}

static void on_synced(struct x11 *v, uint32_t id, void *reply, const xcb_generic_error_t *error) {
	v->on->on_imaged(v->data, id);
}

/* Answered when everything before it is done; the cheapest request with an answer. */
static void answer_when_done(struct x11 *v, uint32_t id, x11_answer answer) {
	x11_await(v, xcb_get_input_focus_unchecked(v->c).sequence, id, answer);
}

static void attach(struct xwin *w, struct size size, int fd, uint32_t page) {
	struct x11 *v = w->in;
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* sending closes it */

	if (own < 0)
		return;
	w->image.segment = xcb_generate_id(v->c);
	w->image.offset = page * GUI_PAGE;
	w->image.size = size;
	x11_await(v, xcb_shm_attach_fd_checked(v->c, w->image.segment, own, 1).sequence, w->id,
		on_attached);
}

/* What an older, larger image left outside the new one goes back to the label's colour. */
static void clear_outside(struct xwin *w, struct size size) {
	if (size.w < w->at.w)
		xcb_clear_area(w->in->c, 0, w->content, (int16_t)size.w, 0, 0, 0);
	if (size.h < w->at.h)
		xcb_clear_area(w->in->c, 0, w->content, 0, (int16_t)size.h, 0, 0);
}

void x11_view_image(struct x11 *v, uint32_t id, struct size size, int fd, uint32_t page) {
	struct xwin *w = x11_by_id(v, id);

	if (w) {
		release(v, &w->image);
		if (fd >= 0) {
			attach(w, size, fd, page);
			clear_outside(w, size);
		}
	}
	answer_when_done(v, id, on_synced);
}

void x11_image_drop(struct xwin *w) {
	release(w->in, &w->image);
	w->damage.count = 0;
}

void x11_view_drop_image(struct x11 *v, uint32_t id) {
	struct xwin *w = x11_by_id(v, id);

	if (w)
		x11_image_drop(w);
}

/* The window's own image, or its part of the screen window's; `ret_from` is where in the image the
 * content's corner lies. */
static const struct ximage *source_of(const struct xwin *w, struct point *ret_from) {
	const struct xwin *screen = x11_by_id(w->in, GUI_WINDOW_SCREEN);

	*ret_from = (struct point){0, 0};
	if (w->image.segment || !screen || !screen->image.segment)
		return &w->image;
	*ret_from = (struct point){w->at.x, w->at.y};
	return &screen->image;
}

/* The part of an area that the image has and the content shows. */
static struct rect clip(const struct xwin *w, struct rect area) {
	struct point from;
	const struct ximage *image = source_of(w, &from);
	struct rect has = {-from.x, -from.y, image->size.w, image->size.h};

	area = rect_intersect(area, (struct rect){0, 0, w->at.w, w->at.h});
	return rect_intersect(area, has);
}

static void put(struct xwin *w, struct rect r, bool last) {
	struct x11 *v = w->in;
	struct point from;
	const struct ximage *image = source_of(w, &from);
	uint32_t x = (uint32_t)(r.x + from.x), y = (uint32_t)(r.y + from.y);

	xcb_shm_put_image(v->c, w->content, v->gc, (uint16_t)image->size.w, (uint16_t)image->size.h,
		(uint16_t)x, (uint16_t)y, (uint16_t)r.w, (uint16_t)r.h, (int16_t)r.x, (int16_t)r.y,
		v->screen->root_depth, XCB_IMAGE_FORMAT_Z_PIXMAP, last, image->segment,
		image->offset);
}

static void paint(struct xwin *w) {
	struct rect r[DAMAGE_MAX];
	unsigned count = 0;
	struct point from;

	if (source_of(w, &from)->segment) {
		for (unsigned i = 0; i < w->damage.count; i++) {
			r[count] = clip(w, w->damage.r[i]);
			count += !rect_empty(r[count]);
		}
	}
	w->damage.count = 0;
	for (unsigned i = 0; i < count; i++)
		put(w, r[i], i + 1 == count);
	w->putting = count > 0;
}

void x11_image_paint_dirty(struct x11 *v) {
	for (guint i = 0; i < v->dirty->len; i++) {
		struct xwin *w = g_ptr_array_index(v->dirty, i);

		w->dirty = false;
		if (!w->putting)
			paint(w);
	}
	g_ptr_array_set_size(v->dirty, 0);
}

void x11_view_paint(struct x11 *v, uint32_t id, struct rect area) {
	struct xwin *w = x11_by_id(v, id);

	if (!w)
		return;
	damage_add(&w->damage, area);
	mark_dirty(w);
}

void x11_image_expose(struct xwin *w, struct rect area) {
	struct point from;

	if (!source_of(w, &from)->segment)
		return;
	damage_add(&w->damage, area);
	mark_dirty(w);
}

void x11_image_completed(struct x11 *v, xcb_window_t content) {
	struct xwin *w = x11_by_xid(v, content);

	if (!w)
		return;
	w->putting = false;
	mark_dirty(w);
	v->on->on_painted(v->data, w->id);
}
