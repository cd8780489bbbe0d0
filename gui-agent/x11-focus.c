/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which window of the domain has the keyboard: the one the daemon says, or none. A change is
 * applied before the next key and at the end of the turn, so that "out, in" between two windows of
 * the domain is one step.
 */
#include "gui-agent/x11-display.h"

void x11_focus(struct x11 *x, struct window *w, bool in) {
	if (in)
		x->focus_wanted = w->id;
	else if (x->focus_wanted == w->id)
		x->focus_wanted = 0;
	x->focus_due = true;
}

static void give(struct x11 *x, struct window *w) {
	static const uint32_t zero;

	if (!w->x->no_input)
		xcb_set_input_focus(x->c, XCB_INPUT_FOCUS_PARENT, w->id, XCB_CURRENT_TIME);
	if (w->flags & GUI_FLAG_ATTENTION) {
		window_flags(w, 0, GUI_FLAG_ATTENTION);
		x11_manage_state(x, w);
	}
	/* WM_TAKE_FOCUS needs a time of the server's: this makes it tell one (x11_focus_time). */
	if (w->x->protocol_take_focus)
		x11_set_words(x, x->own, X11__BULKHEAD_TIME, XCB_ATOM_CARDINAL, &zero, 1);
}

void x11_focus_apply(struct x11 *x) {
	struct window *w;

	if (!x->focus_due)
		return;
	x->focus_due = false;
	w = windows_find(x->windows, x->focus_wanted);
	if (w && w->x && w->mapped) {
		x->focus = w->id;
		give(x, w);
	} else {
		static const uint8_t none[32];

		x->focus = x->focus_wanted = 0;
		x11_keymap(
			x, none); /* before the focus goes: the window sees its keys come up (B4) */
		xcb_set_input_focus(x->c, XCB_INPUT_FOCUS_NONE, XCB_NONE, XCB_CURRENT_TIME);
	}
	x11_root_active(x, x->focus);
}

void x11_focus_time(struct x11 *x, xcb_timestamp_t time) {
	struct window *w = windows_find(x->windows, x->focus);
	uint32_t data[5] = {x->atoms[X11_WM_TAKE_FOCUS], time};

	if (w && w->x && w->x->protocol_take_focus)
		x11_send(x, w->id, XCB_EVENT_MASK_NO_EVENT, w->id, X11_WM_PROTOCOLS, data);
}
