/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Docked icons: the outer window is what the system tray embeds (XEmbed); the domain's pixels stay
 * in its content, framed like everything else (bug class A13). Without a tray the icon is a small
 * ordinary window of ours; it moves into the tray when one appears.
 */
#include "gui-daemon/x11-private.h"

#define DOCK_REQUEST    0
#define XEMBED_MAPPED   1
#define ICON_SIDE_ALONE 24
#define ICON_SIDE_MOST  128

/* Whether the tray shall show it. */
static void set_info(struct xwin *w) {
	struct x11 *v = w->in;
	uint32_t info[] = {0, v->hidden ? 0 : XEMBED_MAPPED};

	xcb_change_property(v->c, XCB_PROP_MODE_REPLACE, w->outer, v->atoms[ATOM__XEMBED_INFO],
		v->atoms[ATOM__XEMBED_INFO], 32, 2, info);
}

static void ask_tray(struct xwin *w) {
	struct x11 *v = w->in;
	xcb_client_message_event_t e = {.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = v->tray,
		.type = v->atoms[ATOM__NET_SYSTEM_TRAY_OPCODE],
		.data.data32 = {XCB_CURRENT_TIME, DOCK_REQUEST, w->outer}};

	x11_window_hide(w);
	x11_frame_set_width(w, PLACE_FRAME_MIN);
	set_info(w);
	xcb_send_event(v->c, 0, v->tray, XCB_EVENT_MASK_NO_EVENT, (const char *)&e);
	w->embedded = true;
}

/* No tray: a window of its own, large enough to be hit, and no larger than an icon. */
static void stand_alone(struct xwin *w) {
	struct rect r = w->at;

	r.w = CLAMP(r.w, ICON_SIDE_ALONE, ICON_SIDE_MOST);
	r.h = CLAMP(r.h, ICON_SIDE_ALONE, ICON_SIDE_MOST);
	x11_window_move(w, r);
	x11_props_before_map(w, false);
	x11_window_show(w);
}

void x11_tray_dock(struct xwin *w) {
	w->wanted = true;
	w->popup = false;
	if (w->in->tray)
		ask_tray(w);
	else
		stand_alone(w);
}

void x11_view_dock(struct x11 *v, uint32_t id) {
	struct xwin *w = x11_by_id(v, id);

	if (!w || w->docked)
		return;
	w->docked = true;
	x11_tray_dock(w);
}

/* Trays differ in whether they look at the property again: an icon that is to be hidden is unmapped
 * by us too, and mapped again only where the tray still has it. */
void x11_tray_hide(struct xwin *w, bool hide) {
	set_info(w);
	if (hide)
		xcb_unmap_window(w->in->c, w->outer);
	else if (w->parent != w->in->screen->root)
		xcb_map_window(w->in->c, w->outer);
}

void x11_tray_lost(struct xwin *w) {
	w->embedded = false;
	x11_tray_init(w->in);
}

static void dock_all(struct x11 *v) {
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct xwin *w = value;

		if (w->docked && !w->embedded)
			x11_tray_dock(w);
	}
}

static void on_owner(struct x11 *v, uint32_t id, void *data, const xcb_generic_error_t *error) {
	const xcb_get_selection_owner_reply_t *r = data;

	v->tray = r ? r->owner : XCB_NONE;
	dock_all(v);
}

void x11_tray_init(struct x11 *v) {
	x11_await(v, xcb_get_selection_owner(v->c, v->atoms[ATOM_TRAY_SELECTION]).sequence, 0,
		on_owner);
}

/* Another took its place: all icons go there. */
static void forget_tray(struct x11 *v) {
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, v->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		((struct xwin *)value)->embedded = false;
}

/* A tray announces itself to the root window (ICCCM 2.8). */
bool x11_tray_on_client_message(struct x11 *v, const xcb_client_message_event_t *e) {
	if (e->window != v->screen->root || e->type != v->atoms[ATOM_MANAGER])
		return false;
	if (e->data.data32[1] == v->atoms[ATOM_TRAY_SELECTION]) {
		forget_tray(v);
		x11_tray_init(v);
	}
	return true;
}
