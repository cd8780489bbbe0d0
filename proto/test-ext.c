/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the second vchan port, at their edges. */
#include "proto/ext.h"

#include "proto/gui.h"

#include <glib.h>

static int decode(uint32_t type, const void *body, size_t n, struct ext_msg *ret) {
	struct ext_header h = {type, (uint32_t)n};
	struct ext_msg before = *ret;
	int r = ext_decode_body(&h, span_over(body, n), ret);

	if (r != 0)
		g_assert_cmpmem(ret, sizeof(*ret), &before, sizeof(before));
	return r;
}

static void test_header(void) {
	uint8_t buf[9] = {0};
	struct ext_header h;

	for (size_t n = 0; n <= 9; n++)
		g_assert_cmpint(
			ext_decode_header(span_over(buf, n), &h), ==, n == 8 ? 0 : EXT_E_LENGTH);
	memcpy(buf, "\xff\xff\xff\xff\x00\x10\x00\x00", 8);
	g_assert_cmpint(ext_decode_header(span_over(buf, 8), &h), ==, 0);
	g_assert_cmphex(h.type, ==, 0xffffffff);
	g_assert_cmpuint(h.length, ==, EXT_BODY_MAX);
	buf[4] = 1;
	g_assert_cmpint(ext_decode_header(span_over(buf, 8), &h), ==, EXT_E_LENGTH);
	memset(buf, 0xff, sizeof(buf));
	g_assert_cmpint(ext_decode_header(span_over(buf, 8), &h), ==, EXT_E_LENGTH);
}

static void test_lengths(void) {
	static const struct {
		uint32_t type;
		size_t length;
	} fixed[] = {{EXT_HELLO, 4}, {EXT_KEYBOARD, 640}, {EXT_FRAME_DONE, 4}, {EXT_READY, 0},
		{EXT_CLIPBOARD_OWNER, 0}};
	uint8_t body[EXT_BODY_MAX] = {0};
	struct ext_msg m = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++) {
		body[0] = fixed[i].type == EXT_HELLO;
		for (size_t n = 0; n < 700; n++)
			g_assert_cmpint(decode(fixed[i].type, body, n, &m), ==,
				n == fixed[i].length ? 0 : EXT_E_LENGTH);
	}
	for (uint32_t type = 0; type < 300; type++)
		if (type < EXT_HELLO || type > EXT_CLIPBOARD_OWNER)
			g_assert_cmpint(decode(type, body, 4, &m), ==, EXT_E_TYPE);
	/* the header says another length than there is */
	g_assert_cmpint(ext_decode_body(&(struct ext_header){EXT_HELLO, 4}, span_over(body, 3), &m),
		==, EXT_E_LENGTH);
	g_assert_cmpint(ext_decode_body(&(struct ext_header){EXT_HELLO, 3}, span_over(body, 4), &m),
		==, EXT_E_LENGTH);
	memset(body, 0, 4);
	g_assert_cmpint(decode(EXT_HELLO, body, 4, &m), ==, EXT_E_RANGE);
}

struct monitor_row {
	const char *name;
	int answer;
	uint32_t words[9]; /* screen w, h, count, x, y, w, h, mm w, mm h */
};

