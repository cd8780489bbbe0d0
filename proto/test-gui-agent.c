/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the GUI daemon believes of an agent's bytes: every message at its edges. The expected
 * values are written here a second time on purpose, from the protocol's description.
 */
#include "proto/gui.h"

#include <glib.h>

#define MIN_I32 0x80000000u
#define MAX_I32 0x7fffffffu
#define NEG(v)  ((uint32_t) - (v))

static const struct {
	uint32_t type, fixed, unit, most;
} lengths[] = {
	{GUI_CREATE, 24},
	{GUI_DESTROY, 0},
	{GUI_MAP, 8},
	{GUI_UNMAP, 0},
	{GUI_CONFIGURE, 20},
	{GUI_SHMIMAGE, 16},
	{GUI_CLIPBOARD_DATA, 0, 1, 256001},
	{GUI_WMNAME, 128},
	{GUI_DOCK, 0},
	{GUI_WINDOW_HINTS, 36},
	{GUI_WINDOW_FLAGS, 8},
	{GUI_WMCLASS, 128},
	{GUI_WINDOW_DUMP, 16, 4, 16 + 4 * 98304},
	{GUI_CURSOR, 4},
};

static struct span header_bytes(uint8_t buf[12], uint32_t type, uint32_t window, uint32_t length) {
	struct sink s = sink_over(buf, 12);

	sink_u32(&s, type);
	sink_u32(&s, window);
	sink_u32(&s, length);
	return span_over(buf, 12);
}

static int decode_header(uint32_t type, uint32_t length, unsigned minor, struct gui_header *ret) {
	uint8_t buf[12];

	return gui_decode_agent_header(header_bytes(buf, type, 7, length), minor, ret);
}

static void assert_length(uint32_t type, uint32_t length, bool fits) {
	struct gui_header h = {0}, untouched = {0};
	int r = decode_header(type, length, 8, &h);

	if (fits) {
		g_assert_cmpint(r, ==, 0);
		g_assert_cmpuint(h.type, ==, type);
		g_assert_cmpuint(h.window, ==, 7);
		g_assert_cmpuint(h.length, ==, length);
	} else {
		g_assert_cmpint(r, ==, GUI_E_LENGTH);
		g_assert_cmpmem(&h, sizeof(h), &untouched, sizeof(h));
	}
}

/* Every length near every edge, in the header and then in the body. */
static void test_lengths(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		uint32_t type = lengths[i].type, fixed = lengths[i].fixed, unit = lengths[i].unit;
		uint32_t most = unit ? lengths[i].most : fixed;

		for (uint32_t n = 0; n <= fixed + 300; n++)
			assert_length(type, n,
				n >= fixed && n <= most && (n - fixed) % (unit ? unit : 1) == 0);
		for (uint32_t n = most > 8 ? most - 8 : 0; n < most + 9; n++)
			assert_length(type, n,
				n >= fixed && n <= most && (n - fixed) % (unit ? unit : 1) == 0);
		for (uint32_t n = 0; n < 8; n++) {
			assert_length(type, MAX_I32 - 4 + n, false);
			assert_length(type, UINT32_MAX - n, false);
		}
	}
}

static void test_header_size(void) {
	uint8_t buf[13] = {0};
	struct gui_header h;

	header_bytes(buf, GUI_DESTROY, 1, 0);
	for (size_t n = 0; n <= sizeof(buf); n++)
		g_assert_cmpint(gui_decode_agent_header(span_over(buf, n), 8, &h), ==,
			n == 12 ? 0 : GUI_E_LENGTH);
}

static bool is_agent_type(uint32_t type) {
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
		if (lengths[i].type == type)
			return true;
	return false;
}

static void test_types(void) {
	struct gui_header h;

	for (uint32_t type = 0; type < 70000; type++) {
		if (is_agent_type(type))
			continue;
		for (uint32_t length = 0; length < 64; length += 4)
			g_assert_cmpint(decode_header(type, length, 8, &h), ==, GUI_E_TYPE);
	}
	g_assert_cmpint(decode_header(UINT32_MAX, 0, 8, &h), ==, GUI_E_TYPE);
	g_assert_cmpint(decode_header(MIN_I32 + GUI_MAP, 8, 8, &h), ==, GUI_E_TYPE);
	/* A body is refused by the same table, whatever header stands before it. */
	for (uint32_t type = 0; type < 300; type++) {
		struct gui_header any = {.type = type, .length = 0};
		struct gui_from_agent m;

		if (!is_agent_type(type))
			g_assert_cmpint(gui_decode_agent_body(&any, span_over(NULL, 0), 8, &m), ==,
				GUI_E_TYPE);
	}
}

