/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/input.h"

#include <glib.h>
#include <string.h>

static GString *log_of;
static struct input in;
static uint32_t state_seen; /* of the last button, motion or crossing */

static void send(void *data, const struct gui_from_daemon *m) {
	switch ((int)m->type) {
	case GUI_FOCUS:
		g_string_append_printf(
			log_of, "focus%s%u ", m->focus.type == 9 ? "+" : "-", m->window);
		break;
	case GUI_KEYMAP_NOTIFY:
		g_string_append_printf(log_of, "keys=%u ", m->keymap.keys[4]);
		break;
	case GUI_KEYPRESS:
		g_string_append_printf(log_of, "key%u ", m->window);
		break;
	default:
		state_seen = m->type == GUI_BUTTON   ? m->button.state
			     : m->type == GUI_MOTION ? m->motion.state
						     : m->crossing.state;
		g_string_append_printf(log_of, "%d@%u ", (int)m->type, m->window);
		break;
	}
}

static void refocus(void *data, uint32_t window) {
	g_string_append_printf(log_of, "refocus%u ", window);
}

static void begin(void) {
	struct input_config c = {.domain_id = 3, .send = send, .refocus = refocus};

	input_init(&in, &c);
	g_string_truncate(log_of, 0);
}

static void event(enum gui_type type, uint32_t window, uint32_t detail) {
	struct gui_from_daemon m = {.type = type, .window = window};

	if (type == GUI_KEYMAP_NOTIFY)
		m.keymap.keys[4] = (uint8_t)detail;
	else if (type == GUI_FOCUS)
		m.focus.type = detail;
	else if (type == GUI_CROSSING)
		m.crossing.type = detail;
	if (type == GUI_BUTTON)
		m.button.state = 0x1fff;
	else if (type == GUI_MOTION)
		m.motion.state = 0x1fff;
	else if (type == GUI_CROSSING)
		m.crossing.state = 0x1fff;
	input_on_event(&in, &m);
}

static void focus_in(uint32_t window) {
	event(GUI_KEYMAP_NOTIFY, 0, 77);
	event(GUI_FOCUS, window, 9);
}

static void expect(const char *text) {
	g_assert_cmpstr(log_of->str, ==, text);
	g_string_truncate(log_of, 0);
}

static void test_keys_need_the_focus(void) {
	begin();
	event(GUI_KEYPRESS, 1, 0);
	expect("");
	focus_in(1);
	event(GUI_KEYPRESS, 1, 0);
	expect("keys=77 focus+1 key1 ");
	event(GUI_FOCUS, 1, 10);
	event(GUI_KEYPRESS, 1, 0);
	expect("focus-1 ");
}

/* What is typed elsewhere is not told when the pointer comes by. */
static void test_enter_without_focus_tells_no_keys(void) {
	begin();
	event(GUI_KEYMAP_NOTIFY, 0, 77);
	event(GUI_CROSSING, 1, 7);
	expect("keys=0 127@1 ");
	focus_in(1);
	event(GUI_KEYMAP_NOTIFY, 0, 77);
	event(GUI_CROSSING, 1, 7);
	expect("keys=77 focus+1 keys=77 127@1 ");
}

/* Nor which modifiers are held elsewhere; the buttons are this window's own. */
static void test_pointer_without_focus_tells_no_modifiers(void) {
	static const enum gui_type types[] = {GUI_BUTTON, GUI_MOTION, GUI_CROSSING};

	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		begin();
		event(types[i], 1, 7);
		g_assert_cmphex(state_seen, ==, 0x1f00);
		focus_in(1);
		event(types[i], 1, 7);
		g_assert_cmphex(state_seen, ==, 0x1fff);
		input_set_keyboard_lock(&in, 4);
		event(types[i], 1, 7);
		g_assert_cmphex(state_seen, ==, 0x1f00);
	}
}

static void test_nothing_while_locked(void) {
	begin();
	focus_in(1);
	expect("keys=77 focus+1 ");
	input_set_screen_locked(&in, true);
	expect("keys=0 focus-1 ");
	event(GUI_KEYPRESS, 1, 0);
	event(GUI_BUTTON, 1, 0);
	event(GUI_MOTION, 1, 0);
	event(GUI_KEYMAP_NOTIFY, 0, 77);
	event(GUI_CROSSING, 1, 7);
	event(GUI_FOCUS, 1, 10);
	focus_in(2);
	expect("");
	input_set_screen_locked(&in, false);
	expect("refocus2 ");
}

static void test_keyboard_lock(void) {
	begin();
	focus_in(1);
	input_set_keyboard_lock(&in, 3);
	expect("keys=77 focus+1 ");
	input_set_keyboard_lock(&in, 4);
	event(GUI_KEYPRESS, 1, 0);
	expect("keys=0 focus-1 ");
	event(GUI_BUTTON, 1, 0); /* the pointer is another matter */
	expect("125@1 ");
	input_set_keyboard_lock(&in, 0);
	expect("refocus1 ");
}

static void test_hidden(void) {
	begin();
	focus_in(1);
	input_set_hidden(&in, true);
	expect("keys=77 focus+1 keys=0 focus-1 ");
	event(GUI_BUTTON, 1, 0);
	expect("");
	input_forget(&in, 1);
	input_set_hidden(&in, false);
	expect("");
}

static void test_from_window_to_window(void) {
	begin();
	focus_in(1);
	focus_in(2); /* the first one's end was lost */
	event(GUI_FOCUS, 1, 10);
	event(GUI_KEYPRESS, 2, 0);
	expect("keys=77 focus+1 focus-1 keys=77 focus+2 key2 ");
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	log_of = g_string_new(NULL);
	g_test_add_func("/input/keys-need-the-focus", test_keys_need_the_focus);
	g_test_add_func("/bug-class/B4/enter-without-focus-tells-no-keys",
		test_enter_without_focus_tells_no_keys);
	g_test_add_func("/bug-class/B4/pointer-without-focus-tells-no-modifiers",
		test_pointer_without_focus_tells_no_modifiers);
	g_test_add_func("/bug-class/A16/nothing-while-locked", test_nothing_while_locked);
	g_test_add_func("/bug-class/B1/keys-are-released-when-locked", test_keyboard_lock);
	g_test_add_func("/input/hidden", test_hidden);
	g_test_add_func("/input/from-window-to-window", test_from_window_to_window);
	return g_test_run();
}
