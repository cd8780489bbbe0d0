/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of windows on the screen: made, shown, moved, and what the X server says of them. */
#include "gui-daemon/x11-private.h"

void x11_view_create(struct x11 *v, uint32_t id, struct rect content, bool popup) {
	struct xwin *w;

	if (x11_by_id(v, id))
		return;
	w = g_new0(struct xwin, 1);
	w->in = v;
	w->id = id;
	w->at = content;
	w->popup = w->override_redirect = popup;
	w->frame = v->at.frame;
	g_hash_table_insert(v->by_id, GUINT_TO_POINTER(id), w);
	x11_frame_build(w);
	x11_props_set_fixed(w);
}

void x11_window_free(void *data) {
	struct xwin *w = data;
	struct x11 *v = w->in;

	x11_image_drop(w);
	if (w->dirty)
		g_ptr_array_remove_fast(v->dirty, w);
	if (v->focus == w)
		v->focus = NULL;
	if (v->flash.timer && v->flash.window == w->id)
		g_clear_handle_id(&v->flash.timer, g_source_remove);
	if (v->user_time_of == w)
		v->user_time_of = NULL;
	if (w->outer)
		x11_frame_raze(w);
	g_free(w->title);
	g_free(w->class);
	g_free(w);
}

static void on_gone(struct x11 *v, uint32_t id, void *reply, const xcb_generic_error_t *error) {
	v->on->on_destroyed(v->data, id);
}

void x11_view_destroy(struct x11 *v, uint32_t id) {
	g_hash_table_remove(v->by_id, GUINT_TO_POINTER(id));
	/* In order behind the answers to this window's images. */
	x11_await(v, xcb_get_input_focus_unchecked(v->c).sequence, id, on_gone);
}

static void set_override_redirect(struct xwin *w, bool on) {
	uint32_t value = on;

	if (w->override_redirect == on)
		return;
	w->override_redirect = on;
	xcb_change_window_attributes(w->in->c, w->outer, XCB_CW_OVERRIDE_REDIRECT, &value);
}

void x11_window_show(struct xwin *w) {
	if (w->shown || !w->wanted || w->in->hidden)
		return;
	set_override_redirect(w, w->popup);
	w->shown = true;
	if (w->popup)
		x11_stack_then_map(w);
	else
		xcb_map_window(w->in->c, w->outer);
}

/* To the window manager: we withdraw it (ICCCM 4.1.4). */
static void tell_withdrawn(struct xwin *w) {
	xcb_unmap_notify_event_t e = {.response_type = XCB_UNMAP_NOTIFY,
		.event = w->in->screen->root,
		.window = w->outer};

	xcb_send_event(w->in->c, 0, w->in->screen->root,
		XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
		(const char *)&e);
}

void x11_window_hide(struct xwin *w) {
	if (!w->shown)
		return;
	w->shown = false;
	xcb_unmap_window(w->in->c, w->outer);
	if (!w->override_redirect)
		tell_withdrawn(w);
}

void x11_view_map(struct x11 *v, uint32_t id, const struct view_map *map, bool take_focus) {
	struct xwin *w = x11_by_id(v, id);

	if (!w || w->docked)
		return;
	w->popup = map->popup;
	w->wanted = true;
	w->transient_for = map->transient_for;
	w->returns = false;
	x11_props_before_map(w, take_focus);
	x11_state_before_map(w);
	x11_window_show(w);
}

void x11_view_unmap(struct x11 *v, uint32_t id) {
	struct xwin *w = x11_by_id(v, id);

	if (!w || w->docked)
		return;
	w->wanted = false;
	x11_window_hide(w);
}

void x11_view_hide_all(struct x11 *v, bool hide) {
	GHashTableIter iter;
	gpointer value;

	v->hidden = hide;
	x11_flash_end(v);
	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct xwin *w = value;

		if (w->docked && w->embedded) {
			x11_tray_hide(w, hide);
		} else if (hide) {
			if (w->shown)
				w->kept = w->state & (XSTATE_MAXIMIZED | XSTATE_HIDDEN);
			x11_window_hide(w);
		} else if (w->wanted) {
			w->returns = true;
			x11_props_before_map(w, false);
			x11_state_before_map(w);
			x11_window_show(w);
		}
	}
}

void x11_window_move(struct xwin *w, struct rect content) {
	struct rect outer = place_outer(content, w->frame);
	uint32_t values[] = {(uint32_t)outer.x, (uint32_t)outer.y, outer.w, outer.h};

	xcb_configure_window(w->in->c, w->outer,
		XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y | XCB_CONFIG_WINDOW_WIDTH |
			XCB_CONFIG_WINDOW_HEIGHT,
		values);
	/* Where nobody stands between, it is there as soon as anything is painted. */
	if (w->override_redirect || !w->in->at.has_wm || !w->shown) {
		w->at.x = content.x;
		w->at.y = content.y;
		x11_frame_fit(w, (struct size){outer.w, outer.h});
	}
}

void x11_view_place(struct x11 *v, uint32_t id, struct rect content) {
	struct xwin *w = x11_by_id(v, id);

	if (w && !w->docked && !w->own_fullscreen)
		x11_window_move(w, content);
	else if (w)
		v->on->on_placed(v->data, id, w->at);
}

static void report_place(struct xwin *w) {
	w->in->on->on_placed(w->in->data, w->id, w->at);
}

static void ask_place(struct xwin *w);