static const struct monitor_row monitor_rows[] = {
	{"plain", 0, {1920, 1080, 1, 0, 0, 1920, 1080, 508, 286}},
	{"one pixel", 0, {1, 1, 1, 0, 0, 1, 1, 0, 0}},
	{"most", 0, {65535, 65535, 1, 65535 - 16384, 65535 - 6144, 16384, 6144, 65535, 65535}},
	{"screen 0", EXT_E_RANGE, {0, 1, 1, 0, 0, 1, 1, 0, 0}},
	{"screen beyond", EXT_E_RANGE, {65536, 1, 1, 0, 0, 1, 1, 0, 0}},
	{"screen h beyond", EXT_E_RANGE, {1, 65536, 1, 0, 0, 1, 1, 0, 0}},
	{"count 0", EXT_E_RANGE, {1, 1, 0, 0, 0, 1, 1, 0, 0}},
	{"count 2 of 1", EXT_E_LENGTH, {1, 1, 2, 0, 0, 1, 1, 0, 0}},
	{"count 17", EXT_E_RANGE, {1, 1, 17, 0, 0, 1, 1, 0, 0}},
	{"count 2^31", EXT_E_RANGE, {1, 1, 0x80000000, 0, 0, 1, 1, 0, 0}},
	{"count wraps", EXT_E_RANGE, {1, 1, 0xaaaaaaab, 0, 0, 1, 1, 0, 0}},
	{"x -1", EXT_E_RANGE, {100, 100, 1, 0xffffffff, 0, 1, 1, 0, 0}},
	{"y -2^31", EXT_E_RANGE, {100, 100, 1, 0, 0x80000000, 1, 1, 0, 0}},
	{"x beyond", EXT_E_RANGE, {100, 100, 1, 101, 0, 1, 1, 0, 0}},
	{"at the edge", EXT_E_RANGE, {100, 100, 1, 100, 0, 1, 1, 0, 0}},
	{"right beyond", EXT_E_RANGE, {100, 100, 1, 50, 0, 51, 1, 0, 0}},
	{"bottom beyond", EXT_E_RANGE, {100, 100, 1, 0, 50, 1, 51, 0, 0}},
	{"fits exactly", 0, {100, 100, 1, 50, 50, 50, 50, 0, 0}},
	{"w 0", EXT_E_RANGE, {100, 100, 1, 0, 0, 0, 1, 0, 0}},
	{"h 0", EXT_E_RANGE, {100, 100, 1, 0, 0, 1, 0, 0, 0}},
	{"w beyond", EXT_E_RANGE, {65535, 65535, 1, 0, 0, 16385, 1, 0, 0}},
	{"h beyond", EXT_E_RANGE, {65535, 65535, 1, 0, 0, 1, 6145, 0, 0}},
	{"w 2^32 - 1", EXT_E_RANGE, {100, 100, 1, 1, 0, 0xffffffff, 1, 0, 0}},
	{"mm beyond", EXT_E_RANGE, {100, 100, 1, 0, 0, 1, 1, 65536, 0}},
	{"mm h beyond", EXT_E_RANGE, {100, 100, 1, 0, 0, 1, 1, 0, 65536}},
};

static void test_monitors(void) {
	uint8_t body[36], out[64];
	struct ext_msg m = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(monitor_rows); i++) {
		struct sink s = sink_over(body, sizeof(body));

		g_test_message("%s", monitor_rows[i].name);
		for (size_t k = 0; k < 9; k++)
			sink_u32(&s, monitor_rows[i].words[k]);
		g_assert_cmpint(
			decode(EXT_MONITORS, body, sizeof(body), &m), ==, monitor_rows[i].answer);
		if (monitor_rows[i].answer != 0)
			continue;
		g_assert_cmpuint(ext_encode(&m, out, sizeof(out)), ==, 8 + sizeof(body));
		g_assert_cmpmem(out + 8, sizeof(body), body, sizeof(body));
		g_assert_cmpint(decode(EXT_MONITORS, body, 35, &m), ==, EXT_E_LENGTH);
	}
}

static void test_monitors_full(void) {
	uint8_t buf[EXT_HEADER_SIZE + EXT_BODY_MAX];
	struct ext_header h;
	struct ext_msg m = {.type = EXT_MONITORS}, back;
	size_t n;

	m.monitors.screen = (struct size){16000, 10};
	m.monitors.count = EXT_MONITORS_MAX;
	for (int i = 0; i < EXT_MONITORS_MAX; i++)
		m.monitors.monitors[i].at = (struct rect){i * 1000, 0, 1000, 10};
	n = ext_encode(&m, buf, sizeof(buf));
	g_assert_cmpuint(n, ==, 8 + 12 + 16 * 24);
	g_assert_cmpint(ext_decode_header(span_over(buf, 8), &h), ==, 0);
	g_assert_cmpint(ext_decode_body(&h, span_over(buf + 8, n - 8), &back), ==, 0);
	g_assert_true(rect_equal(back.monitors.monitors[15].at, m.monitors.monitors[15].at));
	m.monitors.count++;
	g_assert_cmpuint(ext_encode(&m, buf, sizeof(buf)), ==, 0);
}

