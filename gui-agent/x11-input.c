/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The person's input into the domain by XTEST (gui-protocol 3.5). No request of the hot path waits
 * for an answer: the server's modifier state is asked for after a key and known before the next
 * one, or else the two sides agree because the same keys went through both.
 *
 * The stacking order of this X server is nobody's business but ours (all windows are redirected):
 * whatever window the daemon's pointer is in is raised, so that the event reaches it; and when the
 * pointer leaves the domain, an invisible window over everything makes clients see it leave.
 *
 * Must never let the X server repeat a key by itself (bug class B1).
 */
#include "gui-agent/x11-display.h"

#define KEYSYM_NUM_LOCK    0xff7f
#define KEYSYM_SCROLL_LOCK 0xff14

static void fake(struct x11 *x, uint8_t type, uint8_t detail, struct point at) {
	xcb_test_fake_input(x->c, type, detail, XCB_CURRENT_TIME, x->root,
		(int16_t)CLAMP(at.x, INT16_MIN, INT16_MAX),
		(int16_t)CLAMP(at.y, INT16_MIN, INT16_MAX), 0);
}

static void stack(struct x11 *x, uint32_t window, uint32_t mode) {
	xcb_configure_window(x->c, window, XCB_CONFIG_WINDOW_STACK_MODE, &mode);
}

static void raise_window(struct x11 *x, struct window *w) {
	if (x->top == w->id)
		return;
	stack(x, w->id, XCB_STACK_MODE_ABOVE);
	if (x->top == x->stub)
		stack(x, x->stub, XCB_STACK_MODE_BELOW);
	x->top = w->id;
}

void x11_input_will_map(struct x11 *x, uint32_t window) {
	uint32_t values[] = {x->stub, XCB_STACK_MODE_BELOW};

	if (x->top == x->stub)
		xcb_configure_window(x->c, window,
			XCB_CONFIG_WINDOW_SIBLING | XCB_CONFIG_WINDOW_STACK_MODE, values);
}

void x11_input_mapped(struct x11 *x) {
	if (x->top == x->stub)
		stack(x, x->stub, XCB_STACK_MODE_ABOVE);
	else
		x->top = XCB_NONE; /* the new one may be above it */
}

static void on_state(struct x11 *x, uint32_t window, uint32_t arg, void *reply) {
	const xcb_query_pointer_reply_t *p = reply;

	x->state_asked--;
	if (!p)
		return;
	x->state = (uint8_t)p->mask;
	x->state_known = true;
}

static void ask_state(struct x11 *x) {
	x->state_asked++;
	x11_await(x, xcb_query_pointer(x->c, x->root).sequence, on_state, 0, 0);
}

static void inject_keys(struct x11 *x, const struct key_action *actions, size_t n) {
	for (size_t i = 0; i < n; i++)
		fake(x, actions[i].press ? XCB_KEY_PRESS : XCB_KEY_RELEASE, actions[i].code,
			(struct point){0, 0});
}

static void inject_key(struct x11 *x, uint8_t code, bool press) {
	struct key_action a = {code, press};

	keys_note(&x->keys, a);
	inject_keys(x, &a, 1);
}

void x11_key(struct x11 *x, const struct gui_key *key) {
	struct key_action actions[KEYS_ACTIONS_MAX];
	uint8_t code = (uint8_t)key->keycode;
	bool press = key->type == XCB_KEY_PRESS;

	x11_focus_apply(x);
	if (press && x->state_known && x->state_asked == 0)
		inject_keys(x, actions,
			keys_sync(&x->keys, &x->keymap, x->state, (uint8_t)key->state, actions));
	if (keys_is_down(&x->keys, code))
		inject_key(x, code, false); /* its release, or the daemon's side repeats it */
	if (press)
		inject_key(x, code, true);
	ask_state(x);
}

static struct point absolute(const struct window *w, struct point at) {
	return (struct point){w->at.x + at.x, w->at.y + at.y};
}

void x11_motion(struct x11 *x, struct window *w, struct point at) {
	if (x->buttons == 0)
		raise_window(x, w);
	fake(x, XCB_MOTION_NOTIFY, 0, absolute(w, at));
}

void x11_button(struct x11 *x, struct window *w, const struct gui_button *button) {
	bool press = button->type == XCB_BUTTON_PRESS;
	uint16_t bit = (uint16_t)(button->button < 16 ? 1u << button->button : 0);

	if (bit == 0 || (!press && !(x->buttons & bit)))
		return;
	x11_motion(x, w, (struct point){button->x, button->y});
	x->buttons = (uint16_t)(press ? x->buttons | bit : x->buttons & ~bit);
	fake(x, (uint8_t)button->type, (uint8_t)button->button, (struct point){0, 0});
}

