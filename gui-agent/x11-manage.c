/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The window manager that a domain's programs expect (ICCCM 4, EWMH), without any decoration: life
 * and place of top-levels, and what the daemon wants of them. Must never wait for a client.
 */
#include "gui-agent/x11-display.h"

#include <errno.h>

#define ICCCM_WITHDRAWN 0
#define ICCCM_NORMAL    1
#define ICCCM_ICONIC    3

static void set_wm_state(struct x11 *x, struct window *w, uint32_t state) {
	uint32_t words[2] = {state, XCB_NONE};

	x11_set_words(x, w->id, X11_WM_STATE, x->atoms[X11_WM_STATE], words, 2);
}

void x11_manage_state(struct x11 *x, struct window *w) {
	uint32_t words[3], n = 0;

	if (w->flags & GUI_FLAG_FULLSCREEN)
		words[n++] = x->atoms[X11__NET_WM_STATE_FULLSCREEN];
	if (w->flags & GUI_FLAG_ATTENTION)
		words[n++] = x->atoms[X11__NET_WM_STATE_DEMANDS_ATTENTION];
	if (w->flags & GUI_FLAG_MINIMIZE)
		words[n++] = x->atoms[X11__NET_WM_STATE_HIDDEN];
	x11_set_words(x, w->id, X11__NET_WM_STATE, XCB_ATOM_ATOM, words, n);
	set_wm_state(x, w, w->flags & GUI_FLAG_MINIMIZE ? ICCCM_ICONIC : ICCCM_NORMAL);
}

static void place(struct x11 *x, struct window *w, struct rect at) {
	uint32_t values[] = {(uint32_t)at.x, (uint32_t)at.y, at.w, at.h, 0};
	xcb_void_cookie_t cookie = xcb_configure_window(x->c, w->id,
		XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
			XCB_CONFIG_WINDOW_HEIGHT | XCB_CONFIG_WINDOW_BORDER_WIDTH,
		values);

	w->at = at;
	w->x->configure_seq = cookie.sequence;
	w->x->stuck = false;
}

/* ICCCM 4.1.5: a client whose wish changed nothing is told so. */
static void notify_place(struct x11 *x, struct window *w) {
	xcb_configure_notify_event_t e = {.response_type = XCB_CONFIGURE_NOTIFY};

	e.event = e.window = w->id;
	e.x = (int16_t)w->at.x;
	e.y = (int16_t)w->at.y;
	e.width = (uint16_t)w->at.w;
	e.height = (uint16_t)w->at.h;
	xcb_send_event(x->c, 0, w->id, XCB_EVENT_MASK_STRUCTURE_NOTIFY, (const char *)&e);
}

static void client_add(struct x11 *x, struct window *w) {
	for (guint i = 0; i < x->clients->len; i++) {
		if (g_array_index(x->clients, uint32_t, i) == w->id)
			return;
	}
	g_array_append_val(x->clients, w->id);
	x11_root_clients(x);
}

static void client_remove(struct x11 *x, uint32_t id) {
	for (guint i = 0; i < x->clients->len; i++) {
		if (g_array_index(x->clients, uint32_t, i) != id)
			continue;
		g_array_remove_index(x->clients, i);
		x11_root_clients(x);
		return;
	}
}

/* Mapped in the X server and everything known that must be told first. */
static void show(struct x11 *x, struct window *w) {
	if (!w->x->map_seen || w->x->replies_open > 0 || w->mapped)
		return;
	w->mapped = true;
	x11_image_mapped(x, w);
	x11_input_mapped(x);
	if (!w->override_redirect)
		client_add(x, w);
}

void x11_manage_answered(struct x11 *x, struct window *w) {
	w->x->replies_open--;
	show(x, w);
}

static void ask_properties(struct x11 *x, struct window *w) {
	if (w->x->props_asked)
		return;
	w->x->props_asked = true;
	x11_props_ask(x, w);
}

static void on_attributes(struct x11 *x, uint32_t id, uint32_t arg, void *reply) {
	const xcb_get_window_attributes_reply_t *a = reply;
	struct window *w = windows_find(x->windows, id);

	if (!w || !w->x)
		return;
	if (!a || a->_class == XCB_WINDOW_CLASS_INPUT_ONLY) {
		if (a) /* else its DestroyNotify is to come */
			windows_remove(x->windows, w);
		return;
	}
	w->override_redirect = a->override_redirect;
	if (a->map_state != XCB_MAP_STATE_UNMAPPED) {
		w->x->map_seen = true;
		ask_properties(x, w);
	}
	x11_manage_answered(x, w);
}

static void on_geometry(struct x11 *x, uint32_t id, uint32_t arg, void *reply) {
	const xcb_get_geometry_reply_t *g = reply;
	struct window *w = windows_find(x->windows, id);

	if (!w || !w->x || !g)
		return;
	w->x->depth = g->depth;
	w->at = window_bounded((struct rect){g->x, g->y, g->width, g->height});
	if (g->border_width)
		place(x, w, w->at);
	x11_manage_answered(x, w);
}