/* Below 1.6 fixed bodies have their own length, below 1.2 a clipboard's stands in window. */
static void test_old_minors(void) {
	struct gui_header h;
	uint8_t buf[12];

	for (unsigned minor = 0; minor <= 8; minor++) {
		int r = decode_header(GUI_CREATE, 999, minor, &h);

		g_assert_cmpint(r, ==, minor < 6 ? 0 : GUI_E_LENGTH);
		if (r == 0)
			g_assert_cmpuint(h.length, ==, 24);
		g_assert_cmpint(decode_header(GUI_WINDOW_DUMP, 15, minor, &h), ==, GUI_E_LENGTH);

		header_bytes(buf, GUI_CLIPBOARD_DATA, 11, 22);
		g_assert_cmpint(gui_decode_agent_header(span_over(buf, 12), minor, &h), ==, 0);
		g_assert_cmpuint(h.length, ==, minor < 2 ? 11 : 22);
		g_assert_cmpuint(h.window, ==, minor < 2 ? 0 : 11);
		header_bytes(buf, GUI_CLIPBOARD_DATA, UINT32_MAX, 22);
		g_assert_cmpint(gui_decode_agent_header(span_over(buf, 12), minor, &h), ==,
			minor < 2 ? GUI_E_LENGTH : 0);
	}
}

static void test_clipboard_limit(void) {
	static uint8_t data[256002];
	const struct {
		unsigned minor;
		uint32_t length;
		int answer;
	} rows[] = {
		{1, 7, 0},
		{7, 65000, 0},
		{7, 65001, GUI_E_LENGTH},
		{8, 65001, 0},
		{8, 256000, 0},
		{8, 256001, 0},
		{8, 256002, GUI_E_LENGTH},
		{9, 256002, GUI_E_LENGTH},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct gui_header h = {GUI_CLIPBOARD_DATA, 7, rows[i].length}, decoded;
		struct span body = span_over(data, rows[i].length);
		struct gui_from_agent m = {0};

		g_assert_cmpint(
			decode_header(GUI_CLIPBOARD_DATA, rows[i].length, rows[i].minor, &decoded),
			==, rows[i].answer);
		g_assert_cmpint(
			gui_decode_agent_body(&h, body, rows[i].minor, &m), ==, rows[i].answer);
		if (rows[i].answer == 0) {
			g_assert_cmpuint(m.clipboard.size, ==, rows[i].length);
			g_assert_true(m.clipboard.data == data);
		}
	}
}

/* A body of words, and the words of the same message after what was clamped; `out` is made by the
 * encoder from what was decoded. */
struct row {
	const char *name;
	uint32_t type;
	int answer;
	uint32_t in[9], out[9];
};

#define R GUI_E_RANGE
#define RECT_ROWS(T, ...)                                                                          \
	{"plain", T, 0, {1, 2, 3, 4, __VA_ARGS__}, {1, 2, 3, 4, __VA_ARGS__}},                     \
		{"least", T, 0, {NEG(16384), NEG(6144), 1, 1}, {NEG(16384), NEG(6144), 1, 1}},     \
		{"most", T, 0, {16384, 6144, 16384, 6144}, {16384, 6144, 16384, 6144}},            \
		{"one beyond", T, 0, {16385, 6145, 16385, 6145}, {16384, 6144, 16384, 6144}},      \
		{"one below", T, 0, {NEG(16385), NEG(6145), 1, 1}, {NEG(16384), NEG(6144), 1, 1}}, \
		{"2^31 - 1", T, 0, {MAX_I32, MAX_I32, MAX_I32, MAX_I32},                           \
			{16384, 6144, 16384, 6144}},                                               \
		{"-2^31", T, 0, {MIN_I32, MIN_I32, 1, 1}, {NEG(16384), NEG(6144), 1, 1}},          \
		{"no width", T, R, {0, 0, 0, 1}}, {"no height", T, R, {0, 0, 1, 0}},               \
		{"width -1", T, R, {0, 0, NEG(1), 1}}, {"height -1", T, R, {0, 0, 1, NEG(1)}},     \
		{"width 2^31", T, R, {0, 0, MIN_I32, 1}}, {                                        \
		"height 2^31", T, R, {                                                             \
			0, 0, 1, MIN_I32                                                           \
		}                                                                                  \
	}

