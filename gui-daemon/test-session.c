/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handshake and the phases, without any window: the model behind it is a stub that counts. */
#include "gui-daemon/session.h"
#include "gui-daemon/windows.h"

#include <glib.h>
#include <string.h>

static GByteArray *out;
static unsigned connected, dropped, handled;
static int answer;

int windows_on_message(struct windows *t, const struct gui_from_agent *m, unsigned minor) {
	handled++;
	return answer;
}

const char *windows_reason(const struct windows *t) {
	return "did it";
}

static void write_out(void *data, const void *bytes, size_t size) {
	g_byte_array_append(out, bytes, (guint)size);
}

static void on_connected(void *data, unsigned minor) {
	connected = 100 + minor;
}

static void on_dropped(void *data, const char *what) {
	dropped++;
}

static const char *on_clipboard(void *data, const struct gui_clipboard *clipboard) {
	return "sent clipboard data that nobody asked for";
}

static struct session *session_begin(void) {
	struct session_config c = {.xconf = {{1280, 800}, 24, 4001},
		.write = write_out,
		.on_connected = on_connected,
		.on_dropped = on_dropped,
		.on_clipboard = on_clipboard};

	g_byte_array_set_size(out, 0);
	connected = dropped = handled = 0;
	answer = 0;
	return session_new(&c);
}

static int give(struct session *s, const void *bytes, size_t size) {
	g_assert_cmpuint(session_need(s), ==, size);
	return session_take(s, span_over(bytes, size));
}

static int greet(struct session *s, unsigned major, unsigned minor) {
	uint8_t v[4] = {(uint8_t)minor, (uint8_t)(minor >> 8), (uint8_t)major, 0};

	return give(s, v, sizeof(v));
}

static int header(struct session *s, uint32_t type, uint32_t window, uint32_t length) {
	uint8_t h[GUI_HEADER_SIZE];
	struct sink k = sink_over(h, sizeof(h));

	sink_u32(&k, type);
	sink_u32(&k, window);
	sink_u32(&k, length);
	return give(s, h, sizeof(h));
}

