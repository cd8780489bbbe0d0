/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the GUI agent reads from a daemon, the handshake, and what encoders write, at the edges. */
#include "proto/gui.h"

#include <glib.h>

#define R       GUI_E_RANGE
#define MIN_I32 0x80000000u
#define NEG(v)  ((uint32_t) - (v))

struct row {
	const char *name;
	uint32_t type, length;
	int answer;
	uint32_t in[8], out[8];
};

static const struct row rows[] = {
	{"press", GUI_KEYPRESS, 20, 0, {2, NEG(1), NEG(2), 0x1fff, 8},
		{2, NEG(1), NEG(2), 0x1fff, 8}},
	{"release", GUI_KEYPRESS, 20, 0, {3, 0, 0, 0, 255}, {3, 0, 0, 0, 255}},
	{"key type 1", GUI_KEYPRESS, 20, R, {1, 0, 0, 0, 8}},
	{"key type 4", GUI_KEYPRESS, 20, R, {4, 0, 0, 0, 8}},
	{"keycode 7", GUI_KEYPRESS, 20, R, {2, 0, 0, 0, 7}},
	{"keycode 256", GUI_KEYPRESS, 20, R, {2, 0, 0, 0, 256}},
	{"keycode 2^31", GUI_KEYPRESS, 20, R, {2, 0, 0, 0, MIN_I32 | 8}},
	{"press", GUI_BUTTON, 20, 0, {4, 1, 2, 3, 1}, {4, 1, 2, 3, 1}},
	{"release", GUI_BUTTON, 20, 0, {5, 1, 2, 3, 255}, {5, 1, 2, 3, 255}},
	{"button type 3", GUI_BUTTON, 20, R, {3, 1, 2, 3, 1}},
	{"button type 6", GUI_BUTTON, 20, R, {6, 1, 2, 3, 1}},
	{"button 0", GUI_BUTTON, 20, R, {4, 1, 2, 3, 0}},
	{"button 256", GUI_BUTTON, 20, R, {4, 1, 2, 3, 256}},
	{"any", GUI_MOTION, 16, 0, {MIN_I32, NEG(1), NEG(1), 1}, {MIN_I32, NEG(1), NEG(1), 1}},
	{"enter", GUI_CROSSING, 28, 0, {7, 1, 2, 3, 4, 5, 6}, {7, 1, 2, 3, 4, 5, 6}},
	{"leave", GUI_CROSSING, 28, 0, {8, 1, 2, 3, 4, 5, 6}, {8, 1, 2, 3, 4, 5, 6}},
	{"crossing 6", GUI_CROSSING, 28, R, {6}},
	{"crossing 9", GUI_CROSSING, 28, R, {9}},
	{"in", GUI_FOCUS, 12, 0, {9, 0, 3}, {9, 0, 3}},
	{"out", GUI_FOCUS, 12, 0, {10, 0, 3}, {10, 0, 3}},
	{"focus 8", GUI_FOCUS, 12, R, {8}},
	{"focus 11", GUI_FOCUS, 12, R, {11}},
	{"transient_for is garbage", GUI_MAP, 8, 0, {0xdeadbeef, 2}, {0, 1}},
	{"plain", GUI_CONFIGURE, 20, 0, {NEG(5), 5, 6, 7, 0}, {NEG(5), 5, 6, 7, 0}},
	{"empty", GUI_CONFIGURE, 20, R, {0, 0, 0, 1, 0}},
	{"beyond", GUI_CONFIGURE, 20, 0, {16385, NEG(6145), 16385, 6145, 0},
		{16384, NEG(6144), 16384, 6144, 0}},
	{"delta", GUI_WINDOW_FLAGS, 8, 0, {1, 6}, {1, 6}},
	{"overlap", GUI_WINDOW_FLAGS, 8, R, {1, 1}},
	{"keys", GUI_KEYMAP_NOTIFY, 32, 0, {1, 2, 3, 4, 5, 6, 7, NEG(1)},
		{1, 2, 3, 4, 5, 6, 7, NEG(1)}},
	{"ack", GUI_DESTROY, 0, 0},
	{"close", GUI_CLOSE, 0, 0},
	{"request", GUI_CLIPBOARD_REQ, 0, 0},
	{"ack", GUI_WINDOW_DUMP_ACK, 0, 0},
	{"data", GUI_CLIPBOARD_DATA, 8, 0, {1, 2}, {1, 2}},
};

