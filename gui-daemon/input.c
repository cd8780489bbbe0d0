/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/input.h"

#define X_FOCUS_IN         9
#define X_FOCUS_OUT        10
#define X_NOTIFY_NONLINEAR 3
#define X_MODIFIERS        0xffu /* of a key or button state; above are the buttons */

void input_init(struct input *in, const struct input_config *config) {
	*in = (struct input){.config = *config};
}

bool input_keys_allowed(const struct input *in) {
	return !in->screen_locked && !in->hidden &&
	       (in->keyboard_lock == 0 || in->keyboard_lock == in->config.domain_id);
}

static bool pointer_allowed(const struct input *in) {
	return !in->screen_locked && !in->hidden;
}

static void send(struct input *in, const struct gui_from_daemon *m) {
	in->config.send(in->config.data, m);
}

/* No key is down as far as this domain may know: agents release what they hold. */
static void release_all(struct input *in) {
	struct gui_from_daemon m = {.type = GUI_KEYMAP_NOTIFY, .window = 0};

	send(in, &m);
}

static void tell_focus_out(struct input *in) {
	struct gui_from_daemon m = {.type = GUI_FOCUS, .window = in->told_window};

	if (!in->told)
		return;
	in->told = false;
	m.focus.type = X_FOCUS_OUT;
	m.focus.detail = X_NOTIFY_NONLINEAR;
	send(in, &m);
}

/* The keys that are down, before a focus or enter event. What is typed elsewhere is not this
 * domain's business: then none are. */
static void tell_keys(struct input *in, bool focused) {
	struct gui_from_daemon m = {.type = GUI_KEYMAP_NOTIFY, .window = 0};

	if (!in->keys_held)
		return;
	in->keys_held = false;
	if (focused)
		m.keymap = in->keys;
	send(in, &m);
}

/* Which modifiers are held while another domain, or nobody, has the keyboard. */
static void hide_modifiers(struct gui_from_daemon *m) {
	if (m->type == GUI_BUTTON)
		m->button.state &= ~X_MODIFIERS;
	else if (m->type == GUI_MOTION)
		m->motion.state &= ~X_MODIFIERS;
	else if (m->type == GUI_CROSSING)
		m->crossing.state &= ~X_MODIFIERS;
}

static void on_focus(struct input *in, const struct gui_from_daemon *m) {
	if (m->focus.type == X_FOCUS_OUT) {
		if (in->focused && in->focus == m->window)
			in->focused = false;
		if (in->told && in->told_window == m->window) {
			in->told = false;
			send(in, m);
		}
		return;
	}
	in->focused = true;
	in->focus = m->window;
	if (!input_keys_allowed(in))
		return;
	if (in->told && in->told_window != m->window)
		tell_focus_out(in);
	tell_keys(in, true);
	in->told = true;
	in->told_window = m->window;
	send(in, m);
}

void input_on_event(struct input *in, const struct gui_from_daemon *m) {
	if (m->type == GUI_KEYMAP_NOTIFY) {
		in->keys = m->keymap;
		in->keys_held = true;
		return;
	}
	if (m->type == GUI_FOCUS) {
		on_focus(in, m);
	} else if (m->type == GUI_KEYPRESS) {
		if (in->focused && input_keys_allowed(in))
			send(in, m);
	} else if (pointer_allowed(in)) {
		bool keys = in->focused && input_keys_allowed(in);
		struct gui_from_daemon shown = *m;

		tell_keys(in, keys);
		if (!keys)
			hide_modifiers(&shown);
		send(in, &shown);
	}
	in->keys_held = false;
}

void input_forget(struct input *in, uint32_t window) {
	if (in->focused && in->focus == window)
		in->focused = false;
	if (in->told && in->told_window == window)
		in->told = false;
}

/* After a change of what is allowed: the agent hears what that means for its focus. */
static void settle(struct input *in, bool keys_before) {
	bool keys = input_keys_allowed(in);

	if (keys == keys_before)
		return;
	if (!keys) {
		release_all(in);
		tell_focus_out(in);
	} else if (in->focused) {
		in->config.refocus(in->config.data, in->focus);
	}
}

void input_set_screen_locked(struct input *in, bool locked) {
	bool before = input_keys_allowed(in);

	in->screen_locked = locked;
	settle(in, before);
}

void input_set_hidden(struct input *in, bool hidden) {
	bool before = input_keys_allowed(in);

	in->hidden = hidden;
	settle(in, before);
}

void input_set_keyboard_lock(struct input *in, uint32_t domain_id) {
	bool before = input_keys_allowed(in);

	in->keyboard_lock = domain_id;
	settle(in, before);
}
