/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owner of the CLIPBOARD selection with text that came from the admin domain (ICCCM 2.2, 2.7.2):
 * what fits into a request at once, what is longer in pieces (INCR), each when the requestor has
 * taken the one before. A requestor that stops taking costs nothing for long.
 */
#include "gui-agent/x11-display.h"

#define AT_ONCE       (256u << 10) /* longer texts go in pieces */
#define PIECE_MAX     (1u << 20)
#define TRANSFERS_MAX 16
#define TRANSFER_MS   10000 /* for the requestor's next sign */

struct transfer {
	struct x11 *in;
	uint32_t id;
	xcb_selection_request_event_t request;
	xcb_atom_t property;
	GBytes *text; /* stays, whatever is copied meanwhile */
	size_t sent;
	guint timer;
};

struct x11_clipboard_owner {
	GBytes *text; /* NULL: we are not the owner */
	GPtrArray *transfers;
	uint32_t next_id;
};

static void transfer_free(void *data) {
	struct transfer *t = data;

	g_clear_handle_id(&t->timer, g_source_remove);
	g_bytes_unref(t->text);
	g_free(t);
}

static gboolean on_timer(gpointer data) {
	struct transfer *t = data;

	t->timer = 0;
	g_ptr_array_remove(t->in->clipboard_owner->transfers, t);
	return G_SOURCE_REMOVE;
}

static void wait_on(struct transfer *t) {
	g_clear_handle_id(&t->timer, g_source_remove);
	t->timer = g_timeout_add(TRANSFER_MS, on_timer, t);
}

static void notify(struct x11 *x, const xcb_selection_request_event_t *e, xcb_atom_t property) {
	xcb_selection_notify_event_t n = {.response_type = XCB_SELECTION_NOTIFY, .time = e->time};

	n.requestor = e->requestor;
	n.selection = e->selection;
	n.target = e->target;
	n.property = property;
	xcb_send_event(x->c, 0, e->requestor, XCB_EVENT_MASK_NO_EVENT, (const char *)&n);
}

static struct transfer *by_id(struct x11 *x, uint32_t id) {
	GPtrArray *all = x->clipboard_owner->transfers;

	for (guint i = 0; i < all->len; i++)
		if (((struct transfer *)all->pdata[i])->id == id)
			return all->pdata[i];
	return NULL;
}

/* What we select on the requestor, which may be a window that we manage, is known: it is told how
 * much will come, and its deletion of that asks for the first piece. */
static void on_attributes(struct x11 *x, uint32_t window, uint32_t id, void *reply) {
	const xcb_get_window_attributes_reply_t *a = reply;
	struct transfer *t = by_id(x, id);
	uint32_t size, events;

	if (!t)
		return;
	if (!a) { /* it is gone */
		g_ptr_array_remove(x->clipboard_owner->transfers, t);
		return;
	}
	size = (uint32_t)g_bytes_get_size(t->text);
	events = a->your_event_mask | XCB_EVENT_MASK_PROPERTY_CHANGE;
	xcb_change_window_attributes(x->c, window, XCB_CW_EVENT_MASK, &events);
	xcb_change_property(
		x->c, XCB_PROP_MODE_REPLACE, window, t->property, x->atoms[X11_INCR], 32, 1, &size);
	notify(x, &t->request, t->property);
	wait_on(t);
}

static bool begin(struct x11 *x, const xcb_selection_request_event_t *e, xcb_atom_t property) {
	struct x11_clipboard_owner *o = x->clipboard_owner;
	struct transfer *t;

	if (o->transfers->len == TRANSFERS_MAX)
		return false;
	t = g_new0(struct transfer, 1);
	t->in = x;
	t->id = ++o->next_id;
	t->request = *e;
	t->property = property;
	t->text = g_bytes_ref(o->text);
	g_ptr_array_add(o->transfers, t);
	wait_on(t);
	x11_await(x, xcb_get_window_attributes(x->c, e->requestor).sequence, on_attributes,
		e->requestor, t->id);
	return true;
}

