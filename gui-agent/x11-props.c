/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The properties by which a program describes its window (ICCCM 4.1.2, EWMH), into the model. */
#include "gui-agent/text.h"
#include "gui-agent/x11-display.h"

struct value {
	xcb_atom_t type;
	uint8_t format;
	const void *data;
	uint32_t n; /* items of that format */
};

typedef void take_fn(struct x11 *x, struct window *w, const struct value *v);

static uint32_t word(const struct value *v, uint32_t i) {
	return v->format == 32 && i < v->n ? ((const uint32_t *)v->data)[i] : 0;
}

static void set_title(struct window *w, const struct value *v, bool latin1) {
	struct gui_wmname title;

	text_title(v->data, v->format == 8 ? v->n : 0, latin1, title.untrusted_text,
		sizeof(title.untrusted_text));
	if (strcmp(title.untrusted_text, w->title.untrusted_text) == 0)
		return;
	w->title = title;
	window_changed(w, WINDOW_TITLE);
}

static void take_name(struct x11 *x, struct window *w, const struct value *v) {
	if (!w->x->utf8_title && v->n)
		set_title(w, v, v->type != x->atoms[X11_UTF8_STRING]);
}

static void take_utf8_name(struct x11 *x, struct window *w, const struct value *v) {
	w->x->utf8_title = v->n > 0;
	if (v->n)
		set_title(w, v, false);
}

static void take_class(struct x11 *x, struct window *w, const struct value *v) {
	struct gui_wmclass *c = &w->wmclass;

	text_class(v->data, v->format == 8 ? v->n : 0, c->untrusted_name, c->untrusted_class,
		sizeof(c->untrusted_name));
	window_changed(w, WINDOW_CLASS);
}

static struct size pair(const struct value *v, uint32_t i) {
	return (struct size){MIN(word(v, i), GUI_MAX_W), MIN(word(v, i + 1), GUI_MAX_H)};
}

/* ICCCM 4.1.2.3; word 0 is the flags, as the protocol has them. */
static void take_normal_hints(struct x11 *x, struct window *w, const struct value *v) {
	uint32_t flags = word(v, 0);
	struct gui_hints h = {.min = pair(v, 5), .max = pair(v, 7), .inc = pair(v, 9)};

	h.base = v->n >= 17 ? pair(v, 15) : (struct size){0, 0};
	if (v->n < 17)
		flags &= ~GUI_HINT_BASE_SIZE;
	h.flags = flags & (GUI_HINT_US_POSITION | GUI_HINT_P_POSITION | GUI_HINT_MIN_SIZE |
				  GUI_HINT_MAX_SIZE | GUI_HINT_RESIZE_INC | GUI_HINT_BASE_SIZE);
	if (memcmp(&h, &w->hints, sizeof(h)) == 0)
		return;
	w->hints = h;
	window_changed(w, WINDOW_HINTS);
}

/* ICCCM 4.1.2.4: bit 0 with word 1 is the input hint, bit 8 urgency. */
static void take_hints(struct x11 *x, struct window *w, const struct value *v) {
	uint32_t flags = word(v, 0);
	bool urgent = flags & 0x100;

	w->x->no_input = (flags & 1) && word(v, 1) == 0;
	if (urgent != w->x->urgent)
		window_flags(w, urgent ? GUI_FLAG_ATTENTION : 0, urgent ? 0 : GUI_FLAG_ATTENTION);
	w->x->urgent = urgent;
}

static void take_transient(struct x11 *x, struct window *w, const struct value *v) {
	w->transient_for = word(v, 0) == x->root ? 0 : word(v, 0);
}

static void take_protocols(struct x11 *x, struct window *w, const struct value *v) {
	w->x->protocol_delete = w->x->protocol_take_focus = false;
	for (uint32_t i = 0; i < v->n; i++) {
		w->x->protocol_delete |= word(v, i) == x->atoms[X11_WM_DELETE_WINDOW];
		w->x->protocol_take_focus |= word(v, i) == x->atoms[X11_WM_TAKE_FOCUS];
	}
}

/* What a window wants to be when it is first mapped. */
static void take_state(struct x11 *x, struct window *w, const struct value *v) {
	if (w->mapped)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		if (word(v, i) == x->atoms[X11__NET_WM_STATE_FULLSCREEN])
			window_flags(w, GUI_FLAG_FULLSCREEN, 0);
		if (word(v, i) == x->atoms[X11__NET_WM_STATE_DEMANDS_ATTENTION])
			window_flags(w, GUI_FLAG_ATTENTION, 0);
	}
}

/* clang-format off */
static const struct {
	xcb_atom_t fixed;    /* a predefined atom, or */
	enum x11_atom atom;
	uint32_t words;      /* read at most so much */
	take_fn *take;
	bool live;           /* changes are followed while it is mapped */
} properties[] = {
	/* _NET_WM_NAME first: it goes before WM_NAME. */
	{0, X11__NET_WM_NAME, 128, take_utf8_name, true},
	{XCB_ATOM_WM_NAME, 0, 128, take_name, true},
	{XCB_ATOM_WM_CLASS, 0, 64, take_class, false},
	{XCB_ATOM_WM_NORMAL_HINTS, 0, 18, take_normal_hints, true},
	{XCB_ATOM_WM_HINTS, 0, 9, take_hints, true},
	{XCB_ATOM_WM_TRANSIENT_FOR, 0, 1, take_transient, true},
	{0, X11_WM_PROTOCOLS, 32, take_protocols, true},
	{0, X11__NET_WM_STATE, 32, take_state, false},
};
/* clang-format on */

static void take(struct x11 *x, struct window *w, uint32_t i, const xcb_get_property_reply_t *r) {
	struct value v = {.data = ""};

	if (r && r->type) {
		v = (struct value){r->type, r->format, xcb_get_property_value(r), r->value_len};
		if (v.format != 8 && v.format != 32)
			v.n = 0;
	}
	properties[i].take(x, w, &v);
}

static void on_first(struct x11 *x, uint32_t id, uint32_t i, void *reply) {
	struct window *w = windows_find(x->windows, id);

	if (!w || !w->x || w->x->replies_open == 0)
		return;
	take(x, w, i, reply);
	x11_manage_answered(x, w);
}

static void on_change(struct x11 *x, uint32_t id, uint32_t i, void *reply) {
	struct window *w = windows_find(x->windows, id);

	if (w && w->x)
		take(x, w, i, reply);
}

static xcb_atom_t atom_of(struct x11 *x, uint32_t i) {
	return properties[i].fixed ? properties[i].fixed : x->atoms[properties[i].atom];
}

static void ask(struct x11 *x, struct window *w, uint32_t i, x11_reply_fn *fn) {
	xcb_get_property_cookie_t cookie = xcb_get_property(
		x->c, 0, w->id, atom_of(x, i), XCB_ATOM_ANY, 0, properties[i].words);

	x11_await(x, cookie.sequence, fn, w->id, i);
}

void x11_props_ask(struct x11 *x, struct window *w) {
	for (uint32_t i = 0; i < G_N_ELEMENTS(properties); i++) {
		ask(x, w, i, on_first);
		w->x->replies_open++;
	}
}

void x11_props_changed(struct x11 *x, struct window *w, xcb_atom_t atom) {
	for (uint32_t i = 0; i < G_N_ELEMENTS(properties); i++) {
		if (properties[i].live && atom_of(x, i) == atom)
			ask(x, w, i, on_change);
	}
}
