/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/export.h"

#include <glib/gstdio.h>
#include <string.h>

/* What a menu reads back out of Exec is the command that went in, whatever stands in it. */
static void test_round(void) {
	static char *const command[] = {(char *)"p", (char *)"", (char *)"a b",
		(char *)"\"'`$(x)\\", (char *)"100%", (char *)"%u", (char *)"\xc3\xa4;\t", NULL};
	g_autofree char *text = export_text("work", "An \"app\"", "icon", command), *exec = NULL,
			*name = NULL;
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_auto(GStrv) words = NULL;

	g_assert_true(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL));
	exec = g_key_file_get_string(file, G_KEY_FILE_DESKTOP_GROUP, "Exec", NULL);
	name = g_key_file_get_string(file, G_KEY_FILE_DESKTOP_GROUP, "Name", NULL);
	g_assert_cmpstr(name, ==, "Work: An \"app\"");
	g_assert_true(g_shell_parse_argv(exec, NULL, &words, NULL));
	g_assert_cmpuint(g_strv_length(words), ==, 4 + 7);
	g_assert_cmpstr(words[2], ==, "work");
	g_assert_cmpstr(words[3], ==, "--");
	for (guint i = 0; command[i]; i++) {
		/* A lone percent sign would begin a code. */
		g_autoptr(GString) s = g_string_new(command[i]);

		g_string_replace(s, "%", "%%", 0);
		g_assert_cmpstr(words[4 + i], ==, s->str);
	}
}

static void test_name(void) {
	g_autofree char *name = export_name("work", "../../.x y");

	g_assert_cmpstr(name, ==, "bulkhead-work-.._.._.x_y.desktop");
}

static void test_sync(void) {
	g_autofree char *top = g_dir_make_tmp("export-XXXXXX", NULL),
			*folder = g_build_filename(top, "a", "b", NULL),
			*foreign = g_build_filename(folder, "bulkhead-mine.desktop", NULL),
			*first = g_build_filename(folder, "bulkhead-work-x.desktop", NULL),
			*is = NULL, *middle = g_build_filename(top, "a", NULL);
	g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
	char *const command[] = {(char *)"x", NULL};
	g_autofree char *text = export_text("work", "X", "", command);

	g_hash_table_insert(wanted, (gpointer) "bulkhead-work-x.desktop", text);
	g_assert_cmpuint(export_sync(folder, wanted), ==, 1);
	g_assert_cmpuint(export_sync(folder, wanted), ==, 0);
	g_assert_true(g_file_get_contents(first, &is, NULL, NULL));
	g_assert_cmpstr(is, ==, text);
	/* Somebody else's file of such a name stays, and is not written over. */
	g_assert_true(g_file_set_contents(foreign, "[Desktop Entry]\n", -1, NULL));
	g_hash_table_insert(wanted, (gpointer) "bulkhead-mine.desktop", text);
	g_assert_cmpuint(export_sync(folder, wanted), ==, 0);
	g_hash_table_remove_all(wanted);
	g_assert_cmpuint(export_sync(folder, wanted), ==, 1);
	g_assert_false(g_file_test(first, G_FILE_TEST_EXISTS));
	g_assert_cmpint(g_unlink(foreign), ==, 0);
	g_assert_cmpint(g_rmdir(folder) | g_rmdir(middle) | g_rmdir(top), ==, 0);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/export/round", test_round);
	g_test_add_func("/export/name", test_name);
	g_test_add_func("/export/sync", test_sync);
	return g_test_run();
}