/* The requestor took a piece: the next, and after the last an empty one. */
static bool on_property(struct x11 *x, const xcb_property_notify_event_t *e) {
	struct x11_clipboard_owner *o = x->clipboard_owner;
	size_t most = (size_t)xcb_get_maximum_request_length(x->c) * 4 - 64, size, n;

	for (guint i = 0; i < o->transfers->len && e->state == XCB_PROPERTY_DELETE; i++) {
		struct transfer *t = o->transfers->pdata[i];
		const uint8_t *data = g_bytes_get_data(t->text, &size);

		if (t->request.requestor != e->window || t->property != e->atom)
			continue;
		n = MIN(MIN(most, PIECE_MAX), size - t->sent);
		xcb_change_property(x->c, XCB_PROP_MODE_REPLACE, e->window, e->atom,
			t->request.target, 8, (uint32_t)n, data + t->sent);
		t->sent += n;
		wait_on(t);
		if (n == 0)
			g_ptr_array_remove_index(o->transfers, i);
		return true;
	}
	return false;
}

static bool is_text(struct x11 *x, xcb_atom_t target) {
	return target == x->atoms[X11_UTF8_STRING] || target == x->atoms[X11_TEXT_UTF8] ||
	       target == XCB_ATOM_STRING;
}

static void on_request(struct x11 *x, const xcb_selection_request_event_t *e) {
	struct x11_clipboard_owner *o = x->clipboard_owner;
	xcb_atom_t property = e->property ? e->property : e->target;
	xcb_atom_t targets[] = {x->atoms[X11_TARGETS], x->atoms[X11_UTF8_STRING],
		x->atoms[X11_TEXT_UTF8], XCB_ATOM_STRING};
	size_t size = 0;
	const void *data = o->text ? g_bytes_get_data(o->text, &size) : NULL;

	if (!data || e->selection != x->atoms[X11_CLIPBOARD]) {
		property = XCB_NONE;
	} else if (e->target == x->atoms[X11_TARGETS]) {
		xcb_change_property(x->c, XCB_PROP_MODE_REPLACE, e->requestor, property,
			XCB_ATOM_ATOM, 32, G_N_ELEMENTS(targets), targets);
	} else if (!is_text(x, e->target)) {
		property = XCB_NONE;
	} else if (size > AT_ONCE) {
		if (begin(x, e, property))
			return; /* it is told later */
		property = XCB_NONE;
	} else {
		xcb_change_property(x->c, XCB_PROP_MODE_REPLACE, e->requestor, property, e->target,
			8, (uint32_t)size, data);
	}
	notify(x, e, property);
}

void x11_clipboard_set(struct x11 *x, const uint8_t *data, size_t size) {
	struct x11_clipboard_owner *o = x->clipboard_owner;

	g_clear_pointer(&o->text, g_bytes_unref);
	o->text = g_bytes_new(data, size);
	xcb_set_selection_owner(x->c, x->own, x->atoms[X11_CLIPBOARD], XCB_CURRENT_TIME);
}

bool x11_clipboard_owner_event(struct x11 *x, const xcb_generic_event_t *e) {
	const xcb_selection_clear_event_t *clear = (const void *)e;

	if (x11_type(e) == XCB_PROPERTY_NOTIFY)
		return on_property(x, (const void *)e);
	if (x11_type(e) == XCB_SELECTION_REQUEST)
		on_request(x, (const void *)e);
	else if (clear->selection == x->atoms[X11_CLIPBOARD] && clear->owner == x->own)
		g_clear_pointer(&x->clipboard_owner->text, g_bytes_unref);
	return true;
}

void x11_clipboard_owner_start(struct x11 *x) {
	x->clipboard_owner = g_new0(struct x11_clipboard_owner, 1);
	x->clipboard_owner->transfers = g_ptr_array_new_with_free_func(transfer_free);
}

void x11_clipboard_owner_stop(struct x11 *x) {
	struct x11_clipboard_owner *o = TAKE(x->clipboard_owner);

	if (!o)
		return;
	g_ptr_array_unref(o->transfers);
	g_clear_pointer(&o->text, g_bytes_unref);
	g_free(o);
}
