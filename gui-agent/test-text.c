/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-agent/cursor-names.h"
#include "gui-agent/text.h"

#include <glib.h>
#include <string.h>

static void test_title(void) {
	static const struct {
		const char *in;
		bool latin1;
		const char *out; /* in 10 bytes */
	} cases[] = {
		{"", false, ""},
		{"123456789", false, "123456789"},
		{"1234567890", false, "123456\xe2\x80\xa6"},
		{"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", false, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"},
		{"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", false,
			"\xc3\xa4\xc3\xa4\xc3\xa4\xe2\x80\xa6"},
		{"1\xf0\x9f\x98\x80\xf0\x9f\x98\x80", false, "1\xf0\x9f\x98\x80\xf0\x9f\x98\x80"},
		{"12\xf0\x9f\x98\x80\xf0\x9f\x98\x80", false, "12\xf0\x9f\x98\x80\xe2\x80\xa6"},
		{"\xe4", true, "\xc3\xa4"},
		{"\xff\x80", true, "\xc3\xbf\xc2\x80"},
		{"\xe4\xe4\xe4\xe4\xe4", true, "\xc3\xa4\xc3\xa4\xc3\xa4\xe2\x80\xa6"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *in = g_memdup2(cases[i].in, strlen(cases[i].in) + 1); /* exact, for ASan */
		char out[10];

		memset(out, 'x', sizeof(out));
		text_title(in, strlen(in), cases[i].latin1, out, sizeof(out));
		g_assert_cmpstr(out, ==, cases[i].out);
		g_assert_cmpint(out[9], ==, 0);
		g_free(in);
	}
}

static void test_class(void) {
	static const struct {
		const char *in;
		size_t len;
		const char *name, *class;
	} cases[] = {
		{"xterm\0XTerm\0", 12, "xterm", "XTerm"},
		{"xterm\0XTerm", 11, "xterm", "XTerm"},
		{"xterm", 5, "xterm", ""},
		{"", 0, "", ""},
		{"\0\0\0", 3, "", ""},
		{"0123456789\0abcdefghij", 21, "0123456", "abcdefg"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		char *in = g_memdup2(cases[i].in, cases[i].len + 1), name[8], class[8];

		text_class(in, cases[i].len, name, class, sizeof(name));
		g_assert_cmpstr(name, ==, cases[i].name);
		g_assert_cmpstr(class, ==, cases[i].class);
		g_free(in);
	}
}

static void test_cursors(void) {
	static const struct {
		const char *name;
		uint32_t glyph;
	} cases[] = {{"X_cursor", 0x100}, {"all-scroll", 0x100 + 52}, {"xterm", 0x100 + 152},
		{"text", 0x100 + 152}, {"pointer", 0x100 + 60}, {"left_ptr", 0x100 + 68},
		{"zoom-out", 0x100 + 90}, {"watch", 0x100 + 150}, {"left_pt", 0}, {"left_ptrx", 0},
		{"", 0}, {"zzz", 0}, {"A", 0}};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpuint(
			cursor_glyph(cases[i].name, strlen(cases[i].name)), ==, cases[i].glyph);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text/title", test_title);
	g_test_add_func("/text/class", test_class);
	g_test_add_func("/cursor-names/known-and-unknown", test_cursors);
	return g_test_run();
}
