/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The domain's end of the clipboard between domains (gui-protocol 5.4): reads the CLIPBOARD
 * selection, whole, also in pieces (INCR), when the daemon or the service for long texts asks. Text
 * only. Must never hand out more than CLIPBOARD_TEXT_MAX + 1 bytes ("too large"), nor answer twice,
 * nor wait for an owner that does not answer. What we own is served by x11-clipboard-owner.c.
 */
#include "gui-agent/x11-display.h"

#define MOST    (CLIPBOARD_TEXT_MAX + 1)
#define WAIT_MS 4000 /* for the next sign of an owner */

struct x11_clipboard {
	xcb_window_t window; /* that the owner answers to; 0: nobody is asked */
	bool incremental;
	unsigned tries; /* which of the targets was asked for */
	guint timer;
	GByteArray *in;
};

/* The owner sees its requestor go and stops, wherever it was. */
static void stop(struct x11 *x) {
	struct x11_clipboard *c = x->clipboard;

	g_clear_handle_id(&c->timer, g_source_remove);
	if (c->window)
		xcb_destroy_window(x->c, c->window);
	c->window = 0;
	c->incremental = false;
	g_clear_pointer(&c->in, g_byte_array_unref);
}

/* STRING is Latin-1. */
static GByteArray *from_latin1(GByteArray *in) {
	GByteArray *out = g_byte_array_sized_new(in->len * 2);

	for (guint i = 0; i < in->len; i++) {
		uint8_t c = in->data[i],
			two[] = {(uint8_t)(0xc0 | c >> 6), (uint8_t)(0x80 | (c & 0x3f))};

		if (c < 0x80)
			g_byte_array_append(out, &c, 1);
		else
			g_byte_array_append(out, two, 2);
	}
	g_byte_array_unref(in);
	return out;
}

static void answer(struct x11 *x) {
	struct x11_clipboard *c = x->clipboard;
	GByteArray *in = TAKE(c->in);

	if (c->tries > 1 && in->len < MOST)
		in = from_latin1(in);
	stop(x);
	x->events->clipboard(x->user, in->data, MIN(in->len, MOST));
	g_byte_array_unref(in);
}

static gboolean on_timer(gpointer user) {
	struct x11 *x = user;

	x->clipboard->timer = 0;
	g_byte_array_set_size(x->clipboard->in, 0); /* never a part */
	answer(x);
	return G_SOURCE_REMOVE;
}

static void wait_on(struct x11 *x) {
	struct x11_clipboard *c = x->clipboard;

	g_clear_handle_id(&c->timer, g_source_remove);
	c->timer = g_timeout_add(WAIT_MS, on_timer, x);
}

static void convert(struct x11 *x) {
	xcb_atom_t targets[] = {x->atoms[X11_UTF8_STRING], XCB_ATOM_STRING};
	struct x11_clipboard *c = x->clipboard;

	xcb_convert_selection(x->c, c->window, x->atoms[X11_CLIPBOARD], targets[c->tries++],
		x->atoms[X11__BULKHEAD_CLIPBOARD], XCB_CURRENT_TIME);
	wait_on(x);
}

void x11_clipboard_get(struct x11 *x) {
	struct x11_clipboard *c = x->clipboard;
	uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;

	stop(x);
	c->in = g_byte_array_new();
	c->tries = 0;
	c->window = xcb_generate_id(x->c);
	xcb_create_window(x->c, 0, c->window, x->own, 0, 0, 1, 1, 0, XCB_WINDOW_CLASS_INPUT_ONLY,
		XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK, &events);
	convert(x);
}

static void append(struct x11_clipboard *c, const xcb_get_property_reply_t *p) {
	guint n = p->format == 8 ? p->value_len : 0, room = MOST - c->in->len;

	g_byte_array_append(c->in, xcb_get_property_value(p), MIN(n, room));
}

static void on_piece(struct x11 *x, uint32_t window, uint32_t arg, void *reply) {
	struct x11_clipboard *c = x->clipboard;
	const xcb_get_property_reply_t *p = reply;

	if (!c->window || window != c->window)
		return;
	wait_on(x);
	if (p && p->type == x->atoms[X11_INCR]) {
		c->incremental = true; /* the deletion told the owner to begin */
		return;
	}
	if (p)
		append(c, p);
	if (!p || !c->incremental || p->value_len == 0 || c->in->len == MOST)
		answer(x);
}

static void read_piece(struct x11 *x) {
	xcb_get_property_cookie_t cookie = xcb_get_property(x->c, 1, x->clipboard->window,
		x->atoms[X11__BULKHEAD_CLIPBOARD], XCB_ATOM_ANY, 0, (MOST + 3) / 4);

	x11_await(x, cookie.sequence, on_piece, x->clipboard->window, 0);
}

static void on_selection_notify(struct x11 *x, const xcb_selection_notify_event_t *e) {
	struct x11_clipboard *c = x->clipboard;

	if (!c->window || c->incremental || e->requestor != c->window)
		return;
	if (e->property != XCB_NONE)
		read_piece(x);
	else if (c->tries < 2)
		convert(x);
	else
		answer(x);
}

static bool on_property(struct x11 *x, const xcb_property_notify_event_t *e) {
	struct x11_clipboard *c = x->clipboard;

	if (!c->window || e->window != c->window)
		return x11_clipboard_owner_event(x, (const xcb_generic_event_t *)e);
	if (c->incremental && e->state == XCB_PROPERTY_NEW_VALUE)
		read_piece(x);
	return true;
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
	case XCB_SELECTION_CLEAR:
		return x11_clipboard_owner_event(x, e);
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
	x11_clipboard_owner_start(x);
	xcb_xfixes_select_selection_input(x->c, x->root, x->atoms[X11_CLIPBOARD],
		XCB_XFIXES_SELECTION_EVENT_MASK_SET_SELECTION_OWNER);
}

void x11_clipboard_stop(struct x11 *x) {
	if (x->clipboard)
		stop(x);
	g_clear_pointer(&x->clipboard, g_free);
	x11_clipboard_owner_stop(x);
}
