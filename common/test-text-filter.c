/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of domains on our desktop (bug class A12); GLib's Unicode tables are the second opinion. */
#include "common/text-filter.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const struct {
	const char *name, *in, *out;
} rows[] = {
	{"empty", "", ""},
	{"plain", "Inbox (3) - Mail", "Inbox (3) - Mail"},
	{"latin", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	{"ellipsis", "\xe2\x80\xa6", "\xe2\x80\xa6"},
	{"arabic", "\xd9\x85\xd8\xb1", "\xd9\x85\xd8\xb1"},
	{"emoji", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
	{"control", "a\x01\x1f\x7f\tb\n", "a____b_"},
	{"C1", "a\xc2\x80\xc2\x9f", "a__"},
	{"escape", "\x1b]0;x\x07", "_]0;x_"},
	{"RLO",
		"\xe2\x80\xae"
		"exe.txt",
		"_exe.txt"},
	{"bidi isolates", "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "____"},
	{"ALM LRM RLM", "\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", "___"},
	{"line separators", "\xe2\x80\xa8\xe2\x80\xa9", "__"},
	{"zero width",
		"a\xe2\x80\x8b"
		"b\xef\xbb\xbf",
		"a_b_"},
	{"soft hyphen",
		"a\xc2\xad"
		"b",
		"a_b"},
	{"tag", "\xf3\xa0\x81\x81", "_"},
	{"private", "\xee\x80\x80\xf4\x80\x80\x80", "__"},
	{"lone continuation",
		"\x80"
		"a\xbf",
		"_a_"},
	{"overlong slash", "\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", "_________"},
	{"surrogate", "\xed\xa0\x80", "___"},
	{"beyond Unicode", "\xf4\x90\x80\x80\xf5\x80\x80\x80", "________"},
	{"0xff", "\xff\xfe", "__"},
	{"cut short", "a\xe2\x80", "a__"},
	{"cut by ASCII",
		"\xe2\x80"
		"a",
		"__a"},
	{"two marks", "a\xcc\x81\xcc\x82", "a\xcc\x81\xcc\x82"},
	{"third mark is dropped",
		"a\xcc\x81\xcc\x82\xcc\x83"
		"b",
		"a\xcc\x81\xcc\x82"
		"b"},
	{"thai marks", "\xe0\xb8\x81\xe0\xb9\x87\xe0\xb9\x87\xe0\xb9\x87\xe0\xb9\x87",
		"\xe0\xb8\x81\xe0\xb9\x87\xe0\xb9\x87"},
	{"mark in front",
		"\xcc\xb8"
		"a",
		"_a"},
	{"marks in front",
		"\xcc\xb8\xcc\xb8\xcc\xb8\xcc\xb8"
		"a",
		"_\xcc\xb8"
		"a"},
};

static void test_table(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char out[128];
		size_t n = text_filter(rows[i].in, strlen(rows[i].in), out, sizeof(out));

		g_test_message("%s", rows[i].name);
		g_assert_cmpstr(out, ==, rows[i].out);
		g_assert_cmpuint(n, ==, strlen(out));
	}
}

/* What GLib calls a control, format, private or surrogate character never passes; what it calls a
 * letter, digit, sign or mark of some script does, but for those that show nothing. */
static void test_every_character(void) {
	for (uint32_t c = 1; c < 0x110000; c++) {
		GUnicodeType type = g_unichar_type(c);
		char in[8] = "a", out[8];
		int len = 1 + g_unichar_to_utf8(c, in + 1);
		size_t n = text_filter(in, (size_t)len, out, sizeof(out));
		bool kept = n == (size_t)len && !memcmp(in, out, n);

		if (c == '_')
			continue;
		if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
			type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_SURROGATE ||
			type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR)
			g_assert_false(kept);
		if (g_unichar_iszerowidth(c) && !g_unichar_ismark(c) && c != 0x1160)
			g_assert_true(!kept || (c >= 0x1161 && c <= 0xd7ff));
		if ((g_unichar_isalnum(c) || g_unichar_ispunct(c)) && !g_unichar_iszerowidth(c) &&
			c != 0x115f && c != 0x3164 && c != 0xffa0 && c != 0x2800 && c != 0xfffc &&
			c != 0xfffd)
			g_assert_true(kept);
	}
}

/* Any mark that GLib knows counts: a flood of it is cut. */
static void test_mark_floods(void) {
	for (uint32_t c = 1; c < 0x110000; c++) {
		GUnicodeType type = g_unichar_type(c);
		char in[64] = "a", out[64];
		size_t len = 1, one;

		if (type != G_UNICODE_NON_SPACING_MARK && type != G_UNICODE_ENCLOSING_MARK)
			continue;
		for (int i = 0; i < 10; i++)
			len += (size_t)g_unichar_to_utf8(c, in + len);
		one = (len - 1) / 10;
		g_assert_cmpuint(text_filter(in, len, out, sizeof(out)), <=, 1 + 2 * one);
	}
}

/* At any size of the buffer the result is a whole text and ends in NUL within it. */
static void test_cuts(void) {
	static const char in[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"
				 "b\xcc\x81\xff"
				 "c";

	for (size_t len = 0; len < sizeof(in); len++) {
		for (size_t size = 1; size < sizeof(in) + 4; size++) {
			char out[64];
			size_t n;

			memset(out, 0x7e, sizeof(out));
			n = text_filter(in, len, out, size);
			g_assert_cmpuint(n, <, size);
			g_assert_cmpint(out[n], ==, 0);
			g_assert_cmpint(out[n + 1], ==, 0x7e);
			g_assert_true(g_utf8_validate(out, -1, NULL));
		}
	}
}

/* Random bytes: always valid, and filtering again changes nothing. */
static void test_random(void) {
	static const char likely[] = "\xcc\xe2\xf0\x80\x81\x9f\xc3 ";
	GRand *rand = g_rand_new_with_seed(42);

	for (int round = 0; round < 200000; round++) {
		char in[24], out[80], again[80];
		size_t n;

		for (size_t i = 0; i < sizeof(in); i++) {
			uint32_t v = g_rand_int(rand);

			in[i] = v & 1 ? (char)(v >> 8) : likely[v >> 8 & 7];
		}
		n = text_filter(in, sizeof(in), out, sizeof(out));
		g_assert_true(g_utf8_validate(out, (gssize)n, NULL));
		g_assert_cmpuint(text_filter(out, n, again, sizeof(again)), ==, n);
		g_assert_cmpstr(again, ==, out);
	}
	g_rand_free(rand);
}

static void test_ascii(void) {
	char in[256], out[300];

	for (int i = 0; i < 255; i++)
		in[i] = (char)(i + 1);
	g_assert_cmpuint(text_filter_ascii(in, 255, out, sizeof(out)), ==, 255);
	for (int i = 0; i < 255; i++)
		g_assert_cmpint(out[i], ==, i + 1 >= 0x20 && i + 1 <= 0x7e ? i + 1 : '_');
	g_assert_cmpuint(text_filter_ascii("abc", 3, out, 1), ==, 0);
	g_assert_cmpuint(text_filter_ascii("abc", 3, out, 3), ==, 2);
	g_assert_cmpstr(out, ==, "ab");
	g_assert_cmpuint(text_filter_ascii("a\0b", 3, out, 9), ==, 1);
	g_assert_cmpuint(text_filter("a\0b", 3, out, 9), ==, 1);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/A12/text-table", test_table);
	g_test_add_func("/bug-class/A12/every-character", test_every_character);
	g_test_add_func("/bug-class/A12/mark-floods", test_mark_floods);
	g_test_add_func("/bug-class/A12/never-cut-inside", test_cuts);
	g_test_add_func("/bug-class/A12/random-bytes", test_random);
	g_test_add_func("/common/text-filter/ascii", test_ascii);
	return g_test_run();
}
