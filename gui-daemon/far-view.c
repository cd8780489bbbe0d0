/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The screen lives in another process: what view.h orders becomes messages. Pages stay mapped here
 * as long as they are a window's image; where the transport copies them (Xen), what is painted is
 * copied before the order to paint it leaves.
 */
#include "gui-daemon/far-view.h"

#include "gui-daemon/channel.h"
#include "vchan/pages.h"

#include <glib.h>

#define PAGE 4096u

struct pane {
	struct rect at;
	struct size size;
	struct pages_view *pages; /* NULL: no image */
};

struct view {
	struct channel *channel;
	GHashTable *panes; /* by the domain's number */
};

static void pane_free(void *data) {
	struct pane *p = data;

	pages_view_free(p->pages);
	g_free(p);
}

struct view *far_view_new(struct channel *channel) {
	struct view *v = g_new0(struct view, 1);

	v->channel = channel;
	v->panes = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, pane_free);
	return v;
}

struct view *far_view_free(struct view *v) {
	if (!v)
		return NULL;
	g_hash_table_destroy(v->panes);
	g_free(v);
	return NULL;
}

static struct pane *pane_of(const struct view *v, uint32_t window) {
	return g_hash_table_lookup(v->panes, GUINT_TO_POINTER(window));
}

void far_view_order(struct view *v, const struct view_order *o, int fd) {
	uint8_t bytes[VIEW_PACKET_MAX];

	channel_put(v->channel, bytes, view_encode_order(o, bytes, sizeof(bytes)), fd);
}

static void order(struct view *v, enum view_type type, uint32_t window) {
	struct view_order o = {.type = type, .window = window};

	far_view_order(v, &o, -1);
}

static void set_place(struct view *v, uint32_t window, struct rect content) {
	struct pane *p = pane_of(v, window);

	if (p)
		p->at = content;
}

void far_view_placed(struct view *v, uint32_t window, struct rect content) {
	set_place(v, window, content);
}

void view_create(struct view *v, uint32_t window, struct rect content, bool popup) {
	struct view_order o = {.type = VIEW_CREATE, .window = window, .create = {content, popup}};
	struct pane *p = g_new0(struct pane, 1);

	p->at = content;
	g_hash_table_replace(v->panes, GUINT_TO_POINTER(window), p);
	far_view_order(v, &o, -1);
}

void view_destroy(struct view *v, uint32_t window) {
	g_hash_table_remove(v->panes, GUINT_TO_POINTER(window));
	order(v, VIEW_DESTROY, window);
}

void view_map(struct view *v, uint32_t window, const struct view_map *map) {
	struct view_order o = {.type = VIEW_MAP, .window = window, .map = *map};

	far_view_order(v, &o, -1);
}

void view_unmap(struct view *v, uint32_t window) {
	order(v, VIEW_UNMAP, window);
}

void view_place(struct view *v, uint32_t window, struct rect content) {
	struct view_order o = {.type = VIEW_PLACE, .window = window, .place = content};

	set_place(v, window, content);
	far_view_order(v, &o, -1);
}

void view_dock(struct view *v, uint32_t window) {
	order(v, VIEW_DOCK, window);
}

void view_title(struct view *v, uint32_t window, const char *text) {
	struct view_order o = {.type = VIEW_TITLE, .window = window};

	g_strlcpy(o.untrusted_title, text, sizeof(o.untrusted_title));
	far_view_order(v, &o, -1);
}

void view_class(struct view *v, uint32_t window, const char *class, const char *name) {
	struct view_order o = {.type = VIEW_CLASS, .window = window};

	g_strlcpy(o.class.untrusted_class, class, sizeof(o.class.untrusted_class));
	g_strlcpy(o.class.untrusted_name, name, sizeof(o.class.untrusted_name));
	far_view_order(v, &o, -1);
}

void view_hints(struct view *v, uint32_t window, const struct gui_hints *hints) {
	struct view_order o = {.type = VIEW_HINTS, .window = window, .hints = *hints};

	far_view_order(v, &o, -1);
}

void view_flags(struct view *v, uint32_t window, struct gui_flags flags) {
	struct view_order o = {.type = VIEW_FLAGS, .window = window, .flags = flags};

	far_view_order(v, &o, -1);
}

void view_cursor(struct view *v, uint32_t window, uint32_t glyph) {
	struct view_order o = {.type = VIEW_CURSOR, .window = window, .glyph = glyph};

	far_view_order(v, &o, -1);
}

void view_image(struct view *v, uint32_t window, struct size size, struct pages_view *pages) {
	struct view_order o = {.type = VIEW_IMAGE, .window = window, .image = {.size = size}};
	struct pane *p = pane_of(v, window);

	if (pages) {
		o.image.pages = true;
		o.image.page = (uint32_t)(pages_view_offset(pages) / PAGE);
	}
	far_view_order(v, &o, pages ? pages_view_fd(pages) : -1);
	if (!p) {
		pages_view_free(pages);
		return;
	}
	pages_view_free(p->pages);
	p->pages = pages;
	p->size = size;
}

void view_drop_image(struct view *v, uint32_t window) {
	struct pane *p = pane_of(v, window);

	if (p)
		p->pages = pages_view_free(p->pages);
	order(v, VIEW_DROP_IMAGE, window);
}

static void refresh_rows(struct pane *p, int64_t from, uint32_t count) {
	size_t stride = (size_t)p->size.w * 4;

	if (p->pages && from >= 0 && from < p->size.h)
		pages_view_refresh(p->pages, (size_t)from * stride,
			MIN(count, p->size.h - (uint32_t)from) * stride);
}

void view_paint(struct view *v, uint32_t window, struct rect area) {
	struct view_order o = {.type = VIEW_PAINT, .window = window, .area = area};
	struct pane *p = pane_of(v, window), *whole = pane_of(v, GUI_WINDOW_SCREEN);

	if (p && p->pages)
		refresh_rows(p, area.y, area.h);
	else if (p && whole)
		refresh_rows(whole, (int64_t)p->at.y + area.y, area.h);
	far_view_order(v, &o, -1);
}
