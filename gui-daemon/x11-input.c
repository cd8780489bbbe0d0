/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys, buttons, motion, crossing and focus of the X server as the protocol's values. Keys are
 * taken on the outer window, the pointer on the content; what other clients made up (SendEvent) is
 * no input. Who may have it is decided elsewhere (input.h).
 */
#include "gui-daemon/x11-private.h"

#include <string.h>

#define KEYSYM_ESCAPE 0xff1b

static void report(struct x11 *v, const struct gui_from_daemon *m) {
	v->on->on_input(v->data, m);
}

/* The person did something in this window at that time. */
static void touched(struct xwin *w, xcb_timestamp_t time) {
	struct x11 *v = w->in;

	v->user_time = time;
	v->user_time_of = w;
	v->user_time_changed = true;
}

static bool leaves_fullscreen(const struct xwin *w, const xcb_key_press_event_t *e) {
	uint16_t ctrl_alt = XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1;

	if (!(w->state & XSTATE_FULLSCREEN) && !w->own_fullscreen)
		return false;
	return e->detail == w->in->escape &&
	       ((e->state & XCB_MOD_MASK_4) || (e->state & ctrl_alt) == ctrl_alt);
}

#define CHORD_MODIFIERS                                                                            \
	(XCB_MOD_MASK_SHIFT | XCB_MOD_MASK_CONTROL | XCB_MOD_MASK_1 | XCB_MOD_MASK_3 |             \
		XCB_MOD_MASK_4)

static unsigned chord_of(const struct x11 *v, const xcb_key_press_event_t *e) {
	for (unsigned i = CTL_CHORD_COPY; i <= CTL_CHORD_PASTE; i++)
		if (v->chord_keys[i] && v->chord_keys[i] == e->detail &&
			(e->state & CHORD_MODIFIERS) == v->chords[i].modifiers)
			return i;
	return 0;
}

/* True: the key belongs to a chord and is none of the domain's. A key that is held repeats as
 * releases and presses of one time with nothing between them; it is pressed once. */
static bool takes_chord(struct xwin *w, const xcb_key_press_event_t *e) {
	struct x11 *v = w->in;
	unsigned what;

	if (e->detail != v->released)
		v->released = 0;
	if (e->response_type == XCB_KEY_RELEASE) {
		if (!v->swallowed || e->detail != v->swallowed)
			return false;
		v->released = v->swallowed;
		v->released_at = e->time;
		v->swallowed = 0;
		return true;
	}
	what = chord_of(v, e);
	if (!what)
		return false;
	if (v->swallowed != e->detail && (v->released != e->detail || v->released_at != e->time))
		v->on->on_chord(v->data, w->id, what);
	v->swallowed = e->detail;
	return true;
}

static void on_key(struct xwin *w, const xcb_key_press_event_t *e) {
	struct gui_from_daemon m = {.type = GUI_KEYPRESS, .window = w->id};
	bool press = e->response_type == XCB_KEY_PRESS;

	touched(w, e->time);
	if (leaves_fullscreen(w, e)) {
		if (press)
			x11_state_leave_fullscreen(w);
		return;
	}
	if (takes_chord(w, e))
		return;
	if (press)
		w->fullscreen_left = false;
	m.key.type = e->response_type;
	m.key.x = e->event_x - (int32_t)w->frame;
	m.key.y = e->event_y - (int32_t)w->frame;
	m.key.state = e->state;
	m.key.keycode = e->detail;
	report(w->in, &m);
}

/* Without a window manager a click is how a window gets the keyboard. */
static void click_to_focus(struct xwin *w, const xcb_button_press_event_t *e) {
	struct x11 *v = w->in;

	if ((v->at.has_wm && !w->docked) || w->popup || v->focus == w)
		return;
	xcb_set_input_focus(v->c, XCB_INPUT_FOCUS_POINTER_ROOT, w->outer, e->time);
}