static const struct row rows[] = {
	RECT_ROWS(GUI_CREATE, 9, 1),
	{"any true", GUI_CREATE, 0, {1, 2, 3, 4, NEG(1), MIN_I32}, {1, 2, 3, 4, NEG(1), 1}},
	RECT_ROWS(GUI_CONFIGURE, 1),
	{"any true", GUI_CONFIGURE, 0, {1, 2, 3, 4, 2}, {1, 2, 3, 4, 1}},
	{"any", GUI_MAP, 0, {NEG(1), NEG(1)}, {NEG(1), 1}},
	{"zero", GUI_MAP, 0, {0, 0}, {0, 0}},
	{"zero", GUI_SHMIMAGE, 0, {0, 0, 0, 0}, {0, 0, 0, 0}},
	{"most", GUI_SHMIMAGE, 0, {16384, 6144, 16384, 6144}, {16384, 6144, 16384, 6144}},
	{"beyond", GUI_SHMIMAGE, 0, {16385, 6145, 16385, 6145}, {16384, 6144, 16384, 6144}},
	{"2^31 - 1", GUI_SHMIMAGE, 0, {MAX_I32, MAX_I32, MAX_I32, MAX_I32},
		{16384, 6144, 16384, 6144}},
	{"x -1", GUI_SHMIMAGE, R, {NEG(1), 0, 1, 1}},
	{"y -1", GUI_SHMIMAGE, R, {0, NEG(1), 1, 1}},
	{"w -1", GUI_SHMIMAGE, R, {0, 0, NEG(1), 1}},
	{"h -1", GUI_SHMIMAGE, R, {0, 0, 1, NEG(1)}},
	{"w 2^31", GUI_SHMIMAGE, R, {0, 0, MIN_I32, 1}},
	{"set", GUI_WINDOW_FLAGS, 0, {7, 0}, {7, 0}},
	{"unset: never un-minimise", GUI_WINDOW_FLAGS, 0, {0, 7}, {0, 3}},
	{"unknown", GUI_WINDOW_FLAGS, 0, {0xfffffff9, 2}, {1, 2}},
	{"unknown unset", GUI_WINDOW_FLAGS, 0, {1, 0xfffffffa}, {1, 2}},
	{"overlap", GUI_WINDOW_FLAGS, R, {3, 1}},
	{"unknown overlap", GUI_WINDOW_FLAGS, R, {0x80000001, 0x80000000}},
	{"default", GUI_CURSOR, 0, {0}, {0}},
	{"1", GUI_CURSOR, R, {1}},
	{"0xff", GUI_CURSOR, R, {0xff}},
	{"first", GUI_CURSOR, 0, {0x100}, {0x100}},
	{"last", GUI_CURSOR, 0, {0x199}, {0x199}},
	{"beyond", GUI_CURSOR, R, {0x19a}},
	{"2^31", GUI_CURSOR, R, {MIN_I32 | 0x100}},
	{"all 1", GUI_CURSOR, R, {NEG(1)}},
	/* flags, min, max, inc, base; groups that are not sane go out as zeros */
	{"none", GUI_WINDOW_HINTS, 0, {0, 1, 1, 1, 1, 1, 1, 1, 1}, {0}},
	{"all", GUI_WINDOW_HINTS, 0, {0x175, 1, 2, 3, 4, 5, 6, 7, 8},
		{0x175, 1, 2, 3, 4, 5, 6, 7, 8}},
	{"unknown", GUI_WINDOW_HINTS, 0, {0xfffffe8a, 1, 2, 3, 4, 5, 6, 7, 8}, {0}},
	{"most", GUI_WINDOW_HINTS, 0, {0x170, 16384, 6144, 16384, 6144, 16383, 6143, 16384, 6144},
		{0x170, 16384, 6144, 16384, 6144, 16383, 6143, 16384, 6144}},
	{"min beyond", GUI_WINDOW_HINTS, 0, {0x10, 16385, 1}, {0}},
	{"min h beyond", GUI_WINDOW_HINTS, 0, {0x10, 1, 6145}, {0}},
	{"min 2^31", GUI_WINDOW_HINTS, 0, {0x10, MIN_I32, 1}, {0}},
	{"max 0", GUI_WINDOW_HINTS, 0, {0x20, 0, 0, 0, 1}, {0}},
	{"max h 0", GUI_WINDOW_HINTS, 0, {0x20, 0, 0, 1, 0}, {0}},
	{"max beyond", GUI_WINDOW_HINTS, 0, {0x20, 0, 0, 16385, 1}, {0}},
	{"max -1", GUI_WINDOW_HINTS, 0, {0x20, 0, 0, 1, NEG(1)}, {0}},
	{"max below min", GUI_WINDOW_HINTS, 0, {0x30, 2, 2, 1, 2}, {0x10, 2, 2}},
	{"max h below min", GUI_WINDOW_HINTS, 0, {0x30, 2, 2, 2, 1}, {0x10, 2, 2}},
	{"max equals min", GUI_WINDOW_HINTS, 0, {0x30, 2, 2, 2, 2}, {0x30, 2, 2, 2, 2}},
	{"min mad, max sane", GUI_WINDOW_HINTS, 0, {0x30, 16385, 2, 1, 1}, {0x20, 0, 0, 1, 1}},
	{"inc 0", GUI_WINDOW_HINTS, 0, {0x40, 0, 0, 0, 0, 0, 1}, {0}},
	{"inc limit", GUI_WINDOW_HINTS, 0, {0x40, 0, 0, 0, 0, 16384, 1}, {0}},
	{"inc h limit", GUI_WINDOW_HINTS, 0, {0x40, 0, 0, 0, 0, 1, 6144}, {0}},
	{"inc -1", GUI_WINDOW_HINTS, 0, {0x40, 0, 0, 0, 0, NEG(1), NEG(1)}, {0}},
	{"base beyond", GUI_WINDOW_HINTS, 0, {0x100, 0, 0, 0, 0, 0, 0, 16385, 0}, {0}},
	{"base -1", GUI_WINDOW_HINTS, 0, {0x100, 0, 0, 0, 0, 0, 0, 0, NEG(1)}, {0}},
};