static void created(struct x11 *x, xcb_window_t id, struct rect at, bool override_redirect) {
	uint32_t mask = XCB_EVENT_MASK_PROPERTY_CHANGE;
	struct window *w;

	if (id == x->own || id == x->stub || x11_tray_owns(x, id))
		return;
	w = windows_add(x->windows, id, at, override_redirect);
	if (w->x)
		return;
	w->x = g_new0(struct xwin, 1);
	w->x->replies_open = 2;
	xcb_change_window_attributes(x->c, id, XCB_CW_EVENT_MASK, &mask);
	x11_await(x, xcb_get_window_attributes(x->c, id).sequence, on_attributes, id, 0);
	x11_await(x, xcb_get_geometry(x->c, id).sequence, on_geometry, id, 0);
}

static void destroyed(struct x11 *x, xcb_window_t id) {
	struct window *w = windows_find(x->windows, id);

	if (!w)
		return;
	client_remove(x, id);
	windows_remove(x->windows, w);
}

void x11_manage_forget(struct x11 *x, struct window *w) {
	if (x->focus == w->id && !windows_find(x->windows, w->id))
		x->focus = x->focus_wanted = 0;
}

static void on_map_request(struct x11 *x, const xcb_map_request_event_t *e) {
	struct window *w = windows_find(x->windows, e->window);
	static const uint32_t extents[4];

	if (w && w->x) {
		ask_properties(x, w);
		w->flags &= ~GUI_FLAG_MINIMIZE;
		set_wm_state(x, w, ICCCM_NORMAL);
		x11_set_words(x, w->id, X11__NET_FRAME_EXTENTS, XCB_ATOM_CARDINAL, extents, 4);
	}
	x11_input_will_map(x, e->window);
	xcb_map_window(x->c, e->window);
}

static void on_map(struct x11 *x, const xcb_map_notify_event_t *e) {
	struct window *w = windows_find(x->windows, e->window);

	if (!w || !w->x || w->x->icon)
		return;
	w->x->map_seen = true;
	w->override_redirect = e->override_redirect;
	ask_properties(x, w);
	show(x, w);
}

static void on_unmap(struct x11 *x, const xcb_unmap_notify_event_t *e) {
	struct window *w = windows_find(x->windows, e->window);

	if (!w || !w->x || w->x->icon)
		return;
	w->mapped = w->x->map_seen = false;
	w->x->props_asked = false;
	x11_image_unmapped(x, w);
	client_remove(x, w->id);
	if (w->override_redirect)
		return;
	w->flags = 0;
	set_wm_state(x, w, ICCCM_WITHDRAWN);
	xcb_delete_property(x->c, w->id, x->atoms[X11__NET_WM_STATE]);
}

static void on_configure(struct x11 *x, const xcb_configure_notify_event_t *e, unsigned sequence) {
	struct window *w = windows_find(x->windows, e->window);
	struct rect at = {e->x, e->y, e->width, e->height};

	if (e->window == x->root)
		x11_root_geometry(x, (struct size){e->width, e->height});
	if (!w || !w->x || w->x->icon || x11_before(sequence, w->x->configure_seq))
		return;
	w->at = window_bounded(at);
	w->x->stuck = false;
	if (e->border_width)
		place(x, w, w->at);
}

static struct rect wished(const struct window *w, const xcb_configure_request_event_t *e) {
	struct rect at = w->at;

	if (e->value_mask & XCB_CONFIG_WINDOW_X)
		at.x = e->x;
	if (e->value_mask & XCB_CONFIG_WINDOW_Y)
		at.y = e->y;
	if (e->value_mask & XCB_CONFIG_WINDOW_WIDTH)
		at.w = e->width;
	if (e->value_mask & XCB_CONFIG_WINDOW_HEIGHT)
		at.h = e->height;
	return window_bounded(at);
}

static void on_configure_request(struct x11 *x, const xcb_configure_request_event_t *e) {
	struct window *w = windows_find(x->windows, e->window);
	struct rect at;

	if (!w || !w->x)
		return;
	at = wished(w, e);
	if (w->flags & w->told_flags & GUI_FLAG_FULLSCREEN && w->mapped)
		at = w->at;
	if (rect_equal(at, w->at))
		notify_place(x, w);
	else
		place(x, w, at);
}

static uint32_t flag_of(struct x11 *x, uint32_t atom) {
	if (atom == x->atoms[X11__NET_WM_STATE_FULLSCREEN])
		return GUI_FLAG_FULLSCREEN;
	if (atom == x->atoms[X11__NET_WM_STATE_DEMANDS_ATTENTION])
		return GUI_FLAG_ATTENTION;
	return 0;
}

/* EWMH: data[0] is 0 remove, 1 add, 2 toggle; data[1] and [2] are states. The property follows when
 * the daemon says that it is so; without one, at once. */
static void on_state_wish(struct x11 *x, struct window *w, const uint32_t data[5]) {
	uint32_t flags = flag_of(x, data[1]) | flag_of(x, data[2]);
	uint32_t set = data[0] == 1 ? flags : data[0] == 2 ? flags & ~w->flags : 0;

	window_flags(w, set, data[0] <= 2 ? flags & ~set : 0);
	if (!x->connected)
		x11_manage_state(x, w);
}