static void on_button(struct xwin *w, const xcb_button_press_event_t *e) {
	struct gui_from_daemon m = {.type = GUI_BUTTON, .window = w->id};

	if (e->response_type == XCB_BUTTON_PRESS) {
		touched(w, e->time);
		click_to_focus(w, e);
		w->fullscreen_left = false;
	}
	m.button.type = e->response_type;
	m.button.x = e->event_x;
	m.button.y = e->event_y;
	m.button.state = e->state;
	m.button.button = e->detail;
	report(w->in, &m);
}

static void on_motion(struct xwin *w, const xcb_motion_notify_event_t *e) {
	struct gui_from_daemon m = {.type = GUI_MOTION, .window = w->id};

	m.motion.x = e->event_x;
	m.motion.y = e->event_y;
	m.motion.state = e->state;
	m.motion.is_hint = e->detail;
	report(w->in, &m);
}

/* The keys that are down follow each Enter and FocusIn at once; the agent must hear of them first.
 */
static void hold(struct x11 *v, const struct gui_from_daemon *m) {
	v->held = *m;
	v->holding = true;
}

static void release_held(struct x11 *v) {
	if (!v->holding)
		return;
	v->holding = false;
	report(v, &v->held);
}

static void on_crossing(struct xwin *w, const xcb_enter_notify_event_t *e) {
	struct gui_from_daemon m = {.type = GUI_CROSSING, .window = w->id};

	m.crossing.type = e->response_type;
	m.crossing.x = e->event_x;
	m.crossing.y = e->event_y;
	m.crossing.state = e->state;
	m.crossing.mode = e->mode;
	m.crossing.detail = e->detail;
	m.crossing.focus = e->same_screen_focus & 1;
	if (e->response_type == XCB_ENTER_NOTIFY)
		hold(w->in, &m);
	else
		report(w->in, &m);
}

/* What a grab of the window manager does to the focus is not the domain's business. */
static bool focus_counts(const xcb_focus_in_event_t *e) {
	if (e->mode != XCB_NOTIFY_MODE_NORMAL && e->mode != XCB_NOTIFY_MODE_WHILE_GRABBED)
		return false;
	return e->detail != XCB_NOTIFY_DETAIL_POINTER && e->detail != XCB_NOTIFY_DETAIL_INFERIOR;
}

static void on_focus(struct xwin *w, const xcb_focus_in_event_t *e) {
	struct x11 *v = w->in;
	struct gui_from_daemon m = {.type = GUI_FOCUS, .window = w->id};
	bool in = e->response_type == XCB_FOCUS_IN;

	if (!focus_counts(e))
		return;
	m.focus.type = e->response_type;
	m.focus.mode = XCB_NOTIFY_MODE_NORMAL;
	m.focus.detail = e->detail;
	if (in) {
		v->focus = w;
		x11_flash_end(v);
		hold(v, &m);
		return;
	}
	if (v->focus == w)
		v->focus = NULL;
	report(v, &m);
}

static void report_keys(struct x11 *v, const uint8_t keys[32]) {
	struct gui_from_daemon m = {.type = GUI_KEYMAP_NOTIFY, .window = 0};

	/* Let go while another window had the focus. */
	if (v->swallowed && !(keys[v->swallowed / 8] & 1 << v->swallowed % 8))
		v->swallowed = 0;
	memcpy(m.keymap.keys, keys, 32);
	report(v, &m);
}

static void on_keymap(struct x11 *v, const xcb_keymap_notify_event_t *e) {
	uint8_t keys[32] = {0};

	memcpy(keys + 1, e->keys, 31);
	if (!v->holding)
		return;
	report_keys(v, keys);
	release_held(v);
}

static void on_keys_known(
	struct x11 *v, uint32_t id, void *data, const xcb_generic_error_t *error) {
	const xcb_query_keymap_reply_t *r = data;
	struct xwin *w = x11_by_id(v, id);
	struct gui_from_daemon m = {.type = GUI_FOCUS, .window = id};

	if (!r || !w || v->focus != w)
		return;
	m.focus.type = XCB_FOCUS_IN;
	m.focus.detail = XCB_NOTIFY_DETAIL_NONLINEAR;
	report_keys(v, r->keys);
	report(v, &m);
}

void x11_view_refocus(struct x11 *v, uint32_t id) {
	x11_await(v, xcb_query_keymap(v->c).sequence, id, on_keys_known);
}

