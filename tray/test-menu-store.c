/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/menu-store.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

#define UUID  "6c1a9a54-2b0e-4a5e-9d0f-1f6d3f2c7a11"
#define OTHER "6c1a9a54-2b0e-4a5e-9d0f-1f6d3f2c7a12"

static char *path_in(const char *uuid, const char *name) {
	g_autofree char *folder = menu_store_folder(uuid);

	return g_build_filename(folder, name, NULL);
}

static void make_icon(uint8_t ret[ICON_SIZE]) {
	static const uint8_t pixel[] = {1, 2, 3, 255};
	struct icon i = {1, 1, pixel};

	icon_fit(&i, ret);
}

static void test_folders(void) {
	g_autofree char *folder = menu_store_folder(UUID);

	g_assert_true(g_str_has_prefix(folder, g_get_user_cache_dir()));
	g_assert_null(menu_store_folder(""));
	g_assert_null(menu_store_folder("work"));
	g_assert_null(menu_store_folder(".."));
	g_assert_null(menu_store_folder("../../" UUID));
}

static void test_kept(void) {
	g_autofree char *folder = menu_store_folder(UUID), *path = path_in(UUID, "firefox.rgba");
	g_autofree uint8_t *icon = g_malloc(ICON_SIZE), *again = g_malloc(ICON_SIZE);
	g_autoptr(GBytes) menu = NULL;
	struct utimbuf past = {0};
	bool old = true;

	make_icon(icon);
	g_assert_false(menu_store_read_icon(folder, "firefox", again, &old));
	g_assert_null(menu_store_read_menu(folder));
	menu_store_keep_icon(folder, "firefox", icon);
	menu_store_keep_menu(folder, "a.desktop:Name=a\n", 17);
	g_assert_true(menu_store_read_icon(folder, "firefox", again, &old));
	g_assert_cmpmem(icon, ICON_SIZE, again, ICON_SIZE);
	g_assert_false(old);
	menu = menu_store_read_menu(folder);
	g_assert_cmpmem(
		g_bytes_get_data(menu, NULL), g_bytes_get_size(menu), "a.desktop:Name=a\n", 17);
	g_assert_cmpint(utime(path, &past), ==, 0);
	g_assert_true(menu_store_read_icon(folder, "firefox", again, &old));
	g_assert_true(old);
}

/* Names that would leave the folder, and files that are not what this module wrote. */
static void test_wrong(void) {
	g_autofree char *folder = menu_store_folder(UUID), *firefox = path_in(UUID, "firefox.rgba"),
			*mail = path_in(UUID, "mail.rgba"), *menu = path_in(UUID, "menu"),
			*large = g_malloc0(MENU_STORE_BYTES + 1);
	g_autofree uint8_t *icon = g_malloc(ICON_SIZE + 1), *again = g_malloc(ICON_SIZE);
	static const char *const names[] = {"", ".", "..", ".x", "../x", "a/b"};
	g_autoptr(GBytes) bytes = NULL;
	bool old;

	make_icon(icon);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		menu_store_keep_icon(folder, names[i], icon);
		g_assert_false(menu_store_read_icon(folder, names[i], again, &old));
	}
	g_assert_false(g_file_test("x.rgba", G_FILE_TEST_EXISTS));
	menu_store_keep_icon(NULL, "firefox", icon);
	g_assert_false(menu_store_read_icon(NULL, "firefox", again, &old));

	menu_store_keep_icon(folder, "firefox", icon);
	for (int off = -1; off <= 1; off += 2) { /* one byte short, one over */
		g_assert_true(g_file_set_contents(firefox, (char *)icon, ICON_SIZE + off, NULL));
		g_assert_false(menu_store_read_icon(folder, "firefox", again, &old));
	}
	icon[0] = '9';
	g_assert_true(g_file_set_contents(firefox, (char *)icon, ICON_SIZE, NULL));
	g_assert_false(menu_store_read_icon(folder, "firefox", again, &old));
	make_icon(icon);
	g_assert_true(g_file_set_contents(firefox, (char *)icon, ICON_SIZE, NULL));
	g_assert_cmpint(symlink(firefox, mail), ==, 0);
	g_assert_false(menu_store_read_icon(folder, "mail", again, &old));
	g_assert_cmpint(g_unlink(mail), ==, 0);
	g_assert_cmpint(mkfifo(mail, 0600), ==, 0);
	g_assert_false(menu_store_read_icon(folder, "mail", again, &old));

	g_unlink(menu);
	menu_store_keep_menu(folder, large, MENU_STORE_BYTES + 1);
	g_assert_null(menu_store_read_menu(folder));
	g_assert_true(g_file_set_contents(menu, large, MENU_STORE_BYTES + 1, NULL));
	g_assert_null(menu_store_read_menu(folder));
	menu_store_keep_menu(folder, large, MENU_STORE_BYTES);
	bytes = menu_store_read_menu(folder);
	g_assert_cmpuint(g_bytes_get_size(bytes), ==, MENU_STORE_BYTES);
}

/* A domain that names icons without end does not fill the disk. */
static void test_million_icons(void) {
	g_autofree char *folder = menu_store_folder(OTHER);
	g_autofree uint8_t *icon = g_malloc(ICON_SIZE);
	g_autoptr(GDir) dir = NULL;
	guint n = 0;

	make_icon(icon);
	for (unsigned i = 0; i < MENU_STORE_ICONS + 50; i++) {
		g_autofree char *name = g_strdup_printf("i%u", i);

		menu_store_keep_icon(folder, name, icon);
	}
	dir = g_dir_open(folder, 0, NULL);
	while (g_dir_read_name(dir))
		n++;
	g_assert_cmpuint(n, <=, MENU_STORE_ICONS + 1);
	g_assert_cmpuint(n, >=, MENU_STORE_ICONS);
}

static void test_prune(void) {
	g_autofree char *a = menu_store_folder(UUID), *b = menu_store_folder(OTHER),
			*base = g_path_get_dirname(a),
			*strange = g_build_filename(base, "mine", NULL);
	g_autoptr(GHashTable) uuids = g_hash_table_new(g_str_hash, g_str_equal);

	menu_store_keep_menu(a, "x", 1);
	menu_store_keep_menu(b, "x", 1);
	g_assert_cmpint(g_mkdir(strange, 0700), ==, 0);
	g_hash_table_add(uuids, (gpointer)(guintptr)OTHER);
	menu_store_prune(uuids);
	g_assert_false(g_file_test(a, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(b, G_FILE_TEST_EXISTS));
	g_assert_true(g_file_test(strange, G_FILE_TEST_EXISTS));
}

/* Not G_TEST_OPTION_ISOLATE_DIRS, whose folders GLib never frees: leaks are looked for here. */
int main(int argc, char **argv) {
	g_autofree char *home = g_dir_make_tmp("menu-store-XXXXXX", NULL);
	const char *remove[] = {"rm", "-rf", home, NULL};
	int r;

	g_assert_nonnull(home);
	g_setenv("XDG_CACHE_HOME", home, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/menu-store/folders", test_folders);
	g_test_add_func("/menu-store/kept", test_kept);
	g_test_add_func("/menu-store/wrong", test_wrong);
	g_test_add_func("/bug-class/H10/kept-pictures-have-bounds", test_million_icons);
	g_test_add_func("/menu-store/prune", test_prune);
	r = g_test_run();
	g_spawn_sync(NULL, (char **)(guintptr)remove, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
		NULL, NULL, NULL);
	return r;
}