static void write_words(uint8_t *buf, const uint32_t *words, uint32_t bytes) {
	struct sink s = sink_over(buf, bytes);

	for (uint32_t i = 0; i < bytes / 4; i++)
		sink_u32(&s, words[i]);
}

static struct span header_bytes(uint8_t buf[12], uint32_t type, uint32_t window, uint32_t length) {
	write_words(buf, (const uint32_t[3]){type, window, length}, 12);
	return span_over(buf, 12);
}

static void check_row(const struct row *row) {
	struct gui_header h = {row->type, 0xcafe, row->length};
	uint8_t body[33], out[GUI_MESSAGE_MAX], want[32];
	struct gui_from_daemon m, before;
	int r;

	g_test_message("%u %s", row->type, row->name);
	write_words(body, row->in, row->length);
	memset(&m, 0xaa, sizeof(m));
	before = m;
	r = gui_decode_daemon_body(&h, span_over(body, row->length), &m);
	g_assert_cmpint(r, ==, row->answer);
	if (r != 0) {
		g_assert_cmpmem(&m, sizeof(m), &before, sizeof(m));
		return;
	}
	g_assert_cmpuint(gui_encode_from_daemon(&m, out, sizeof(out)), ==, 12 + row->length);
	write_words(want, row->out, row->length);
	g_assert_cmpmem(out + 12, row->length, want, row->length);

	g_assert_cmpint(
		gui_decode_daemon_body(&h, span_over(body, row->length + 1), &m), ==, GUI_E_LENGTH);
}

static void test_ranges(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

static void test_bodies(void) {
	const uint8_t body[36] = {1, 1, 1, 1, 1, 1, 1, 1};
	struct span bad = span_over(body, 8);
	struct gui_header h = {GUI_MAP, 1, 8};
	struct gui_from_daemon m;

	g_assert_cmpint(gui_decode_daemon_body(&h, bad, &m), ==, 0);
	g_assert_cmpuint(m.map.transient_for, ==, 0);
	bad.bad = true;
	g_assert_cmpint(gui_decode_daemon_body(&h, bad, &m), ==, GUI_E_LENGTH);
	h.length = 9;
	g_assert_cmpint(gui_decode_daemon_body(&h, span_over(body, 9), &m), ==, GUI_E_LENGTH);
	h = (struct gui_header){GUI_WINDOW_HINTS, 1, 36};
	g_assert_cmpint(gui_decode_daemon_body(&h, span_over(body, 36), &m), ==, GUI_E_TYPE);
}

static uint32_t fixed_length(uint32_t type) {
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].type == type && type != GUI_CLIPBOARD_DATA)
			return rows[i].length;
	return UINT32_MAX;
}

/* Known types have one length; unknown ones are handed on so that they can be skipped. */
static void test_headers(void) {
	struct gui_header h;
	uint8_t buf[12];

	for (uint32_t type = 100; type < 200; type++) {
		for (uint32_t n = 0; n < 300; n++) {
			uint32_t want = fixed_length(type);
			int r = gui_decode_daemon_header(header_bytes(buf, type, 5, n), &h);

			if (type == GUI_CLIPBOARD_DATA)
				g_assert_cmpint(r, ==, 0);
			else if (want == UINT32_MAX)
				g_assert_cmpint(r, ==, GUI_E_TYPE);
			else
				g_assert_cmpint(r, ==, n == want ? 0 : GUI_E_LENGTH);
			if (r != GUI_E_LENGTH) {
				g_assert_cmpuint(h.type, ==, type);
				g_assert_cmpuint(h.window, ==, 5);
				g_assert_cmpuint(h.length, ==, n);
			}
		}
	}
	g_assert_cmpint(
		gui_decode_daemon_header(header_bytes(buf, 138, 0, 255), &h), ==, GUI_E_TYPE);
	for (size_t n = 0; n < 12; n++)
		g_assert_cmpint(gui_decode_daemon_header(span_over(buf, n), &h), ==, GUI_E_LENGTH);
	g_assert_cmpint(
		gui_decode_daemon_header(header_bytes(buf, GUI_CLIPBOARD_DATA, 0, 256001), &h), ==,
		0);
	g_assert_cmpint(
		gui_decode_daemon_header(header_bytes(buf, GUI_CLIPBOARD_DATA, 0, 256002), &h), ==,
		GUI_E_LENGTH);
}