void x11_crossing(struct x11 *x, struct window *w, const struct gui_crossing *crossing) {
	if (crossing->type == XCB_ENTER_NOTIFY) {
		x->pointer = w->id;
		x11_motion(x, w, (struct point){crossing->x, crossing->y});
		x11_cursor_entered(x);
		ask_state(x);
		return;
	}
	if (x->pointer == w->id)
		x->pointer = 0;
	if (x->buttons == 0 && x->pointer == 0 && x->top != x->stub) {
		stack(x, x->stub, XCB_STACK_MODE_ABOVE);
		x->top = x->stub;
	}
}

void x11_keymap(struct x11 *x, const uint8_t keys[32]) {
	struct key_action actions[KEYS_ACTIONS_MAX];

	inject_keys(x, actions, keys_release(&x->keys, keys, actions));
	ask_state(x);
}

void x11_release_all(struct x11 *x) {
	static const uint8_t none[32];

	x11_keymap(x, none);
	for (uint8_t b = 1; b < 16; b++) {
		if (x->buttons >> b & 1)
			fake(x, XCB_BUTTON_RELEASE, b, (struct point){0, 0});
	}
	x->buttons = 0;
}

static void no_repeat(struct x11 *x) {
	uint32_t off = XCB_AUTO_REPEAT_MODE_OFF;

	xcb_change_keyboard_control(x->c, XCB_KB_AUTO_REPEAT_MODE, &off);
}

static void on_modifiers(struct x11 *x, uint32_t window, uint32_t arg, void *reply) {
	const xcb_get_modifier_mapping_reply_t *m = reply;
	const xcb_keycode_t *codes;

	if (!m)
		return;
	memset(x->keymap.modifiers, 0, sizeof(x->keymap.modifiers));
	codes = xcb_get_modifier_mapping_keycodes(m);
	for (unsigned i = 0; i < 8u * m->keycodes_per_modifier; i++)
		x->keymap.modifiers[codes[i]] |= (uint8_t)(1u << i / m->keycodes_per_modifier);
	x->keymap.modifiers[0] = 0;
}

static void on_keysyms(struct x11 *x, uint32_t window, uint32_t first, void *reply) {
	xcb_get_keyboard_mapping_reply_t *m = reply;
	uint32_t code;
	int n;

	if (!m || m->keysyms_per_keycode == 0)
		return;
	n = xcb_get_keyboard_mapping_keysyms_length(m);
	x->keymap.toggles = XCB_MOD_MASK_LOCK;
	for (int i = 0; i < n; i++) {
		xcb_keysym_t sym = xcb_get_keyboard_mapping_keysyms(m)[i];

		code = first + (uint32_t)i / m->keysyms_per_keycode;
		if (code < 256 && (sym == KEYSYM_NUM_LOCK || sym == KEYSYM_SCROLL_LOCK))
			x->keymap.toggles |= x->keymap.modifiers[code];
	}
}

static void ask_keymap(struct x11 *x) {
	const xcb_setup_t *setup = xcb_get_setup(x->c);
	uint8_t first = setup->min_keycode, count = (uint8_t)(setup->max_keycode - first + 1);

	x11_await(x, xcb_get_modifier_mapping(x->c).sequence, on_modifiers, 0, 0);
	x11_await(x, xcb_get_keyboard_mapping(x->c, first, count).sequence, on_keysyms, 0, first);
	ask_state(x);
}

void x11_input_event(struct x11 *x, const xcb_generic_event_t *e) {
	const xcb_xkb_controls_notify_event_t *controls = (const void *)e;
	bool xkb = x11_type(e) == x->xkb_event;

	if (x11_type(e) == XCB_MAPPING_NOTIFY ||
		(xkb && controls->xkbType == XCB_XKB_NEW_KEYBOARD_NOTIFY)) {
		ask_keymap(x);
		no_repeat(x);
	} else if (xkb && controls->xkbType == XCB_XKB_CONTROLS_NOTIFY &&
		   (controls->enabledControls & XCB_XKB_BOOL_CTRL_REPEAT_KEYS)) {
		no_repeat(x);
	}
}

static void select_events(struct x11 *x) {
	uint16_t which = XCB_XKB_EVENT_TYPE_CONTROLS_NOTIFY |
			 XCB_XKB_EVENT_TYPE_NEW_KEYBOARD_NOTIFY;

	xcb_xkb_select_events(x->c, XCB_XKB_ID_USE_CORE_KBD, which, 0, which, 0, 0, NULL);
}

static void make_stub(struct x11 *x) {
	uint32_t one = 1;

	x->stub = xcb_generate_id(x->c);
	xcb_create_window(x->c, 0, x->stub, x->root, 0, 0, INT16_MAX, INT16_MAX, 0,
		XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, XCB_CW_OVERRIDE_REDIRECT, &one);
	stack(x, x->stub, XCB_STACK_MODE_BELOW);
	xcb_map_window(x->c, x->stub);
}

void x11_input_start(struct x11 *x) {
	make_stub(x);
	select_events(x);
	no_repeat(x);
	ask_keymap(x);
}
