/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoders: every byte of a message is written and none of our memory travels (bug class D5),
 * too small a buffer is an answer, and what an honest peer would refuse is never sent.
 */
#include "proto/gui.h"

#include <glib.h>

static const uint8_t refs[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};

/* A message over a structure that was full of `fill`. */
static void make_agent(enum gui_type type, uint8_t fill, struct gui_from_agent *ret) {
	const struct rect at = {-3, 4, 32, 32};

	memset(ret, fill, sizeof(*ret));
	ret->type = type;
	ret->window = 0x01020304;
	switch ((unsigned)type) {
	case GUI_CREATE:
		ret->create.at = at;
		ret->create.parent = 9;
		ret->create.override_redirect = true;
		break;
	case GUI_MAP:
		ret->map.transient_for = 8;
		ret->map.override_redirect = false;
		break;
	case GUI_CONFIGURE:
		ret->configure.at = at;
		ret->configure.override_redirect = false;
		break;
	case GUI_SHMIMAGE:
		ret->shmimage.area = (struct rect){0, 0, 3, 4};
		break;
	case GUI_WMNAME:
		memcpy(ret->wmname.untrusted_text, "title", 6);
		break;
	case GUI_WMCLASS:
		memcpy(ret->wmclass.untrusted_class, "Class", 6);
		memcpy(ret->wmclass.untrusted_name, "", 1);
		break;
	case GUI_WINDOW_HINTS:
		ret->hints.flags = GUI_HINT_MIN_SIZE;
		ret->hints.min = (struct size){1, 2};
		break;
	case GUI_WINDOW_FLAGS:
		ret->flags = (struct gui_flags){1, 2};
		break;
	case GUI_WINDOW_DUMP:
		ret->dump = (struct gui_dump){{32, 32}, 32, 4, refs};
		break;
	case GUI_CURSOR:
		ret->cursor.glyph = 0x144;
		break;
	case GUI_CLIPBOARD_DATA:
		ret->clipboard = (struct gui_clipboard){refs, 5};
		break;
	default:
		break;
	}
}

static void make_daemon(enum gui_type type, uint8_t fill, struct gui_from_daemon *ret) {
	memset(ret, fill, sizeof(*ret));
	ret->type = type;
	ret->window = 0x01020304;
	switch ((unsigned)type) {
	case GUI_KEYPRESS:
		ret->key = (struct gui_key){2, 1, 2, 3, 38};
		break;
	case GUI_BUTTON:
		ret->button = (struct gui_button){4, 1, 2, 3, 1};
		break;
	case GUI_MOTION:
		ret->motion = (struct gui_motion){1, 2, 3, 0};
		break;
	case GUI_CROSSING:
		ret->crossing = (struct gui_crossing){7, 1, 2, 3, 0, 0, 1};
		break;
	case GUI_FOCUS:
		ret->focus = (struct gui_focus){9, 0, 0};
		break;
	case GUI_MAP:
		ret->map.override_redirect = true; /* transient_for stays full of `fill` */
		break;
	case GUI_CONFIGURE:
		ret->configure.at = (struct rect){1, 2, 3, 4};
		ret->configure.override_redirect = false;
		break;
	case GUI_WINDOW_FLAGS:
		ret->flags = (struct gui_flags){1, 4};
		break;
	case GUI_KEYMAP_NOTIFY:
		memset(ret->keymap.keys, 3, sizeof(ret->keymap.keys));
		break;
	case GUI_CLIPBOARD_DATA:
		ret->clipboard = (struct gui_clipboard){refs, 5};
		break;
	default:
		break;
	}
}

static size_t encode(bool agent, enum gui_type type, uint8_t fill, uint8_t *buf, size_t size) {
	struct gui_from_daemon d;
	struct gui_from_agent a;

	if (agent) {
		make_agent(type, fill, &a);
		return gui_encode_from_agent(&a, buf, size);
	}
	make_daemon(type, fill, &d);
	return gui_encode_from_daemon(&d, buf, size);
}

