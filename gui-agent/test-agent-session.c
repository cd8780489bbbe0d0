/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-agent/session.h"

#include <glib.h>
#include <string.h>

struct stream {
	uint8_t data[1024];
	size_t len;
};

static void put_words(struct stream *s, const uint32_t *words, size_t n) {
	struct sink out = sink_over(s->data + s->len, sizeof(s->data) - s->len);

	for (size_t i = 0; i < n; i++)
		sink_u32(&out, words[i]);
	g_assert_false(out.bad);
	s->len += 4 * n;
}

static void put_start(struct stream *s, uint32_t minor) {
	put_words(s, (uint32_t[]){0x10000 | minor, 1024, 768, 24, 3073}, 5);
}

static void put_message(struct stream *s, const struct gui_from_daemon *m) {
	size_t n = gui_encode_from_daemon(m, s->data + s->len, sizeof(s->data) - s->len);

	g_assert_cmpuint(n, >, 0);
	s->len += n;
}

/* Feeds it byte by byte; what came out as letters: S started, M message, E error. */
static void feed(struct session *s, const struct stream *in, char *ret, size_t size) {
	size_t at = 0, n = 0;

	for (size_t end = 0; end <= in->len && n + 1 < size; end++) {
		struct session_item item;
		size_t used = 0;
		int r;

		while ((r = session_take(s, span_over(in->data + at, end - at), &used, &item)) ==
			0) {
			at += used;
			if (item.kind != SESSION_NOTHING)
				ret[n++] = item.kind == SESSION_STARTED ? 'S' : 'M';
		}
		if (r == SESSION_E_MORE)
			continue;
		ret[n++] = r == SESSION_E_VERSION ? 'V' : 'E';
		break;
	}
	ret[n] = '\0';
}

static void test_hello(void) {
	uint8_t buf[4];

	g_assert_cmpuint(session_hello(buf, sizeof(buf)), ==, 4);
	g_assert_cmpmem(buf, 4, "\x08\x00\x01\x00", 4);
	g_assert_cmpuint(session_hello(buf, 3), ==, 0);
}

static void test_versions(void) {
	static const struct {
		uint32_t version;
		const char *out;
	} cases[] = {{0x10003, "V"}, {0x10004, "S"}, {0x10007, "S"}, {0x10008, "S"}, {0x10009, "V"},
		{0x8, "V"}, {0x20008, "V"}, {0, "V"}, {0xffffffff, "V"}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct stream in = {0};
		struct session s;
		char out[8];

		session_init(&s);
		put_words(&in, (uint32_t[]){cases[i].version, 1024, 768, 24, 3073}, 5);
		feed(&s, &in, out, sizeof(out));
		g_assert_cmpstr(out, ==, cases[i].out);
		if (out[0] == 'S')
			g_assert_cmpuint(s.minor, ==, cases[i].version & 0xffff);
	}
}

static void test_messages(void) {
	struct gui_from_daemon key = {.type = GUI_KEYPRESS, .window = 5, .key = {2, 1, 2, 0, 38}};
	struct gui_from_daemon close = {.type = GUI_CLOSE, .window = 5};
	struct stream in = {0};
	struct session s;
	char out[16];

	session_init(&s);
	put_start(&in, 8);
	put_message(&in, &key);
	put_words(&in, (uint32_t[]){200, 0, 12, 1, 2, 3}, 6); /* unknown: skipped by its length */
	put_words(&in, (uint32_t[]){201, 0, 0}, 3);
	put_message(&in, &close);
	put_words(
		&in, (uint32_t[]){GUI_KEYPRESS, 5, 20, 2, 0, 0, 0, 3}, 8); /* keycode 3: ignored */
	put_message(&in, &close);
	feed(&s, &in, out, sizeof(out));
	g_assert_cmpstr(out, ==, "SMMM");
}

static void test_broken(void) {
	static const uint32_t cases[][3] = {{GUI_KEYPRESS, 0, 19}, {GUI_KEYPRESS, 0, 21},
		{GUI_CLOSE, 0, 1}, {GUI_CLIPBOARD_DATA, 0, 0x7fffffff}, {GUI_MAP, 0, 0}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct stream in = {0};
		struct session s;
		char out[16];

		session_init(&s);
		put_start(&in, 7);
		put_words(&in, cases[i], 3);
		feed(&s, &in, out, sizeof(out));
		g_assert_cmpstr(out, ==, "SE");
	}
}

static void test_long_unknown(void) {
	struct stream in = {0};
	struct session s;
	char out[16];

	session_init(&s);
	put_start(&in, 8);
	put_words(&in, (uint32_t[]){200, 0, 0xffffffff, 1, 2, 3}, 6);
	feed(&s, &in, out, sizeof(out));
	g_assert_cmpstr(out, ==, "S");
	g_assert_cmpuint(s.skip, ==, 0xffffffff - 12);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/agent-session/hello", test_hello);
	g_test_add_func("/agent-session/versions", test_versions);
	g_test_add_func("/agent-session/messages", test_messages);
	g_test_add_func("/agent-session/broken", test_broken);
	g_test_add_func("/agent-session/long-unknown", test_long_unknown);
	return g_test_run();
}
