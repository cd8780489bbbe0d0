/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/open.h"

#include <glib.h>
#include <string.h>

static int decode(const char *name, size_t len, struct open_name *ret) {
	uint8_t field[OPEN_FIELD] = {0};

	memcpy(field, name, len);
	return open_decode_name(span_over(field, sizeof(field)), ret);
}

static void test_names(void) {
	static const struct {
		const char *in, *out;
		bool view_only;
	} rows[] = {{"a.txt", "a.txt", false}, {"view-only-a.pdf", "a.pdf", true},
		{"view-only-", "view-only-", false}, {"-rf", "_rf", false}, {".x", "_x", false},
		{"a b\n\x1b\xff", "a_b___", false}, {"view-only--x", "_x", true}};
	struct open_name n;

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_assert_cmpint(decode(rows[i].in, strlen(rows[i].in), &n), ==, 0);
		g_assert_cmpstr(n.text, ==, rows[i].out);
		g_assert_cmpint(n.view_only, ==, rows[i].view_only);
	}
}

static void test_refused_names(void) {
	char all[OPEN_FIELD + 1];
	struct open_name n;

	memset(all, 'a', sizeof(all));
	g_assert_cmpint(decode("", 0, &n), ==, 1);
	g_assert_cmpint(decode("../x", 4, &n), ==, 1);
	g_assert_cmpint(decode("/x", 2, &n), ==, 1);
	g_assert_cmpint(decode(all, OPEN_FIELD, &n), ==, 1);
	g_assert_cmpint(decode(all, OPEN_FIELD - 1, &n), ==, 0);
	g_assert_cmpint(open_decode_name(span_over(all, OPEN_FIELD - 1), &n), ==, 1);
	g_assert_cmpint(open_decode_name(span_over(all, OPEN_FIELD + 1), &n), ==, 1);
}

static void test_long_name_keeps_its_end(void) {
	g_autofree char *name = g_strnfill(300, 'x');
	uint8_t field[OPEN_FIELD];
	struct open_name n;

	memcpy(name + 296, ".odt", 4);
	open_encode_name(name, true, field);
	g_assert_cmpint(open_decode_name(span_over(field, sizeof(field)), &n), ==, 0);
	g_assert_true(n.view_only && g_str_has_suffix(n.text, ".odt"));
	g_assert_cmpuint(strlen(n.text), ==, 245);
}

static int url(const char *text) {
	char ret[OPEN_URL_MAX + 1];

	return open_decode_url(span_over(text, strlen(text)), ret);
}

static void test_urls(void) {
	static const char *const bad[] = {"", "\n", "http://", "file:///etc/passwd", "javascript:x",
		"-http://x", "http://a b", "http://a\nb", "http://a\x1b", "http://\xc3\xa4",
		"HTTP:x", "https:/x", "http://a\n\n"};
	g_autofree char *most = g_strnfill(OPEN_URL_MAX, 'x'),
			*over = g_strnfill(OPEN_URL_MAX + 1, 'x');

	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(url(bad[i]), ==, 1);
	memcpy(most, "http://", 7);
	memcpy(over, "http://", 7);
	g_assert_cmpint(url("http://a"), ==, 0);
	g_assert_cmpint(url("https://a/?b=c&d\n"), ==, 0);
	g_assert_cmpint(url("ftp://a"), ==, 0);
	g_assert_cmpint(url(most), ==, 0);
	g_assert_cmpint(url(over), ==, 1);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/open/names", test_names);
	g_test_add_func("/bug-class/F9/open/refused-names", test_refused_names);
	g_test_add_func("/open/long-name", test_long_name_keeps_its_end);
	g_test_add_func("/bug-class/F9/open/urls", test_urls);
	return g_test_run();
}