static void on_message(struct x11 *x, const xcb_client_message_event_t *e) {
	struct window *w = windows_find(x->windows, e->window);
	static const uint32_t extents[4];

	if (e->format != 32)
		return;
	if (e->type == x->atoms[X11__NET_REQUEST_FRAME_EXTENTS])
		x11_set_words(x, e->window, X11__NET_FRAME_EXTENTS, XCB_ATOM_CARDINAL, extents, 4);
	if (!w || !w->x)
		return;
	if (e->type == x->atoms[X11__NET_WM_STATE])
		on_state_wish(x, w, e->data.data32);
	else if (e->type == x->atoms[X11_WM_CHANGE_STATE] && e->data.data32[0] == ICCCM_ICONIC)
		window_flags(w, GUI_FLAG_MINIMIZE, 0);
	else if (e->type == x->atoms[X11__NET_ACTIVE_WINDOW] && x->focus != w->id)
		window_flags(w, GUI_FLAG_ATTENTION, 0); /* it may ask, it may not take */
	else if (e->type == x->atoms[X11__NET_CLOSE_WINDOW])
		x11_close(x, w);
}

static void on_created(struct x11 *x, const xcb_create_notify_event_t *e) {
	if (e->parent == x->root)
		created(x, e->window, (struct rect){e->x, e->y, e->width, e->height},
			e->override_redirect);
}

static void on_reparented(struct x11 *x, const xcb_reparent_notify_event_t *e) {
	if (e->parent == x->root)
		created(x, e->window, (struct rect){e->x, e->y, 1, 1}, e->override_redirect);
	else if (e->event == x->root)
		destroyed(x, e->window);
}

static void on_property(struct x11 *x, const xcb_property_notify_event_t *e) {
	struct window *w = windows_find(x->windows, e->window);

	if (e->window == x->own && e->atom == x->atoms[X11__BULKHEAD_TIME])
		x11_focus_time(x, e->time);
	else if (w && w->x && w->x->props_asked)
		x11_props_changed(x, w, e->atom);
}

void x11_manage_event(struct x11 *x, const xcb_generic_event_t *e) {
	switch (x11_type(e)) {
	case XCB_CREATE_NOTIFY:
		on_created(x, (const void *)e);
		break;
	case XCB_DESTROY_NOTIFY:
		destroyed(x, ((const xcb_destroy_notify_event_t *)e)->window);
		break;
	case XCB_REPARENT_NOTIFY:
		on_reparented(x, (const void *)e);
		break;
	case XCB_MAP_REQUEST:
		on_map_request(x, (const void *)e);
		break;
	case XCB_MAP_NOTIFY:
		on_map(x, (const void *)e);
		break;
	case XCB_UNMAP_NOTIFY:
		on_unmap(x, (const void *)e);
		break;
	case XCB_CONFIGURE_NOTIFY:
		on_configure(x, (const void *)e, e->full_sequence);
		break;
	case XCB_CONFIGURE_REQUEST:
		on_configure_request(x, (const void *)e);
		break;
	case XCB_PROPERTY_NOTIFY:
		on_property(x, (const void *)e);
		break;
	case XCB_CLIENT_MESSAGE:
		on_message(x, (const void *)e);
		break;
	default:
		break;
	}
}

void x11_configure(struct x11 *x, struct window *w, struct rect at) {
	window_changed(w, WINDOW_CONFIGURE);
	if (!rect_equal(at, w->at))
		place(x, w, at);
	if (w->x->icon)
		x11_tray_configured(x, w);
}

void x11_map(struct x11 *x, struct window *w) {
	if (!w->gone)
		xcb_map_window(x->c, w->id);
}

void x11_close(struct x11 *x, struct window *w) {
	uint32_t data[5] = {x->atoms[X11_WM_DELETE_WINDOW], XCB_CURRENT_TIME};

	if (w->x->protocol_delete)
		x11_send(x, w->id, XCB_EVENT_MASK_NO_EVENT, w->id, X11_WM_PROTOCOLS, data);
	else
		xcb_kill_client(x->c, w->id);
}

void x11_flags(struct x11 *x, struct window *w, uint32_t set, uint32_t unset) {
	window_flags(w, set, unset);
	w->told_flags = (w->told_flags | set) & ~unset;
	if (w->mapped && !w->override_redirect)
		x11_manage_state(x, w);
}

int x11_manage_start(struct x11 *x, const char **ret_why) {
	AUTO(auto_free)
	void *reply = xcb_query_tree_reply(x->c, xcb_query_tree(x->c, x->root), NULL);
	const xcb_query_tree_reply_t *tree = reply;

	if (!tree) {
		*ret_why = "the X server closed the connection";
		return -ECONNRESET;
	}
	for (int i = 0; i < xcb_query_tree_children_length(tree); i++)
		created(x, xcb_query_tree_children(tree)[i], (struct rect){0, 0, 1, 1}, false);
	return 0;
}