/* The same message from different garbage into different garbage is the same bytes. */
static void check_encoding(bool agent, enum gui_type type) {
	uint8_t one[GUI_MESSAGE_MAX + 8], two[GUI_MESSAGE_MAX + 8];
	size_t n, m;

	memset(one, 0xaa, sizeof(one));
	memset(two, 0x55, sizeof(two));
	n = encode(agent, type, 0xaa, one, GUI_MESSAGE_MAX);
	m = encode(agent, type, 0x55, two, GUI_MESSAGE_MAX);
	g_assert_cmpuint(n, >=, GUI_HEADER_SIZE);
	g_assert_cmpmem(one, n, two, m);
	for (size_t i = n; i < sizeof(one); i++)
		g_assert_cmphex(one[i], ==, 0xaa);
	g_assert_cmphex(one[0], ==, type);
	g_assert_cmpuint(one[8], ==, n - GUI_HEADER_SIZE);

	g_assert_cmpuint(encode(agent, type, 0, one, n), ==, n);
	for (size_t i = 0; i < n; i++) {
		memset(one, 0xaa, sizeof(one));
		g_assert_cmpuint(encode(agent, type, 0, one, i), ==, 0);
		g_assert_cmphex(one[i], ==, 0xaa);
	}
}

static void test_every_byte(void) {
	static const enum gui_type agent[] = {GUI_CREATE, GUI_DESTROY, GUI_MAP, GUI_UNMAP,
		GUI_CONFIGURE, GUI_SHMIMAGE, GUI_CLIPBOARD_DATA, GUI_WMNAME, GUI_DOCK,
		GUI_WINDOW_HINTS, GUI_WINDOW_FLAGS, GUI_WMCLASS, GUI_WINDOW_DUMP, GUI_CURSOR};
	static const enum gui_type daemon[] = {GUI_KEYPRESS, GUI_BUTTON, GUI_MOTION, GUI_CROSSING,
		GUI_FOCUS, GUI_DESTROY, GUI_MAP, GUI_CONFIGURE, GUI_CLOSE, GUI_CLIPBOARD_REQ,
		GUI_CLIPBOARD_DATA, GUI_KEYMAP_NOTIFY, GUI_WINDOW_FLAGS, GUI_WINDOW_DUMP_ACK};

	for (size_t i = 0; i < G_N_ELEMENTS(agent); i++)
		check_encoding(true, agent[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(daemon); i++)
		check_encoding(false, daemon[i]);
}

static void test_absent_hints(void) {
	const uint8_t zeros[36] = {0};
	uint8_t buf[GUI_MESSAGE_MAX];
	struct gui_from_agent m;

	make_agent(GUI_WINDOW_HINTS, 1, &m);
	m.hints.flags = 0;
	g_assert_cmpuint(gui_encode_from_agent(&m, buf, sizeof(buf)), ==, 12 + 36);
	g_assert_cmpmem(buf + 12, 36, zeros, 36);
}

static void refuse_agent(const struct gui_from_agent *m) {
	uint8_t buf[GUI_MESSAGE_MAX];

	g_assert_cmpuint(gui_encode_from_agent(m, buf, sizeof(buf)), ==, 0);
}

static void test_refuses_agent(void) {
	struct gui_from_agent m;

	make_agent(GUI_MFNDUMP, 0, &m);
	refuse_agent(&m);
	make_agent(GUI_KEYPRESS, 0, &m);
	refuse_agent(&m);
	make_agent((enum gui_type)0, 0, &m);
	refuse_agent(&m);
	make_agent(GUI_CREATE, 0, &m);
	m.create.at.w = 0;
	refuse_agent(&m);
	m.create.at = (struct rect){0, 0, GUI_MAX_W + 1, 1};
	refuse_agent(&m);
	make_agent(GUI_CONFIGURE, 0, &m);
	m.configure.at.x = -GUI_MAX_W - 1;
	refuse_agent(&m);
	make_agent(GUI_SHMIMAGE, 0, &m);
	m.shmimage.area.x = -1;
	refuse_agent(&m);
	make_agent(GUI_WMNAME, 'x', &m);
	memset(m.wmname.untrusted_text, 'x', 128);
	refuse_agent(&m);
	make_agent(GUI_WMCLASS, 0, &m);
	memset(m.wmclass.untrusted_name, 'x', 64);
	refuse_agent(&m);
	make_agent(GUI_WINDOW_HINTS, 0, &m);
	m.hints.flags |= GUI_HINT_MAX_SIZE;
	refuse_agent(&m);
	m.hints.flags = 2;
	refuse_agent(&m);
	make_agent(GUI_WINDOW_FLAGS, 0, &m);
	m.flags.unset = 1;
	refuse_agent(&m);
	m.flags = (struct gui_flags){8, 0};
	refuse_agent(&m);
	make_agent(GUI_CURSOR, 0, &m);
	m.cursor.glyph = 0x19a;
	refuse_agent(&m);
	make_agent(GUI_WINDOW_DUMP, 0, &m);
	m.dump.ref_count = 0;
	refuse_agent(&m);
}

static void test_refuses_daemon(void) {
	static const uint8_t big[GUI_CLIPBOARD_MAX + 2];
	static uint8_t out[sizeof(big) + GUI_HEADER_SIZE];
	struct gui_from_daemon m;

	make_daemon(GUI_CREATE, 0, &m);
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	make_daemon(GUI_KEYPRESS, 0, &m);
	m.key.keycode = 7;
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	m.key = (struct gui_key){4, 0, 0, 0, 38};
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	make_daemon(GUI_BUTTON, 0, &m);
	m.button.button = 0;
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	make_daemon(GUI_CROSSING, 0, &m);
	m.crossing.type = 9;
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	make_daemon(GUI_FOCUS, 0, &m);
	m.focus.type = 8;
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	make_daemon(GUI_CLIPBOARD_DATA, 0, &m);
	m.clipboard = (struct gui_clipboard){big, GUI_CLIPBOARD_MAX + 2};
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 0);
	m.clipboard.size--;
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==,
		GUI_HEADER_SIZE + GUI_CLIPBOARD_MAX + 1);
}

