/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/appmenu.h"

#include <glib.h>

static int decode(const char *text, size_t size, struct appmenu_line *l) {
	return appmenu_decode(span_over(text, size), l);
}

static void test_lines(void) {
	static const struct {
		const char *line;
		int answer;
	} cases[] = {{"firefox.desktop:Name=Firefox", 0}, {"a.b-c_d.desktop:Exec=x=y:z %u", 0},
		{"firefox.desktop:Comment=x", APPMENU_E_KEY},
		{"firefox.desktop:Name", APPMENU_E_KEY}, {"firefox.desktop:=x", APPMENU_E_KEY},
		{"firefox.desktop:name=x", APPMENU_E_KEY},
		{"firefox.desktop:Name=", APPMENU_E_LENGTH}, {"firefox:Name=x", APPMENU_E_ID},
		{".desktop:Name=x", APPMENU_E_ID}, {"../a.desktop:Name=x", APPMENU_E_ID},
		{".a.desktop:Name=x", APPMENU_E_ID}, {"a/b.desktop:Name=x", APPMENU_E_ID},
		{"a b.desktop:Name=x", APPMENU_E_ID}, {"nothing", APPMENU_E_ID},
		{"", APPMENU_E_LENGTH}, {"a.desktop:Name=x\ny", APPMENU_E_VALUE},
		{"a.desktop:Name=\x1b[31m", APPMENU_E_VALUE},
		{"a.desktop:Name=x\x7f", APPMENU_E_VALUE}, {"a.desktop:Name=\xc3\xa4\xff", 0}};
	struct appmenu_line l;

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(
			decode(cases[i].line, strlen(cases[i].line), &l), ==, cases[i].answer);
	g_assert_cmpint(decode("x.desktop:Exec=a\0b", 18, &l), ==, APPMENU_E_VALUE);
	g_assert_cmpint(decode("x.desktop:Exec=a=b", 18, &l), ==, 0);
	g_assert_cmpstr(l.id, ==, "x");
	g_assert_cmpint(l.key, ==, APPMENU_EXEC);
	g_assert_cmpstr(l.value, ==, "a=b");
}

/* The most, and one more. */
static void test_edges(void) {
	struct appmenu_line l;

	for (unsigned over = 0; over < 2; over++) {
		g_autofree char *id = g_strnfill(APPMENU_ID_MAX + over, 'i'),
				*value = g_strnfill(APPMENU_VALUE_MAX + over, 'v'),
				*a = g_strdup_printf("%s.desktop:Name=x", id),
				*b = g_strdup_printf("x.desktop:Name=%s", value);

		g_assert_cmpint(decode(a, strlen(a), &l), ==, over ? APPMENU_E_ID : 0);
		g_assert_cmpint(decode(b, strlen(b), &l), ==, over ? APPMENU_E_LENGTH : 0);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/appmenu/lines", test_lines);
	g_test_add_func("/appmenu/edges", test_edges);
	return g_test_run();
}
