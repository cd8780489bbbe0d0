/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service qubes.GetAppmenus, in a domain: prints the lines of the group [Desktop Entry] of its
 * applications as FILE.desktop:KEY=VALUE. Who asks does not trust them.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define GROUP "Desktop Entry"

static void print_file(const char *folder, const char *name) {
	static const char *const keys[] = {
		"Name", "GenericName", "Icon", "Exec", "Categories", "Terminal"};
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(folder, name, NULL), *type = NULL;

	if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		return;
	type = g_key_file_get_string(file, GROUP, "Type", NULL);
	if (g_strcmp0(type, "Application") != 0 ||
		g_key_file_get_boolean(file, GROUP, "NoDisplay", NULL) ||
		g_key_file_get_boolean(file, GROUP, "Hidden", NULL))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		g_autofree char *value = g_key_file_get_value(file, GROUP, keys[i], NULL);

		if (value && *value)
			printf("%s:%s=%s\n", name, keys[i], value);
	}
}

/* The first folder that has a name wins. */
static void print_folder(const char *base, GHashTable *seen) {
	g_autofree char *folder = g_build_filename(base, "applications", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".desktop") && g_hash_table_add(seen, g_strdup(name)))
			print_file(folder, name);
}

int main(void) {
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *const *folders = g_get_system_data_dirs();

	print_folder(g_get_user_data_dir(), seen);
	for (; *folders; folders++)
		print_folder(*folders, seen);
	return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