static void on_place_known(
	struct x11 *v, uint32_t id, void *data, const xcb_generic_error_t *error) {
	const xcb_translate_coordinates_reply_t *reply = data;
	struct xwin *w = x11_by_id(v, id);

	if (!w)
		return;
	w->place_asked = false;
	if (w->place_again) {
		ask_place(w);
		return;
	}
	if (!reply)
		return;
	w->at.x = reply->dst_x;
	w->at.y = reply->dst_y;
	report_place(w);
}

/* Where in the root the content is; one question under way, however many events come. */
static void ask_place(struct xwin *w) {
	struct x11 *v = w->in;

	w->place_again = w->place_asked;
	if (w->place_asked)
		return;
	w->place_asked = true;
	x11_await(v, xcb_translate_coordinates(v->c, w->content, v->screen->root, 0, 0).sequence,
		w->id, on_place_known);
}

static void reframe(struct xwin *w) {
	struct rect content = w->at;

	x11_frame_set_width(w, w->in->at.frame);
	x11_props_set_hints(w);
	/* The outer window grows or shrinks, if its window manager lets it. */
	if (!w->own_fullscreen)
		x11_window_move(w, content);
	ask_place(w);
}

void x11_window_reframe(struct x11 *v) {
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct xwin *w = value;

		if (!w->docked && w->frame != v->at.frame)
			reframe(w);
	}
}

static void on_configure(struct x11 *v, const xcb_configure_notify_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);
	bool synthetic = e->response_type & 0x80;

	if (!w || e->window != w->outer)
		return;
	if (!synthetic)
		x11_frame_fit(w, (struct size){e->width, e->height});
	if (w->parent != v->screen->root && (!synthetic || w->docked)) {
		ask_place(w);
		return;
	}
	w->at.x = e->x + (int32_t)w->frame;
	w->at.y = e->y + (int32_t)w->frame;
	report_place(w);
}

static void on_reparent(struct x11 *v, const xcb_reparent_notify_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);

	if (!w || e->window != w->outer)
		return;
	w->parent = e->parent;
	if (w->docked && w->embedded && e->parent == v->screen->root)
		x11_tray_lost(w);
	ask_place(w);
}

static void on_map(struct x11 *v, const xcb_map_notify_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);
	struct gui_from_daemon m = {.type = GUI_MAP};

	if (!w || e->window != w->outer)
		return;
	m.window = w->id;
	if (w->docked && w->embedded && !v->hidden)
		v->on->on_input(v->data, &m);
	else if (!w->shown) /* the domain withdrew it, or everything is hidden */
		xcb_unmap_window(v->c, w->outer);
	else
		x11_flash_want(w);
}

/* Somebody else destroyed it, such as a tray that ended: it gets a new frame. */
static void on_destroy(struct x11 *v, const xcb_destroy_notify_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);

	if (!w || e->window != w->outer)
		return;
	g_hash_table_remove(v->by_xid, GUINT_TO_POINTER(w->outer));
	g_hash_table_remove(v->by_xid, GUINT_TO_POINTER(w->content));
	w->shown = w->embedded = w->putting = w->place_asked = false;
	w->override_redirect = w->popup;
	x11_frame_build(w);
	x11_props_set_fixed(w);
	x11_props_set_hints(w);
	if (w->docked)
		x11_tray_lost(w);
	else
		x11_window_show(w);
}

static void on_client_message(struct x11 *v, const xcb_client_message_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);
	struct gui_from_daemon m = {.type = GUI_CLOSE};

	if (x11_tray_on_client_message(v, e) || !w || e->type != v->atoms[ATOM_WM_PROTOCOLS])
		return;
	m.window = w->id;
	if (e->data.data32[0] == v->atoms[ATOM_WM_DELETE_WINDOW]) {
		v->on->on_input(v->data, &m);
	} else if (e->data.data32[0] == v->atoms[ATOM__NET_WM_PING]) {
		xcb_client_message_event_t pong = *e;

		pong.response_type = XCB_CLIENT_MESSAGE;
		pong.window = v->screen->root;
		xcb_send_event(v->c, 0, v->screen->root,
			XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
			(const char *)&pong);
	}
}

static void on_property(struct x11 *v, const xcb_property_notify_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);

	if (!x11_launch_on_property(v, e) && w && e->atom == v->atoms[ATOM__NET_WM_STATE])
		x11_state_read(w);
}

static void on_expose(struct x11 *v, const xcb_expose_event_t *e) {
	struct xwin *w = x11_by_xid(v, e->window);

	if (w && e->window == w->content)
		x11_image_expose(w, (struct rect){e->x, e->y, e->width, e->height});
}

void x11_window_on_event(struct x11 *v, const xcb_generic_event_t *e) {
	switch (e->response_type & 0x7f) {
	case XCB_CONFIGURE_NOTIFY:
		on_configure(v, (const void *)e);
		break;
	case XCB_REPARENT_NOTIFY:
		on_reparent(v, (const void *)e);
		break;
	case XCB_MAP_NOTIFY:
		on_map(v, (const void *)e);
		break;
	case XCB_DESTROY_NOTIFY:
		on_destroy(v, (const void *)e);
		break;
	case XCB_CLIENT_MESSAGE:
		on_client_message(v, (const void *)e);
		break;
	case XCB_PROPERTY_NOTIFY:
		on_property(v, (const void *)e);
		break;
	case XCB_GE_GENERIC:
		x11_launch_on_input(v, (const void *)e);
		break;
	case XCB_EXPOSE:
		on_expose(v, (const void *)e);
		break;
	default:
		break;
	}
}
