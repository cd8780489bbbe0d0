/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/apps.h"

#include "tray/apps-lines.h"

#include <glib/gstdio.h>
#include <string.h>

#define HEAD "[Desktop Entry]\nType=Application\n"

static int parse(const char *text, struct app **ret) {
	return app_parse("x", text, strlen(text), ret);
}

static const struct {
	const char *name, *text;
	int answer;
	const char *shown, *icon, *command; /* command: arguments with | between them */
} cases[] = {
	{"plain", HEAD "Name=Editor\nExec=/usr/bin/ed %F\nIcon=ed\n", 0, "Editor", "ed",
		"/usr/bin/ed"},
	{"quotes", HEAD "Name=a\nExec=sh -c \"echo $HOME; 'x'\" %%u\n", 0, "a", "",
		"sh|-c|echo $HOME; 'x'|%u"},
	{"code inside a word", HEAD "Name=a\nExec=p --url=%u --x\n", 0, "a", "", "p|--url=|--x"},
	{"last byte is a percent sign", HEAD "Name=a\nExec=p a%\n", 0, "a", "", "p|a"},
	{"only codes", HEAD "Name=a\nExec=%f %u\n", APPS_E_INVALID},
	{"empty program", HEAD "Name=a\nExec=\"\" x\n", APPS_E_INVALID},
	{"no command", HEAD "Name=a\n", APPS_E_INVALID},
	{"open quote", HEAD "Name=a\nExec=p \"x\n", APPS_E_INVALID},
	{"no name", HEAD "Exec=p\n", APPS_E_INVALID},
	{"blank name", HEAD "Name= \nExec=p\n", APPS_E_INVALID},
	{"a link", "[Desktop Entry]\nType=Link\nName=a\nExec=p\n", APPS_E_INVALID},
	{"another group", "[Other]\nType=Application\nName=a\nExec=p\n", APPS_E_INVALID},
	{"no display", HEAD "Name=a\nExec=p\nNoDisplay=true\n", APPS_E_HIDDEN},
	{"hidden", HEAD "Name=a\nExec=p\nHidden=true\n", APPS_E_HIDDEN},
	{"one desktop's own", HEAD "Name=a\nExec=p\nOnlyShowIn=XFCE;\n", APPS_E_HIDDEN},
	{"bidi name",
		HEAD "Name=a\xe2\x80\xae"
		     "b\nExec=p\n",
		0, "a_b", "", "p"},
	{"control in name", HEAD "Name=a\\tb\nExec=p\n", 0, "a_b", "", "p"},
	{"not UTF-8", HEAD "Name=a\xff\nExec=p\n", APPS_E_INVALID},
	{"icon is a path", HEAD "Name=a\nExec=p\nIcon=/etc/shadow\n", 0, "a", "", "p"},
	{"icon climbs", HEAD "Name=a\nExec=p\nIcon=../x\n", 0, "a", "", "p"},
	{"icon is hidden", HEAD "Name=a\nExec=p\nIcon=.x\n", 0, "a", "", "p"},
	{"icon of a reverse name", HEAD "Name=a\nExec=p\nIcon=org.x.Y-z_1\n", 0, "a", "org.x.Y-z_1",
		"p"},
};

static void test_table(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *command = NULL;
		struct app *a = NULL;

		g_test_message("%s", cases[i].name);
		g_assert_cmpint(parse(cases[i].text, &a), ==, cases[i].answer);
		if (!a)
			continue;
		command = g_strjoinv("|", a->argv);
		g_assert_cmpstr(a->name, ==, cases[i].shown);
		g_assert_cmpstr(a->icon, ==, cases[i].icon);
		g_assert_cmpstr(command, ==, cases[i].command);
		app_free(a);
	}
}

static char *repeat(const char *what, size_t n) {
	GString *s = g_string_new(NULL);

	while (n--)
		g_string_append(s, what);
	return g_string_free(s, FALSE);
}

static int with_exec(const char *exec) {
	g_autofree char *text = g_strconcat(HEAD "Name=a\nExec=", exec, "\n", NULL);
	struct app *a = NULL;
	int r = parse(text, &a);

	app_free(a);
	return r;
}

static void test_bounds(void) {
	g_autofree char *arg = repeat("x", APPS_ARG_SIZE - 1), *longer = repeat("x", APPS_ARG_SIZE),
			*args = repeat("a ", APPS_ARGS_MAX),
			*more = repeat("a ", APPS_ARGS_MAX + 1), *name = repeat("\xc3\xa4", 5000),
			*words = repeat("k;", 20000), *file = repeat("#\n", APPS_FILE_SIZE / 2 + 1),
			*text = g_strconcat(
				HEAD "Exec=p\nName=", name, "\nKeywords=", words, "\n", NULL);
	struct app *a = NULL;

	g_assert_cmpint(with_exec(arg), ==, 0);
	g_assert_cmpint(with_exec(longer), ==, APPS_E_INVALID);
	g_assert_cmpint(with_exec(args), ==, 0);
	g_assert_cmpint(with_exec(more), ==, APPS_E_INVALID);
	g_assert_cmpint(parse(text, &a), ==, 0);
	g_assert_cmpuint(strlen(a->name), <, APPS_NAME_SIZE);
	g_assert_true(g_utf8_validate(a->name, -1, NULL));
	g_assert_cmpuint(strlen(a->words), <, APPS_WORDS_SIZE);
	app_free(a);
	memcpy(file, HEAD "Name=a\nExec=p\n", strlen(HEAD "Name=a\nExec=p\n"));
	g_assert_cmpint(app_parse("x", file, APPS_FILE_SIZE, &a), ==, 0);
	app_free(a);
	g_assert_cmpint(app_parse("x", file, APPS_FILE_SIZE + 1, &a), ==, APPS_E_INVALID);
}

