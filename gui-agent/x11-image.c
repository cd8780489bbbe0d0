/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window's pixels into pages shared with the daemon (gui-protocol 4.1, architecture 5).
 *
 * The pages are a shared pixmap of the domain's X server; what was drawn is copied there from the
 * window's composite pixmap by the server itself (CopyArea takes exact rectangles, where
 * ShmGetImage could only take whole rows), and the NoExposure event tells that it is done. At most
 * one copy is under way per window; what is drawn meanwhile is merged.
 *
 * Must never give pages back that the daemon may still read.
 */
#include "gui-agent/x11-display.h"
#include "vchan/pages.h"

#include <fcntl.h>

struct image {
	struct pages_share *share;
	struct size size;
	xcb_pixmap_t pixmap;
};

static struct image *image_free(struct x11 *x, struct image *i) {
	if (!i)
		return NULL;
	if (i->pixmap) {
		g_hash_table_remove(x->by_pixmap, GUINT_TO_POINTER(i->pixmap));
		xcb_free_pixmap(x->c, i->pixmap);
	}
	pages_share_free(i->share);
	g_free(i);
	return NULL;
}

/* Gives the pages to the X server as a pixmap. */
static int image_attach(struct x11 *x, struct window *w, struct image *i) {
	xcb_shm_seg_t segment = xcb_generate_id(x->c);
	int fd = fcntl(pages_share_fd(i->share), F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	i->pixmap = xcb_generate_id(x->c);
	xcb_shm_attach_fd(x->c, segment, fd, 0); /* closes fd */
	xcb_shm_create_pixmap(x->c, i->pixmap, x->root, (uint16_t)i->size.w, (uint16_t)i->size.h,
		w->x->depth, segment, 0);
	xcb_shm_detach(x->c, segment); /* the pixmap keeps it */
	g_hash_table_insert(x->by_pixmap, GUINT_TO_POINTER(i->pixmap), w);
	return 0;
}

static struct image *image_new(struct x11 *x, struct window *w) {
	struct image *i = g_new0(struct image, 1);
	uint64_t bytes = (uint64_t)w->at.w * w->at.h * 4;

	i->size = (struct size){w->at.w, w->at.h};
	if (pages_share_new(x->peer, (uint32_t)((bytes + GUI_PAGE - 1) / GUI_PAGE), &i->share) ||
		image_attach(x, w, i))
		return image_free(x, i);
	return i;
}

/* One GC for copies whose end is told by an event, one for the others. */
static xcb_gcontext_t gc_for(struct x11 *x, uint8_t depth, xcb_drawable_t d, bool tells) {
	xcb_gcontext_t *gc = &x->gc[depth == 32][tells];
	uint32_t exposures = tells;

	if (!*gc) {
		*gc = xcb_generate_id(x->c);
		xcb_create_gc(x->c, *gc, d, XCB_GC_GRAPHICS_EXPOSURES, &exposures);
	}
	return *gc;
}

static void copy(struct x11 *x, struct window *w, struct image *to, const struct region *what) {
	xcb_void_cookie_t cookie = xcb_damage_subtract(x->c, w->x->damage, XCB_NONE, XCB_NONE);

	w->x->copy_first = cookie.sequence;
	for (unsigned i = 0; i < what->n; i++) {
		struct rect r = what->r[i];
		xcb_gcontext_t gc = gc_for(x, w->x->depth, to->pixmap, i + 1 == what->n);

		cookie = xcb_copy_area(x->c, w->x->named, to->pixmap, gc, (int16_t)r.x,
			(int16_t)r.y, (int16_t)r.x, (int16_t)r.y, (uint16_t)r.w, (uint16_t)r.h);
	}
	w->x->copy_last = cookie.sequence;
	w->x->copied = *what;
	w->x->copying = true;
}

static void name_pixmap(struct x11 *x, struct window *w) {
	if (w->x->named)
		xcb_free_pixmap(x->c, w->x->named);
	w->x->named = xcb_generate_id(x->c);
	xcb_composite_name_window_pixmap(x->c, w->id, w->x->named);
}

static bool size_is(const struct image *i, const struct window *w) {
	return i && i->size.w == w->at.w && i->size.h == w->at.h;
}

/* Everything, into pages of the right size; a dump follows. */
static void copy_whole(struct x11 *x, struct window *w) {
	struct image *to = size_is(w->image, w) ? w->image : w->x->next;

	if (!size_is(to, w)) {
		image_free(x, to);
		to = w->x->next = image_new(x, w);
	}
	w->x->whole = false;
	if (!to) {
		w->x->stuck = true;
		g_warning("window 0x%x: no pages for %ux%u", w->id, w->at.w, w->at.h);
		return;
	}
	name_pixmap(x, w);
	region_clear(&w->damage);
	w->x->copying_whole = true;
	copy(x, w, to, &(struct region){1, {{0, 0, w->at.w, w->at.h}}});
	w->x->whole_seq = w->x->copy_first;
}

void x11_image_pump(struct x11 *x, struct window *w) {
	struct xwin *xw = w->x;

	if (!x->connected || !xw || !xw->viewable || xw->copying || xw->stuck || w->dump_due)
		return;
	if (w->gone || (!w->mapped && !w->docked))
		return;
	if (xw->whole || !size_is(w->image, w)) {
		if (w->dumps_open == 0)
			copy_whole(x, w);
		return;
	}
	if (region_empty(&w->damage) || w->frame_open || !region_empty(&w->ready))
		return;
	region_clip(&w->damage, w->image->size);
	if (!region_empty(&w->damage))
		copy(x, w, w->image, &w->damage);
	region_clear(&w->damage);
}

static void publish(const struct image *i, const struct region *what) {
	size_t stride = (size_t)i->size.w * 4;

	for (unsigned n = 0; n < what->n; n++)
		pages_share_publish(i->share, what->r[n].y * stride, what->r[n].h * stride);
}

static void copy_done(struct x11 *x, struct window *w) {
	struct xwin *xw = w->x;
	bool whole = xw->copying_whole;

	xw->copying = xw->copying_whole = false;
	if (whole && xw->next) {
		xw->old = w->image;
		w->image = TAKE(xw->next);
	}
	publish(w->image, &xw->copied);
	if (!xw->viewable)
		return;
	if (whole) {
		w->dump_due = true;
		region_clear(&w->ready);
	}
	region_add_all(&w->ready, &xw->copied);
}

struct pages_share *x11_image_dump(struct x11 *x, struct window *w, struct size *ret) {
	struct image *old = TAKE(w->x->old);

	if (x->dump_ack) {
		g_queue_push_tail(&w->x->retired, old);
	} else {
		image_free(x, old);
		w->dumps_open = 0;
	}
	*ret = w->image->size;
	return w->image->share;
}

void x11_image_acked(struct x11 *x, struct window *w) {
	if (!w->x || w->dumps_open == 0)
		return;
	w->dumps_open--;
	image_free(x, g_queue_pop_head(&w->x->retired));
}

/* All pages of a window; only when the daemon does not know them any more. */
static void drop_images(struct x11 *x, struct window *w) {
	struct xwin *xw = w->x;

	while (!g_queue_is_empty(&xw->retired))
		image_free(x, g_queue_pop_head(&xw->retired));
	xw->old = image_free(x, xw->old);
	xw->next = image_free(x, xw->next);
	w->image = image_free(x, w->image);
	w->dump_due = false;
	w->dumps_open = 0;
	xw->copying = xw->copying_whole = xw->stuck = false;
	xw->whole = true;
	region_clear(&w->ready);
}

static void drop_one(void *user, struct window *w) {
	if (w->x)
		drop_images(user, w);
}

void x11_image_connected(struct x11 *x, bool connected, bool dump_ack) {
	x->connected = connected;
	x->dump_ack = dump_ack;
	if (!connected)
		windows_each(x->windows, drop_one, x);
}

void x11_image_mapped(struct x11 *x, struct window *w) {
	w->x->viewable = w->x->whole = true;
	w->x->stuck = false;
	if (!w->x->damage) {
		w->x->damage = xcb_generate_id(x->c);
		xcb_damage_create(
			x->c, w->x->damage, w->id, XCB_DAMAGE_REPORT_LEVEL_DELTA_RECTANGLES);
	}
}

void x11_image_unmapped(struct x11 *x, struct window *w) {
	w->x->viewable = false;
	region_clear(&w->damage);
	if (w->x->named)
		xcb_free_pixmap(x->c, w->x->named);
	w->x->named = XCB_NONE;
}

void x11_image_forget(struct x11 *x, struct window *w) {
	if (!w->x)
		return;
	drop_images(x, w);
	x11_image_unmapped(x, w);
}

static void find_failed(void *user, struct window *w) {
	unsigned sequence = *(unsigned *)user;

	if (!w->x || !w->x->copying || x11_before(sequence, w->x->copy_first) ||
		x11_before(w->x->copy_last, sequence))
		return;
	/* The window went or changed its size just then; the event that says so is to come. */
	w->x->copying = w->x->copying_whole = false;
	w->x->stuck = w->x->whole = true;
}

void x11_image_error(struct x11 *x, unsigned sequence) {
	windows_each(x->windows, find_failed, &sequence);
}

static void on_copied(struct x11 *x, xcb_drawable_t pixmap) {
	struct window *w = g_hash_table_lookup(x->by_pixmap, GUINT_TO_POINTER(pixmap));

	if (!w || !w->x->copying)
		return;
	copy_done(x, w);
	window_touch(w);
}

static void on_damage(struct x11 *x, const xcb_damage_notify_event_t *e, unsigned sequence) {
	struct window *w = windows_find(x->windows, e->drawable);

	/* What was drawn before a whole copy is in it. */
	if (w && w->x && x->connected && !x11_before(sequence, w->x->whole_seq))
		region_add(&w->damage,
			(struct rect){e->area.x, e->area.y, e->area.width, e->area.height});
}

bool x11_image_event(struct x11 *x, const xcb_generic_event_t *e) {
	const xcb_graphics_exposure_event_t *exposure = (const void *)e;

	switch (x11_type(e)) {
	case XCB_NO_EXPOSURE:
		on_copied(x, ((const xcb_no_exposure_event_t *)e)->drawable);
		return true;
	case XCB_GRAPHICS_EXPOSURE:
		if (exposure->count == 0)
			on_copied(x, exposure->drawable);
		return true;
	default:
		if (x11_type(e) != x->damage_event + XCB_DAMAGE_NOTIFY)
			return false;
		on_damage(x, (const xcb_damage_notify_event_t *)e, e->full_sequence);
		return true;
	}
}

void x11_image_start(struct x11 *x) {
	x->by_pixmap = g_hash_table_new(NULL, NULL);
	xcb_composite_redirect_subwindows(x->c, x->root, XCB_COMPOSITE_REDIRECT_MANUAL);
}