static void test_version(void) {
	const struct {
		struct gui_version agent;
		int answer;
		unsigned minor;
	} negotiations[] = {
		{{0, 0}, 1, 0},
		{{0, 65535}, 1, 0},
		{{1, 0}, 0, 0},
		{{1, 7}, 0, 7},
		{{1, 8}, 0, 8},
		{{1, 9}, 0, 8},
		{{1, 65535}, 0, 8},
		{{2, 0}, 2, 0},
		{{65535, 8}, 2, 0},
	};
	struct gui_version v;
	uint8_t buf[5] = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(negotiations); i++) {
		g_assert_cmpuint(gui_encode_version(negotiations[i].agent, buf, 4), ==, 4);
		g_assert_cmpint(gui_decode_version(span_over(buf, 4), &v), ==, 0);
		g_assert_cmpint(gui_negotiate(v, &v), ==, negotiations[i].answer);
		if (negotiations[i].answer == 0) {
			g_assert_cmpuint(v.major, ==, 1);
			g_assert_cmpuint(v.minor, ==, negotiations[i].minor);
		}
	}
	gui_encode_version((struct gui_version){0x0102, 0x0304}, buf, 4);
	g_assert_cmpmem(buf, 4, "\x04\x03\x02\x01", 4);
	for (size_t n = 0; n <= 5; n++) {
		g_assert_cmpint(
			gui_decode_version(span_over(buf, n), &v), ==, n == 4 ? 0 : GUI_E_LENGTH);
		g_assert_cmpuint(gui_encode_version(v, buf, n), ==, n < 4 ? 0 : 4);
	}
}

static void test_xconf(void) {
	const struct {
		uint32_t w, h;
		bool ok;
	} screens[] = {
		{1, 1, true},
		{1920, 1080, true},
		{65535, 65535, true},
		{0, 1, false},
		{1, 0, false},
		{65536, 1, false},
		{1, 65536, false},
		{MIN_I32, 1, false},
	};
	uint8_t buf[17] = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(screens); i++) {
		struct gui_xconf x = {{screens[i].w, screens[i].h}, 24, 99}, back;

		write_words(buf, (const uint32_t[4]){x.screen.w, x.screen.h, 24, 99}, 16);
		g_assert_cmpint(
			gui_decode_xconf(span_over(buf, 16), &back), ==, screens[i].ok ? 0 : R);
		g_assert_cmpuint(gui_encode_xconf(&x, buf, 16), ==, screens[i].ok ? 16 : 0);
		g_assert_cmpuint(gui_encode_xconf(&x, buf, 15), ==, 0);
		g_assert_cmpint(gui_decode_xconf(span_over(buf, 15), &back), ==, GUI_E_LENGTH);
		g_assert_cmpint(gui_decode_xconf(span_over(buf, 17), &back), ==, GUI_E_LENGTH);
		if (screens[i].ok)
			g_assert_cmpuint(back.screen.w + back.screen.h + back.depth, ==,
				x.screen.w + x.screen.h + 24);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proto/gui/daemon/ranges", test_ranges);
	g_test_add_func("/proto/gui/daemon/bodies", test_bodies);
	g_test_add_func("/proto/gui/daemon/headers", test_headers);
	g_test_add_func("/proto/gui/version", test_version);
	g_test_add_func("/proto/gui/xconf", test_xconf);
	return g_test_run();
}