/* A million entries: what is kept is bounded, what is not is counted. */
static void test_flood(void) {
	struct apps *apps = apps_new();

	for (guint i = 0; i < 1000000; i++) {
		struct app *a = g_new0(struct app, 1);

		a->id = g_strdup("x");
		a->name = g_strdup("x");
		apps_add(apps, a);
	}
	g_assert_cmpuint(apps->list->len, ==, APPS_MAX);
	g_assert_cmpuint(apps->left_out, ==, 1000000 - APPS_MAX);
	apps_unref(apps);
}

static void write_entry(const char *folder, const char *file, const char *name, const char *more) {
	g_autofree char *path = g_build_filename(folder, file, NULL),
			*text = g_strdup_printf(HEAD "Name=%s\nExec=%s\n%s", name, file, more);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void remove_folder(const char *folder) {
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_assert_cmpint(g_unlink(path), ==, 0);
	}
	g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_scan(void) {
	g_autofree char *one = g_dir_make_tmp("apps-XXXXXX", NULL),
			*two = g_dir_make_tmp("apps-XXXXXX", NULL);
	const char *const folders[] = {one, "/nowhere", two, NULL};
	g_autofree char *pipe = g_build_filename(one, "pipe.desktop", NULL);
	g_auto(GStrv) command = NULL;
	struct apps *apps;

	write_entry(one, "b.desktop", "Beta", "Terminal=true\n");
	write_entry(one, "a.desktop", "Alpha", "");
	write_entry(one, "README", "No", "");
	write_entry(two, "a.desktop", "Other", "");
	write_entry(two, "foo.desktop", "Foo terminal", "Categories=System;TerminalEmulator;\n");
	write_entry(two, "xterm.desktop", "Xterm", "Categories=TerminalEmulator;\n");
	g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
	apps = apps_scan(folders);
	g_assert_cmpuint(apps->list->len, ==, 4);
	g_assert_cmpstr(((struct app *)apps->list->pdata[0])->name, ==, "Alpha");
	g_assert_cmpstr(apps->terminal->id, ==, "xterm");
	g_assert_null(apps->files);
	command = app_command(apps, apps->list->pdata[1]);
	g_assert_cmpstr(command[0], ==, "xterm.desktop");
	g_assert_cmpstr(command[1], ==, "-e");
	g_assert_cmpstr(command[2], ==, "b.desktop");
	apps_unref(apps);
	remove_folder(one);
	remove_folder(two);
}

/* A domain's own list: lines in any order, what is wrong left out, numbers bounded. */
static void test_lines(void) {
	static const char lines[] =
		"a.desktop:Name=Alpha\nb.desktop:Exec=beta --x\na.desktop:Exec=alpha %u\n"
		"b.desktop:Name=B\xe2\x80\xaeta\n../c.desktop:Name=C\nc.desktop:Name=no command\n"
		"b.desktop:Icon=/etc/passwd\nnonsense\nd.desktop:Exec=x\n[Desktop Entry]\n";
	struct apps *apps = apps_from_lines(lines, strlen(lines));
	const struct app *a, *b;

	g_assert_cmpuint(apps->list->len, ==, 2);
	a = apps->list->pdata[0];
	b = apps->list->pdata[1];
	g_assert_cmpstr(a->name, ==, "Alpha");
	g_assert_cmpstr(a->argv[0], ==, "alpha");
	g_assert_null(a->argv[1]);
	g_assert_cmpstr(b->name, ==, "B_ta");
	g_assert_cmpstr(b->icon, ==, "");
	apps_unref(apps);
}

/* A million entries: as many as there may be are kept, in bounded time and memory. */
static void test_bug_class_lines(void) {
	g_autoptr(GString) lines = g_string_new(NULL);
	struct apps *apps;

	for (unsigned i = 0; i < 1000000; i++)
		g_string_append_printf(lines, "a%u.desktop:Name=x\na%u.desktop:Exec=x\n", i, i);
	apps = apps_from_lines(lines->str, lines->len);
	g_assert_cmpuint(apps->list->len, ==, APPS_MAX);
	g_assert_cmpuint(apps->left_out, >, 0);
	apps_unref(apps);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/apps/lines", test_lines);
	g_test_add_func("/bug-class/H10/menu-of-a-domain", test_bug_class_lines);
	g_test_add_func("/apps/table", test_table);
	g_test_add_func("/apps/scan", test_scan);
	g_test_add_func("/bug-class/H10/menu-entries-have-bounds", test_bounds);
	g_test_add_func("/bug-class/H10/a-million-menu-entries", test_flood);
	return g_test_run();
}