static uint32_t fixed_length(uint32_t type) {
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
		if (lengths[i].type == type)
			return lengths[i].fixed;
	g_assert_not_reached();
}

static void write_words(uint8_t *buf, const uint32_t *words, uint32_t bytes) {
	struct sink s = sink_over(buf, bytes);

	for (uint32_t i = 0; i < bytes / 4; i++)
		sink_u32(&s, words[i]);
}

static void check_row(const struct row *row) {
	uint32_t length = fixed_length(row->type);
	struct gui_header h = {row->type, 0xcafe, length};
	struct gui_from_agent m, before;
	uint8_t body[64], out[GUI_MESSAGE_MAX], want[64];
	int r;

	g_test_message("%u %s", row->type, row->name);
	write_words(body, row->in, length);
	memset(&m, 0xaa, sizeof(m));
	before = m;
	r = gui_decode_agent_body(&h, span_over(body, length), 8, &m);
	g_assert_cmpint(r, ==, row->answer);
	if (r != 0) {
		g_assert_cmpmem(&m, sizeof(m), &before, sizeof(m));
		return;
	}
	g_assert_cmpuint(m.type, ==, row->type);
	g_assert_cmpuint(m.window, ==, 0xcafe);
	g_assert_cmpuint(gui_encode_from_agent(&m, out, sizeof(out)), ==, 12 + length);
	write_words(want, row->out, length);
	g_assert_cmpmem(out + 12, length, want, length);
}

/* /bug-class/A1: every size field at 0, 1, most, beyond, +-2^31. */
static void test_ranges(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check_row(&rows[i]);
}

/* Hints that are absent hold values that limit nothing, for whoever does not look at flags. */
static void test_hints_absent(void) {
	uint8_t body[36];
	struct gui_header h = {GUI_WINDOW_HINTS, 1, 36};
	struct gui_from_agent m;

	memset(body, 0xff, sizeof(body));
	g_assert_cmpint(gui_decode_agent_body(&h, span_over(body, 36), 8, &m), ==, 0);
	g_assert_cmpuint(m.hints.flags, ==, GUI_HINT_US_POSITION | GUI_HINT_P_POSITION);
	g_assert_cmpuint(m.hints.max.w, ==, GUI_MAX_W);
	g_assert_cmpuint(m.hints.max.h, ==, GUI_MAX_H);
	g_assert_cmpuint(m.hints.inc.w, ==, 1);
	g_assert_cmpuint(m.hints.inc.h, ==, 1);
	g_assert_cmpuint(m.hints.min.w | m.hints.min.h | m.hints.base.w | m.hints.base.h, ==, 0);
}

