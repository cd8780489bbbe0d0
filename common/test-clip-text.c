/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of a text reaches the domain that it is pasted into. */
#include "common/clip-text.h"
#include "common/utf8.h"

#include <glib.h>
#include <string.h>

static void check(const char *in, size_t size, const char *want) {
	g_autofree uint8_t *out = g_malloc(size + 1);
	size_t n = clip_text_clean((const uint8_t *)in, size, out);

	g_assert_cmpmem(out, n, want, strlen(want));
	n = clip_text_clean(out, n, out); /* in its own place, and nothing more to do */
	g_assert_cmpmem(out, n, want, strlen(want));
}

static void test_rows(void) {
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"a\tb\nc", "a\tb\nc"},
		{"a\r\nb\rc\r", "a\nb\nc\n"},
		{"gr\xc3\xbc\xc3\x9f \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac", /* a joiner */
			"gr\xc3\xbc\xc3\x9f \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x94\xac"},
		{"\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"\x1b]0;title\x07", "]0;title"},
		{"\xc2\x9b"
		 "31m",
			"31m"}, /* the one-character CSI */
		{"\x1b[201~rm -rf ~\r", "[201~rm -rf ~\n"},
		{"exe.\xe2\x80\xaegnp", "exe.gnp"},
		{"a\xe2\x81\xa6"
		 "b\xe2\x81\xa9",
			"ab"},
		{"a\xf3\xa0\x81\x81"
		 "b",
			"ab"}, /* a tag character */
		{"\x7f\x08\x03\x04", ""},
		{"\xff\xc0\xaf\xe2\x80", "?????"},
		{"\xed\xa0\x80", "???"}, /* half of a pair */
		{"\xef\xbb\xbf"
		 "bom",
			"bom"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		check(rows[i].in, strlen(rows[i].in), rows[i].want);
	check("a\0b", 3, "ab");
}

/* Every control character, alone and between letters; every one-byte and two-byte C1. */
static void test_controls(void) {
	for (unsigned c = 0; c < 0x20; c++) {
		char in[] = {'x', (char)c, 'y'};

		check(in, 3, c == '\t' ? "x\ty" : c == '\n' || c == '\r' ? "x\ny" : "xy");
	}
	for (unsigned c = 0x80; c < 0xa0; c++) {
		char two[] = {'x', '\xc2', (char)c, 'y'}, one[] = {'x', (char)c, 'y'};

		check(two, 4, "xy");
		check(one, 3, "x?y");
	}
}

static void test_line(void) {
	static const struct {
		const char *in, *want;
	} rows[] = {
		{"", ""}, {"\n \t\r\n", ""}, {"\n\n  first\nsecond", "first"}, {"one\rtwo", "one"},
		{"a\tb", "a b"}, {"\x1b[31m", "_[31m"},
		{"0123456789abcdef0123456789", "0123456789abcde"},
		{"0123456789abcd\xc3\xbc", "0123456789abcd"}, /* never half a character */
	};
	char line[16];

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		clip_text_line((const uint8_t *)rows[i].in, strlen(rows[i].in), line, sizeof(line));
		g_assert_cmpstr(line, ==, rows[i].want);
	}
	clip_text_line((const uint8_t *)"a\0b", 3, line, sizeof(line));
	g_assert_cmpstr(line, ==, "a_b");
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/C4/sanitised-rows", test_rows);
	g_test_add_func("/bug-class/C4/sanitised-controls", test_controls);
	g_test_add_func("/clip-text/line", test_line);
	return g_test_run();
}