/* The places of C and V on every keyboard, for layouts that have no such letters. */
static xcb_keycode_t by_place(uint32_t keysym) {
	return keysym == 'c' ? 54 : keysym == 'v' ? 55 : 0;
}

static xcb_keycode_t key_of(
	struct x11 *v, const xcb_get_keyboard_mapping_reply_t *r, uint32_t keysym) {
	const xcb_keysym_t *syms = xcb_get_keyboard_mapping_keysyms(r);
	int count = xcb_get_keyboard_mapping_keysyms_length(r);

	for (int i = 0; keysym && i < count; i++)
		if (syms[i] == keysym)
			return (xcb_keycode_t)(xcb_get_setup(v->c)->min_keycode +
					       i / r->keysyms_per_keycode);
	return by_place(keysym);
}

static void on_mapping(struct x11 *v, uint32_t id, void *data, const xcb_generic_error_t *error) {
	const xcb_get_keyboard_mapping_reply_t *r = data;

	if (!r || r->keysyms_per_keycode == 0)
		return;
	v->escape = key_of(v, r, KEYSYM_ESCAPE);
	for (unsigned i = CTL_CHORD_COPY; i <= CTL_CHORD_PASTE; i++)
		v->chord_keys[i] = key_of(v, r, v->chords[i].keysym);
}

void x11_view_set_chord(struct x11 *v, unsigned what, struct ctl_chord chord) {
	v->chords[what] = chord;
	x11_input_refresh_keys(v);
}

void x11_input_refresh_keys(struct x11 *v) {
	const xcb_setup_t *s = xcb_get_setup(v->c);
	uint8_t count = (uint8_t)(s->max_keycode - s->min_keycode + 1);

	x11_await(v, xcb_get_keyboard_mapping(v->c, s->min_keycode, count).sequence, 0, on_mapping);
}

static struct xwin *outer_of(const struct x11 *v, xcb_window_t xid) {
	struct xwin *w = x11_by_xid(v, xid);

	return w && w->outer == xid ? w : NULL;
}

static struct xwin *content_of(const struct x11 *v, xcb_window_t xid) {
	struct xwin *w = x11_by_xid(v, xid);

	return w && w->content == xid ? w : NULL;
}

static void dispatch(struct x11 *v, const xcb_generic_event_t *e) {
	struct xwin *w;

	switch (e->response_type) {
	case XCB_KEY_PRESS:
	case XCB_KEY_RELEASE:
		w = outer_of(v, ((const xcb_key_press_event_t *)e)->event);
		if (w)
			on_key(w, (const void *)e);
		break;
	case XCB_BUTTON_PRESS:
	case XCB_BUTTON_RELEASE:
		w = content_of(v, ((const xcb_button_press_event_t *)e)->event);
		if (w)
			on_button(w, (const void *)e);
		break;
	case XCB_MOTION_NOTIFY:
		w = content_of(v, ((const xcb_motion_notify_event_t *)e)->event);
		if (w)
			on_motion(w, (const void *)e);
		break;
	case XCB_ENTER_NOTIFY:
	case XCB_LEAVE_NOTIFY:
		w = content_of(v, ((const xcb_enter_notify_event_t *)e)->event);
		if (w)
			on_crossing(w, (const void *)e);
		break;
	default:
		w = outer_of(v, ((const xcb_focus_in_event_t *)e)->event);
		if (w)
			on_focus(w, (const void *)e);
		break;
	}
}

bool x11_input_on_event(struct x11 *v, const xcb_generic_event_t *e) {
	uint8_t type = e->response_type & 0x7f;

	if (type == XCB_KEYMAP_NOTIFY) {
		on_keymap(v, (const void *)e);
		return true;
	}
	if (type == XCB_MAPPING_NOTIFY) {
		x11_input_refresh_keys(v);
		return true;
	}
	if (type < XCB_KEY_PRESS || type > XCB_FOCUS_OUT)
		return false;
	release_held(
		v); /* the keys always follow at once: this is only for a server that differs */
	if (!(e->response_type & 0x80))
		dispatch(v, e);
	return true;
}