/* Both ways of writing a dump give the same bytes. */
static void test_dump(void) {
	const uint32_t numbers[4] = {1, 2, 3, 4};
	uint8_t one[64], two[64];
	struct gui_from_agent m;
	size_t n;

	make_agent(GUI_WINDOW_DUMP, 0, &m);
	n = gui_encode_from_agent(&m, one, sizeof(one));
	g_assert_cmpuint(n, ==, 12 + 16 + 16);
	g_assert_cmpuint(
		gui_encode_dump(m.window, m.dump.size, numbers, 4, two, sizeof(two)), ==, n);
	g_assert_cmpmem(one, n, two, n);
	g_assert_cmpuint(gui_encode_dump(1, m.dump.size, numbers, 4, two, n - 1), ==, 0);
	g_assert_cmpuint(
		gui_encode_dump(1, (struct size){0, 1}, numbers, 4, two, sizeof(two)), ==, 0);
	g_assert_cmpuint(
		gui_encode_dump(1, (struct size){2048, 3}, numbers, 4, two, sizeof(two)), ==, 0);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/D5/gui-every-byte-written", test_every_byte);
	g_test_add_func("/bug-class/D5/gui-absent-hints", test_absent_hints);
	g_test_add_func("/proto/gui/encode/refuses-agent", test_refuses_agent);
	g_test_add_func("/proto/gui/encode/refuses-daemon", test_refuses_daemon);
	g_test_add_func("/proto/gui/encode/dump", test_dump);
	return g_test_run();
}
