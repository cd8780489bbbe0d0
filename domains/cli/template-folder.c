/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where templates stand, and how one takes another's place. */
#include "domains/cli/template.h"

#include "domains/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* As bulkheadd has it: the system's, for root. */
static char *usual_place(void) {
	g_autofree char *data = geteuid() == 0 && !g_getenv("XDG_DATA_HOME")
					? g_strdup("/var/lib/bulkhead")
					: paths_data();

	return g_build_filename(data, "templates", NULL);
}

static bool fail(GError **error, int err, const char *what) {
	g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(err), "%s: %s", what,
		g_strerror(err));
	return false;
}

bool templates_open(struct templates *t, const char *to, GError **error) {
	g_autofree char *place = to ? g_canonicalize_filename(to, NULL) : usual_place(),
			*parent = g_path_get_dirname(place);
	AUTO(auto_close) int above = -1;

	*t = (struct templates){NULL, -1};
	/* Ours is closed to others; a folder that somebody named is as they made it. */
	if (!to) {
		above = paths_open_private(parent, error);
		t->dir = above < 0 ? -1 : paths_open_below(above, "templates", true, error);
	} else {
		t->dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (t->dir < 0)
			fail(error, errno, place);
	}
	t->path = g_steal_pointer(&place);
	return t->dir >= 0;
}

void templates_close(struct templates *t) {
	g_clear_pointer(&t->path, g_free);
	auto_close(&t->dir);
	t->dir = -1;
}

int templates_lock(struct templates *t, const char *name, GError **error) {
	g_autofree char *file = g_strdup_printf(".%s.lock", name);
	AUTO(auto_close)
	int fd = openat(t->dir, file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
		return TAKE_FD(fd);
	if (errno == EWOULDBLOCK)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_BUSY,
			"the template %s is being built or removed at this moment", name);
	else
		fail(error, errno, t->path);
	return -1;
}

/* Gives it a name that nobody looks for. */
static int put_aside(struct templates *t, const char *from, const char *name) {
	for (unsigned n = 0;; n++) {
		g_autofree char *to = g_strdup_printf(".%s.old-%u", name, n);

		if (!renameat2(t->dir, from, t->dir, to, RENAME_NOREPLACE) || errno == ENOENT)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
}

/* A domain that runs from a tree holds a shared lock on it (template_hold). */
static bool in_use(int dir, const char *name) {
	g_autofree char *below = g_build_filename(name, "root", NULL);
	AUTO(auto_close) int fd = paths_open_below(dir, below, false, NULL);

	return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

void templates_sweep(struct templates *t, const char *name) {
	g_autofree char *prefix = g_strdup_printf(".%s.old-", name);
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	DIR *d = fdopendir(openat(t->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (g_str_has_prefix(e->d_name, prefix))
			g_ptr_array_add(found, g_strdup(e->d_name));
	if (d)
		closedir(d);
	for (guint i = 0; i < found->len; i++) {
		const char *old = g_ptr_array_index(found, i);
		int r = in_use(t->dir, old) ? 0 : paths_remove_below(t->dir, old);

		if (r)
			fprintf(stderr, "bulkhead: %s/%s cannot be removed: %s\n", t->path, old,
				g_strerror(-r));
	}
}

char *templates_begin(struct templates *t, const char *name, GError **error) {
	g_autofree char *half = g_strdup_printf(".%s.new", name);
	int r = put_aside(t, half, name);

	if (!r && mkdirat(t->dir, half, 0700))
		r = -errno;
	if (r) {
		fail(error, -r, t->path);
		return NULL;
	}
	templates_sweep(t, name);
	return g_build_filename(t->path, half, NULL);
}

bool templates_commit(struct templates *t, const char *name, GError **error) {
	g_autofree char *half = g_strdup_printf(".%s.new", name);

	/* All of it is on the disk before it has the name. */
	if (syncfs(t->dir))
		return fail(error, errno, t->path);
	if (renameat2(t->dir, half, t->dir, name, RENAME_NOREPLACE)) {
		if (errno != EEXIST || renameat2(t->dir, half, t->dir, name, RENAME_EXCHANGE))
			return fail(error, errno, t->path);
		put_aside(t, half, name);
	}
	fsync(t->dir);
	templates_sweep(t, name);
	return true;
}

bool templates_drop(struct templates *t, const char *name, GError **error) {
	int r = put_aside(t, name, name);

	if (r)
		return fail(error, -r, t->path);
	fsync(t->dir);
	templates_sweep(t, name);
	return true;
}

bool templates_has(struct templates *t, const char *name) {
	struct stat st;

	return !fstatat(t->dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static gint by_name(gconstpointer a, gconstpointer b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **templates_names(struct templates *t) {
	GPtrArray *names = g_ptr_array_new();
	DIR *d = fdopendir(openat(t->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (*e->d_name != '.' && templates_has(t, e->d_name))
			g_ptr_array_add(names, g_strdup(e->d_name));
	if (d)
		closedir(d);
	g_ptr_array_sort(names, by_name);
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

GKeyFile *templates_conf(struct templates *t, const char *name) {
	g_autofree char *path = g_build_filename(t->path, name, "template.conf", NULL);
	GKeyFile *k = g_key_file_new();

	g_key_file_load_from_file(k, path, G_KEY_FILE_NONE, NULL);
	return k;
}
