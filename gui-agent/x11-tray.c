/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain's system tray (freedesktop system tray and XEMBED): every icon gets an embedder of its
 * own, a top-level that is announced as docked. Size and place are the daemon's.
 */
#include "gui-agent/x11-display.h"

#define TRAY_REQUEST_DOCK      0
#define XEMBED_EMBEDDED_NOTIFY 0
#define XEMBED_VERSION         0
#define ICON_SIZE              24

bool x11_tray_owns(struct x11 *x, uint32_t window) {
	return x->icons && g_hash_table_contains(x->icons, GUINT_TO_POINTER(window));
}

static uint32_t embedder_of(struct x11 *x, uint32_t icon) {
	GHashTableIter iter;
	gpointer embedder, value;

	g_hash_table_iter_init(&iter, x->icons);
	while (g_hash_table_iter_next(&iter, &embedder, &value)) {
		if (GPOINTER_TO_UINT(value) == icon)
			return GPOINTER_TO_UINT(embedder);
	}
	return XCB_NONE;
}

static xcb_window_t make_embedder(struct x11 *x) {
	uint32_t values[] = {x->screen->black_pixel, 1,
		XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT};
	xcb_window_t id = xcb_generate_id(x->c);

	xcb_create_window(x->c, XCB_COPY_FROM_PARENT, id, x->root, 0, 0, ICON_SIZE, ICON_SIZE, 0,
		XCB_WINDOW_CLASS_INPUT_OUTPUT, XCB_COPY_FROM_PARENT,
		XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK, values);
	return id;
}

static void announce(struct x11 *x, xcb_window_t id) {
	struct window *w = windows_add(
		x->windows, id, (struct rect){0, 0, ICON_SIZE, ICON_SIZE}, false);

	w->x = g_new0(struct xwin, 1);
	w->x->icon = true;
	w->x->depth = x->screen->root_depth;
	w->docked = true;
	x11_image_mapped(x, w);
}

static void dock(struct x11 *x, xcb_window_t icon) {
	uint32_t size[] = {0, 0, ICON_SIZE, ICON_SIZE, 0};
	xcb_window_t embedder;

	if (embedder_of(x, icon))
		return;
	embedder = make_embedder(x);
	g_hash_table_insert(x->icons, GUINT_TO_POINTER(embedder), GUINT_TO_POINTER(icon));
	xcb_reparent_window(x->c, icon, embedder, 0, 0);
	xcb_configure_window(x->c, icon,
		XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
			XCB_CONFIG_WINDOW_HEIGHT | XCB_CONFIG_WINDOW_BORDER_WIDTH,
		size);
	x11_send(x, icon, XCB_EVENT_MASK_NO_EVENT, icon, X11__XEMBED,
		(uint32_t[5]){
			XCB_CURRENT_TIME, XEMBED_EMBEDDED_NOTIFY, 0, embedder, XEMBED_VERSION});
	xcb_map_window(x->c, icon);
	xcb_map_window(x->c, embedder);
	announce(x, embedder);
}

static void undock(struct x11 *x, uint32_t embedder) {
	struct window *w = windows_find(x->windows, embedder);

	g_hash_table_remove(x->icons, GUINT_TO_POINTER(embedder));
	if (w)
		windows_remove(x->windows, w);
	xcb_destroy_window(x->c, embedder);
}

void x11_tray_configured(struct x11 *x, struct window *w) {
	uint32_t icon = GPOINTER_TO_UINT(g_hash_table_lookup(x->icons, GUINT_TO_POINTER(w->id)));
	uint32_t size[] = {w->at.w, w->at.h};

	if (icon)
		xcb_configure_window(
			x->c, icon, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT, size);
}

static bool on_icon_gone(struct x11 *x, uint32_t icon, uint32_t now_in) {
	uint32_t embedder = embedder_of(x, icon);

	if (!embedder)
		return false;
	if (embedder != now_in)
		undock(x, embedder);
	return now_in != x->root; /* else it is a top-level again */
}

/* An icon wishes a size: the tray's is told, and nothing else about it is of interest. */
static bool on_wish(struct x11 *x, const xcb_configure_request_event_t *e) {
	struct window *w = windows_find(x->windows, e->parent);

	if (!x11_tray_owns(x, e->parent))
		return false;
	if (w)
		x11_tray_configured(x, w);
	return true;
}

static bool on_message(struct x11 *x, const xcb_client_message_event_t *e) {
	if (e->type != x->atoms[X11__NET_SYSTEM_TRAY_OPCODE] || e->format != 32)
		return false;
	if (e->data.data32[1] == TRAY_REQUEST_DOCK && e->data.data32[2] != XCB_NONE)
		dock(x, e->data.data32[2]);
	return true;
}

static bool on_map_request(struct x11 *x, const xcb_map_request_event_t *e) {
	if (!x11_tray_owns(x, e->parent))
		return false;
	xcb_map_window(x->c, e->window);
	return true;
}

bool x11_tray_event(struct x11 *x, const xcb_generic_event_t *e) {
	const xcb_reparent_notify_event_t *reparent = (const void *)e;

	switch (x11_type(e)) {
	case XCB_CLIENT_MESSAGE:
		return on_message(x, (const void *)e);
	case XCB_CONFIGURE_REQUEST:
		return on_wish(x, (const void *)e);
	case XCB_MAP_REQUEST:
		return on_map_request(x, (const void *)e);
	case XCB_DESTROY_NOTIFY:
		return on_icon_gone(x, ((const xcb_destroy_notify_event_t *)e)->window, XCB_NONE);
	case XCB_REPARENT_NOTIFY:
		return reparent->event != x->root &&
		       on_icon_gone(x, reparent->window, reparent->parent);
	default:
		return false;
	}
}

void x11_tray_start(struct x11 *x) {
	uint32_t horizontal = 0, visual = x->screen->root_visual;
	uint32_t data[5] = {XCB_CURRENT_TIME, x->atoms[X11__NET_SYSTEM_TRAY_S0], x->own};

	x->icons = g_hash_table_new(NULL, NULL);
	x11_set_words(
		x, x->own, X11__NET_SYSTEM_TRAY_ORIENTATION, XCB_ATOM_CARDINAL, &horizontal, 1);
	x11_set_words(x, x->own, X11__NET_SYSTEM_TRAY_VISUAL, XCB_ATOM_VISUALID, &visual, 1);
	xcb_set_selection_owner(x->c, x->own, x->atoms[X11__NET_SYSTEM_TRAY_S0], XCB_CURRENT_TIME);
	x11_send(x, x->root, XCB_EVENT_MASK_STRUCTURE_NOTIFY, x->root, X11_MANAGER, data);
}

void x11_tray_stop(struct x11 *x) {
	g_clear_pointer(&x->icons, g_hash_table_destroy);
}
