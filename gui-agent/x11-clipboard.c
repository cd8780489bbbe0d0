/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain's end of the clipboard between domains (gui-protocol 5.4): reads the CLIPBOARD
 * selection when the daemon asks, and owns it when the daemon brought text. Text only. Must never
 * hand out more than GUI_CLIPBOARD_MAX + 1 bytes ("too large"), nor answer twice.
 */
#include "gui-agent/x11-display.h"

#define CLIPBOARD_MOST (GUI_CLIPBOARD_MAX + 1)

struct x11_clipboard {
	bool reading, incremental;
	unsigned tries; /* which of the targets was asked for */
	GByteArray *in;
	GByteArray *own; /* what we offer, NULL: we are not the owner */
};

static void answer(struct x11 *x) {
	struct x11_clipboard *c = x->clipboard;
	GByteArray *in = TAKE(c->in);

	c->reading = c->incremental = false;
	x->events->clipboard(x->user, in ? in->data : NULL, in ? in->len : 0);
	if (in)
		g_byte_array_free(in, TRUE);
}

static void convert(struct x11 *x) {
	xcb_atom_t targets[] = {x->atoms[X11_UTF8_STRING], XCB_ATOM_STRING};

	xcb_convert_selection(x->c, x->own, x->atoms[X11_CLIPBOARD], targets[x->clipboard->tries++],
		x->atoms[X11__BULKHEAD_CLIPBOARD], XCB_CURRENT_TIME);
}

void x11_clipboard_get(struct x11 *x) {
	struct x11_clipboard *c = x->clipboard;

	if (c->in)
		g_byte_array_free(c->in, TRUE);
	c->in = g_byte_array_new();
	c->reading = true;
	c->incremental = false;
	c->tries = 0;
	convert(x);
}

static void append(struct x11 *x, const xcb_get_property_reply_t *p) {
	struct x11_clipboard *c = x->clipboard;
	guint n = p->format == 8 ? p->value_len : 0, room = CLIPBOARD_MOST - c->in->len;

	g_byte_array_append(c->in, xcb_get_property_value(p), MIN(n, room));
}

static void on_piece(struct x11 *x, uint32_t window, uint32_t arg, void *reply) {
	struct x11_clipboard *c = x->clipboard;
	const xcb_get_property_reply_t *p = reply;

	if (!c->reading)
		return;
	if (p && p->type == x->atoms[X11_INCR]) {
		c->incremental = true; /* the deletion told the owner to begin */
		return;
	}
	if (p)
		append(x, p);
	if (!p || !c->incremental || p->value_len == 0 || c->in->len == CLIPBOARD_MOST)
		answer(x);
}

static void read_piece(struct x11 *x) {
	xcb_get_property_cookie_t cookie = xcb_get_property(x->c, 1, x->own,
		x->atoms[X11__BULKHEAD_CLIPBOARD], XCB_ATOM_ANY, 0, (CLIPBOARD_MOST + 3) / 4);

	x11_await(x, cookie.sequence, on_piece, 0, 0);
}

static void on_selection_notify(struct x11 *x, const xcb_selection_notify_event_t *e) {
	struct x11_clipboard *c = x->clipboard;

	if (!c->reading || c->incremental || e->requestor != x->own)
		return;
	if (e->property != XCB_NONE)
		read_piece(x);
	else if (c->tries < 2)
		convert(x);
	else
		answer(x);
}

static bool on_property(struct x11 *x, const xcb_property_notify_event_t *e) {
	if (e->window != x->own || e->atom != x->atoms[X11__BULKHEAD_CLIPBOARD])
		return false;
	if (x->clipboard->incremental && e->state == XCB_PROPERTY_NEW_VALUE)
		read_piece(x);
	return true;
}

void x11_clipboard_set(struct x11 *x, const uint8_t *data, size_t size) {
	struct x11_clipboard *c = x->clipboard;

	if (c->own)
		g_byte_array_free(c->own, TRUE);
	c->own = g_byte_array_new();
	g_byte_array_append(c->own, data, (guint)size);
	xcb_set_selection_owner(x->c, x->own, x->atoms[X11_CLIPBOARD], XCB_CURRENT_TIME);
}

static void on_clear(struct x11 *x, const xcb_selection_clear_event_t *e) {
	struct x11_clipboard *c = x->clipboard;

	if (e->selection == x->atoms[X11_CLIPBOARD] && c->own) {
		g_byte_array_free(c->own, TRUE);
		c->own = NULL;
	}
}

/* Puts the target's value into the requestor's property; false: not a target of ours. */
static bool serve(struct x11 *x, xcb_window_t requestor, xcb_atom_t target, xcb_atom_t property) {
	struct x11_clipboard *c = x->clipboard;
	xcb_atom_t targets[] = {x->atoms[X11_TARGETS], x->atoms[X11_UTF8_STRING],
		x->atoms[X11_TEXT_UTF8], XCB_ATOM_STRING};

	if (target == x->atoms[X11_TARGETS]) {
		xcb_change_property(x->c, XCB_PROP_MODE_REPLACE, requestor, property, XCB_ATOM_ATOM,
			32, G_N_ELEMENTS(targets), targets);
		return true;
	}
	for (size_t i = 1; i < G_N_ELEMENTS(targets); i++) {
		if (target != targets[i])
			continue;
		xcb_change_property(x->c, XCB_PROP_MODE_REPLACE, requestor, property, target, 8,
			c->own->len, c->own->data);
		return true;
	}
	return false;
}

static void on_request(struct x11 *x, const xcb_selection_request_event_t *e) {
	xcb_selection_notify_event_t n = {.response_type = XCB_SELECTION_NOTIFY, .time = e->time};
	xcb_atom_t property = e->property ? e->property : e->target;

	n.requestor = e->requestor;
	n.selection = e->selection;
	n.target = e->target;
	if (x->clipboard->own && e->selection == x->atoms[X11_CLIPBOARD] &&
		serve(x, e->requestor, e->target, property))
		n.property = property;
	xcb_send_event(x->c, 0, e->requestor, XCB_EVENT_MASK_NO_EVENT, (const char *)&n);
}

static void on_owner(struct x11 *x, const xcb_xfixes_selection_notify_event_t *e) {
	if (e->selection == x->atoms[X11_CLIPBOARD] && e->owner != XCB_NONE && e->owner != x->own)
		x->events->clipboard_owner(x->user);
}

bool x11_clipboard_event(struct x11 *x, const xcb_generic_event_t *e) {
	switch (x11_type(e)) {
	case XCB_SELECTION_NOTIFY:
		on_selection_notify(x, (const void *)e);
		return true;
	case XCB_SELECTION_REQUEST:
		on_request(x, (const void *)e);
		return true;
	case XCB_SELECTION_CLEAR:
		on_clear(x, (const void *)e);
		return true;
	case XCB_PROPERTY_NOTIFY:
		return on_property(x, (const void *)e);
	default:
		if (x11_type(e) != x->fixes_event + XCB_XFIXES_SELECTION_NOTIFY)
			return false;
		on_owner(x, (const void *)e);
		return true;
	}
}

void x11_clipboard_start(struct x11 *x) {
	x->clipboard = g_new0(struct x11_clipboard, 1);
	xcb_xfixes_select_selection_input(x->c, x->root, x->atoms[X11_CLIPBOARD],
		XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER);
}

void x11_clipboard_stop(struct x11 *x) {
	struct x11_clipboard *c = TAKE(x->clipboard);

	if (!c)
		return;
	if (c->in)
		g_byte_array_free(c->in, TRUE);
	if (c->own)
		g_byte_array_free(c->own, TRUE);
	g_free(c);
}
