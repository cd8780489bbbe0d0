/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/menu-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MENU   "menu"
#define SUFFIX ".rgba"

static char *store(void) {
	return g_build_filename(g_get_user_cache_dir(), "bulkhead", "menus", NULL);
}

char *menu_store_folder(const char *uuid) {
	g_autofree char *base = store();

	return g_uuid_string_is_valid(uuid) ? g_build_filename(base, uuid, NULL) : NULL;
}

/* At most size bytes of a plain file; *ret_stat is its. The caller frees what it returns. */
static uint8_t *read_file(const char *path, size_t size, struct stat *ret_stat) {
	AUTO(auto_close)
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	g_autofree uint8_t *data = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < 1 ||
		(size_t)st.st_size > size)
		return NULL;
	data = g_malloc((gsize)st.st_size);
	if (read(fd, data, (size_t)st.st_size) != st.st_size)
		return NULL;
	*ret_stat = st;
	return g_steal_pointer(&data);
}

static void keep(const char *folder, const char *name, const void *data, size_t size,
	GFileSetContentsFlags how) {
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (g_mkdir_with_parents(folder, 0700))
		return;
	/* It only spares a question: that it could not be written is no error for anybody. */
	(void)!g_file_set_contents_full(path, data, (gssize)size, how, 0600, NULL);
}

/* A name of apps.h has no folders in it; whoever asks with another gets none. */
static char *icon_file(const char *name) {
	return *name && *name != '.' && !strchr(name, '/') ? g_strconcat(name, SUFFIX, NULL) : NULL;
}

bool menu_store_read_icon(
	const char *folder, const char *name, uint8_t ret[ICON_SIZE], bool *ret_old) {
	g_autofree char *file = icon_file(name),
			*path = folder && file ? g_build_filename(folder, file, NULL) : NULL;
	struct stat st = {0};
	g_autofree uint8_t *data = path ? read_file(path, ICON_SIZE, &st) : NULL;
	struct icon icon;

	if (!data || st.st_size != ICON_SIZE || icon_decode(span_over(data, ICON_SIZE), &icon) ||
		icon.w != ICON_SIDE || icon.h != ICON_SIDE)
		return false;
	memcpy(ret, data, ICON_SIZE);
	*ret_old = time(NULL) - st.st_mtime > (time_t)MENU_STORE_DAYS * 24 * 3600;
	return true;
}

static guint count(const char *folder) {
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	guint n = 0;

	while (dir && g_dir_read_name(dir))
		n++;
	return n;
}

void menu_store_keep_icon(const char *folder, const char *name, const uint8_t icon[ICON_SIZE]) {
	g_autofree char *file = icon_file(name);

	if (folder && file && count(folder) <= MENU_STORE_ICONS)
		/* Half a picture is none (its length is exact): the disk need not be waited for. */
		keep(folder, file, icon, ICON_SIZE, G_FILE_SET_CONTENTS_NONE);
}

GBytes *menu_store_read_menu(const char *folder) {
	g_autofree char *path = folder ? g_build_filename(folder, MENU, NULL) : NULL;
	struct stat st;
	uint8_t *data = path ? read_file(path, MENU_STORE_BYTES, &st) : NULL;

	return data ? g_bytes_new_take(data, (gsize)st.st_size) : NULL;
}

void menu_store_keep_menu(const char *folder, const void *data, size_t size) {
	if (folder && size > 0 && size <= MENU_STORE_BYTES)
		keep(folder, MENU, data, size, G_FILE_SET_CONTENTS_CONSISTENT);
}

static void remove_folder(const char *folder) {
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		(void)g_unlink(path);
	}
	(void)g_rmdir(folder);
}

void menu_store_prune(GHashTable *uuids) {
	g_autofree char *base = store();
	g_autoptr(GDir) dir = g_dir_open(base, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *folder = menu_store_folder(name);

		/* What is not of this module stays. */
		if (folder && !g_hash_table_contains(uuids, name))
			remove_folder(folder);
	}
}