/* Bytes of XKB names go to a program's arguments in the domain: all 256 are tried. */
static void test_keyboard(void) {
	uint8_t body[640] = {0};
	struct ext_msg m = {0};

	for (unsigned c = 0; c < 256; c++) {
		bool ok = c == 0 || g_ascii_isalnum((char)c) ||
			  (c < 128 && strchr("_,:.()+-", (int)c));

		body[300] = 0;
		body[256] = (uint8_t)c; /* the layout's first byte */
		g_assert_cmpint(decode(EXT_KEYBOARD, body, 640, &m), ==, ok ? 0 : EXT_E_RANGE);
		body[256] = 0;
		body[300] = (uint8_t)c; /* behind its end */
		g_assert_cmpint(decode(EXT_KEYBOARD, body, 640, &m), ==, c == 0 ? 0 : EXT_E_RANGE);
	}
	body[300] = 0;
	memset(body + 512, 'x', 127);
	g_assert_cmpint(decode(EXT_KEYBOARD, body, 640, &m), ==, 0);
	g_assert_cmpuint(strlen(m.keyboard.options), ==, 127);
	body[639] = 'x';
	g_assert_cmpint(decode(EXT_KEYBOARD, body, 640, &m), ==, EXT_E_RANGE);
}

static void make(enum ext_type type, uint8_t fill, struct ext_msg *ret) {
	memset(ret, fill, sizeof(*ret));
	ret->type = type;
	ret->version = type == EXT_HELLO || type == EXT_FRAME_DONE ? 7 : ret->version;
	if (type == EXT_MONITORS) {
		ret->monitors.screen = (struct size){100, 100};
		ret->monitors.count = 1;
		ret->monitors.monitors[0] = (struct ext_monitor){
			.at = {0, 0, 100, 100}, .millimetres = {1, 2}};
	}
	if (type == EXT_KEYBOARD) {
		memcpy(ret->keyboard.rules, "evdev", sizeof("evdev"));
		memcpy(ret->keyboard.model, "pc105", sizeof("pc105"));
		memcpy(ret->keyboard.layout, "us,de", sizeof("us,de"));
		memcpy(ret->keyboard.variant, "", sizeof(""));
		memcpy(ret->keyboard.options, "compose:ralt", sizeof("compose:ralt"));
	}
}

static void test_every_byte(void) {
	uint8_t one[EXT_HEADER_SIZE + EXT_BODY_MAX], two[EXT_HEADER_SIZE + EXT_BODY_MAX];
	struct ext_msg m;

	for (unsigned type = EXT_HELLO; type <= EXT_CLIPBOARD_OWNER; type++) {
		size_t n;

		memset(one, 0xaa, sizeof(one));
		memset(two, 0x55, sizeof(two));
		make(type, 0xaa, &m);
		n = ext_encode(&m, one, sizeof(one));
		make(type, 0x55, &m);
		g_assert_cmpuint(n, >=, EXT_HEADER_SIZE);
		g_assert_cmpuint(ext_encode(&m, two, sizeof(two)), ==, n);
		g_assert_cmpmem(one, n, two, n);
		for (size_t i = n; i < sizeof(one); i++)
			g_assert_cmphex(one[i], ==, 0xaa);
		for (size_t i = 0; i < n; i++)
			g_assert_cmpuint(ext_encode(&m, two, i), ==, 0);
	}
	make((enum ext_type)99, 0, &m);
	g_assert_cmpuint(ext_encode(&m, one, sizeof(one)), ==, 0);
	make(EXT_KEYBOARD, 0, &m);
	memset(m.keyboard.variant, 'x', EXT_XKB_TEXT);
	g_assert_cmpuint(ext_encode(&m, one, sizeof(one)), ==, 0);
	make(EXT_KEYBOARD, 0, &m);
	m.keyboard.variant[0] = ' ';
	g_assert_cmpuint(ext_encode(&m, one, sizeof(one)), ==, 0);
	make(EXT_HELLO, 0, &m);
	m.version = 0;
	g_assert_cmpuint(ext_encode(&m, one, sizeof(one)), ==, 0);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proto/ext/header", test_header);
	g_test_add_func("/proto/ext/lengths", test_lengths);
	g_test_add_func("/proto/ext/monitors", test_monitors);
	g_test_add_func("/proto/ext/monitors-full", test_monitors_full);
	g_test_add_func("/proto/ext/keyboard", test_keyboard);
	g_test_add_func("/bug-class/D5/ext-every-byte-written", test_every_byte);
	return g_test_run();
}