static void test_versions(void) {
	static const struct {
		unsigned major, minor;
		int expect;
		unsigned connected, written;
	} rows[] = {
		{1, 0, 0, 100, 16},
		{1, 3, 0, 103, 16},
		{1, 4, 0, 104, 20},
		{1, 8, 0, 108, 20},
		{1, 9, 0, 108, 20},
		{1, 0xffff, 0, 108, 20},
		{0, 8, SESSION_E_VERSION, 0, 0},
		{2, 0, SESSION_E_VERSION, 0, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct session *s = session_begin();

		g_assert_cmpint(greet(s, rows[i].major, rows[i].minor), ==, rows[i].expect);
		g_assert_cmpuint(connected, ==, rows[i].connected);
		g_assert_cmpuint(out->len, ==, rows[i].written);
		if (rows[i].written == 20)
			g_assert_cmpuint(out->data[0], ==, rows[i].connected - 100);
		session_free(s);
	}
}

static void test_answers_of_their_version(void) {
	static const struct {
		unsigned minor;
		enum gui_type type;
		bool sent;
	} rows[] = {
		{4, GUI_DESTROY, false},
		{5, GUI_DESTROY, true},
		{6, GUI_WINDOW_DUMP_ACK, false},
		{7, GUI_WINDOW_DUMP_ACK, true},
		{0, GUI_CLOSE, true},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct session *s = session_begin();
		struct gui_from_daemon m = {.type = rows[i].type, .window = 1};
		unsigned before;

		session_send(s, &m);
		g_assert_cmpuint(out->len, ==, 0); /* nothing before the handshake */
		g_assert_cmpint(greet(s, 1, rows[i].minor), ==, 0);
		before = out->len;
		session_send(s, &m);
		g_assert_cmpuint(out->len - before, ==, rows[i].sent ? GUI_HEADER_SIZE : 0);
		session_free(s);
	}
}

static void test_violations(void) {
	static const struct {
		uint32_t type, length;
	} rows[] = {
		{0, 0},
		{GUI_KEYPRESS, 20}, /* not for this direction */
		{GUI_CLOSE, 0},
		{GUI_MFNDUMP, 32},
		{GUI_CREATE, 23},
		{GUI_CREATE, 25},
		{GUI_MAP, UINT32_MAX},
		{GUI_WINDOW_DUMP, 15},
		{GUI_WINDOW_DUMP, 17},
		{GUI_WINDOW_DUMP, GUI_BODY_MAX + 4},
		{GUI_CLIPBOARD_DATA, GUI_CLIPBOARD_MAX + 2},
		{129, 8},
		{138, 255},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct session *s = session_begin();

		g_assert_cmpint(greet(s, 1, 8), ==, 0);
		if (header(s, rows[i].type, 1, rows[i].length) != SESSION_E_VIOLATION)
			g_error("row %zu was accepted", i);
		g_assert_true(g_str_has_prefix(session_reason(s), "sent message"));
		g_assert_cmpuint(handled, ==, 0);
		/* And it stays over. */
		g_assert_cmpint(header(s, GUI_DESTROY, 1, 0), !=, 0);
		session_free(s);
	}
}

static int message(struct session *s, uint32_t type, const void *body, uint32_t size) {
	int r = header(s, type, 1, size);

	return r || size == 0 ? r : give(s, body, size);
}

static void test_out_of_range(void) {
	struct session *s = session_begin();
	uint8_t zeros[24] = {0}, minus[16];

	memset(minus, 0xff, sizeof(minus));
	g_assert_cmpint(greet(s, 1, 8), ==, 0);
	g_assert_cmpint(message(s, GUI_CONFIGURE, zeros, 20), ==, 0); /* 0 x 0 */
	g_assert_cmpuint(dropped, ==, 1);
	g_assert_cmpint(message(s, GUI_CURSOR, minus, 4), ==, 0);
	g_assert_cmpuint(dropped, ==, 2);
	g_assert_cmpint(
		message(s, GUI_SHMIMAGE, minus, 16), ==, 0); /* silently, by the reference */
	g_assert_cmpuint(dropped, ==, 2);
	g_assert_cmpuint(handled, ==, 0);
	g_assert_cmpint(message(s, GUI_CREATE, zeros, 24), ==, SESSION_E_VIOLATION);
	session_free(s);
}

static void test_clipboard_that_nobody_asked_for(void) {
	struct session *s = session_begin();

	g_assert_cmpint(greet(s, 1, 8), ==, 0);
	g_assert_cmpint(message(s, GUI_CLIPBOARD_DATA, "secret", 6), ==, 0);
	g_assert_cmpint(message(s, GUI_CLIPBOARD_DATA, NULL, 0), ==, 0);
	g_assert_cmpuint(dropped, ==, 2);
	g_assert_cmpuint(handled, ==, 0);
	session_free(s);
}

static void test_answers_of_the_windows(void) {
	struct session *s = session_begin();

	g_assert_cmpint(greet(s, 1, 8), ==, 0);
	g_assert_cmpint(message(s, GUI_DESTROY, NULL, 0), ==, 0);
	answer = WINDOWS_E_VIOLATION;
	g_assert_cmpint(message(s, GUI_DESTROY, NULL, 0), ==, SESSION_E_VIOLATION);
	g_assert_cmpstr(session_reason(s), ==, "did it");
	g_assert_cmpuint(handled, ==, 2);
	session_free(s);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	out = g_byte_array_new();
	g_test_add_func("/session/versions", test_versions);
	g_test_add_func("/session/answers-of-their-version", test_answers_of_their_version);
	g_test_add_func("/session/violations", test_violations);
	g_test_add_func("/session/out-of-range", test_out_of_range);
	g_test_add_func("/session/unasked-clipboard", test_clipboard_that_nobody_asked_for);
	g_test_add_func("/session/answers-of-the-windows", test_answers_of_the_windows);
	return g_test_run();
}