/* A body one byte short, one byte over, or already read badly. */
static void test_body_length(void) {
	static uint8_t body[512];
	struct gui_from_agent m;

	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
		struct gui_header h = {lengths[i].type, 1, lengths[i].fixed};
		struct span bad = span_over(body, h.length);

		bad.bad = true;
		g_assert_cmpint(gui_decode_agent_body(&h, bad, 8, &m), ==, GUI_E_LENGTH);
		g_assert_cmpint(gui_decode_agent_body(&h, span_over(body, h.length + 1), 8, &m), ==,
			GUI_E_LENGTH);
		if (h.length > 0)
			g_assert_cmpint(
				gui_decode_agent_body(&h, span_over(body, h.length - 1), 8, &m), ==,
				GUI_E_LENGTH);
		/* header and body agree, but the type has another length */
		h.length = lengths[i].fixed + 1;
		if (lengths[i].unit != 1)
			g_assert_cmpint(gui_decode_agent_body(&h, span_over(body, h.length), 8, &m),
				==, GUI_E_LENGTH);
	}
}

static void test_texts_end(void) {
	struct gui_header name = {GUI_WMNAME, 1, 128}, class = {GUI_WMCLASS, 1, 128};
	struct gui_from_agent m;
	uint8_t body[128];

	memset(body, 'x', sizeof(body));
	g_assert_cmpint(gui_decode_agent_body(&name, span_over(body, 128), 8, &m), ==, 0);
	g_assert_cmpuint(strnlen(m.wmname.untrusted_text, 128), ==, 127);
	g_assert_cmpint(gui_decode_agent_body(&class, span_over(body, 128), 8, &m), ==, 0);
	g_assert_cmpuint(strnlen(m.wmclass.untrusted_class, 64), ==, 63);
	g_assert_cmpuint(strnlen(m.wmclass.untrusted_name, 64), ==, 63);
}

static int decode_dump(
	uint32_t kind, uint32_t w, uint32_t h, uint32_t n, struct gui_from_agent *ret) {
	static uint8_t body[16 + 4 * (GUI_MAX_REFS + 1)];
	const uint32_t head[4] = {kind, w, h, 24};
	struct gui_header header = {GUI_WINDOW_DUMP, 1, 16 + 4 * n};

	memset(body, 0x5a, sizeof(body));
	write_words(body, head, 16);
	return gui_decode_agent_body(&header, span_over(body, 16 + 4 * n), 8, ret);
}

static void test_dump(void) {
	const struct {
		uint32_t kind, w, h, n;
		int answer;
	} dumps[] = {
		{0, 1, 1, 1, 0},
		{0, 1, 1, 0, R},
		{1, 1, 1, 1, R},
		{0, 0, 1, 1, R},
		{0, 1, 0, 1, R},
		{0, 1024, 1, 1, 0},
		{0, 1025, 1, 1, R},
		{0, 1025, 1, 2, 0},
		{0, 16384, 6144, 98304, 0},
		{0, 16384, 6144, 98303, R},
		{0, 16385, 1, 98304, R},
		{0, 1, 6145, 98304, R},
		{0, 0x10000, 0x10000, 1, R}, /* w * h overflows 32 bits to 0 */
		{0, 0x8000, 0x8000, 1, R},   /* w * h * 4 does */
		{0, MIN_I32, 1, 1, R},
		{0, 1, MIN_I32, 1, R},
		{0, NEG(1), NEG(1), 98304, R},
		{0, 1, 1, 98305, GUI_E_LENGTH},
	};
	struct gui_from_agent m;

	for (size_t i = 0; i < G_N_ELEMENTS(dumps); i++) {
		int r = decode_dump(dumps[i].kind, dumps[i].w, dumps[i].h, dumps[i].n, &m);

		g_assert_cmpint(r, ==, dumps[i].answer);
		if (r != 0)
			continue;
		g_assert_cmpuint(m.dump.ref_count, ==, dumps[i].n);
		g_assert_cmpuint(m.dump.size.w, ==, dumps[i].w);
		g_assert_cmpuint(m.dump.size.h, ==, dumps[i].h);
		g_assert_cmpuint(m.dump.bpp, ==, 24);
		g_assert_cmphex(gui_dump_ref(&m.dump, dumps[i].n - 1), ==, 0x5a5a5a5a);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/proto/gui/agent/lengths", test_lengths);
	g_test_add_func("/proto/gui/agent/header-size", test_header_size);
	g_test_add_func("/proto/gui/agent/types", test_types);
	g_test_add_func("/proto/gui/agent/old-minors", test_old_minors);
	g_test_add_func("/proto/gui/agent/clipboard-limit", test_clipboard_limit);
	g_test_add_func("/bug-class/A1/agent-ranges", test_ranges);
	g_test_add_func("/bug-class/A1/dump-sizes", test_dump);
	g_test_add_func("/bug-class/A15/hints-absent", test_hints_absent);
	g_test_add_func("/proto/gui/agent/body-length", test_body_length);
	g_test_add_func("/proto/gui/agent/texts-end", test_texts_end);
	return g_test_run();
}
