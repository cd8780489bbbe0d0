/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

char *paths_runtime(void) {
	const char *own = g_getenv("BULKHEAD_RUNTIME_DIR"), *xdg = g_getenv("XDG_RUNTIME_DIR");

	if (own && *own)
		return g_strdup(own);
	if (xdg && *xdg)
		return g_build_filename(xdg, "bulkhead", NULL);
	return g_build_filename(g_get_user_cache_dir(), "bulkhead", "run", NULL);
}

char *paths_config(void) {
	return g_build_filename(g_get_user_config_dir(), "bulkhead", NULL);
}

char *paths_data(void) {
	return g_build_filename(g_get_user_data_dir(), "bulkhead", NULL);
}

char *paths_state(void) {
	return g_build_filename(g_get_user_state_dir(), "bulkhead", NULL);
}

static int fail(GError **error, int err, const char *path, const char *what) {
	g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(err), "%s: %s", path, what);
	return -1;
}

static int check_private(int fd, const char *path, GError **error) {
	struct stat st;

	if (fstat(fd, &st))
		return fail(error, errno, path, g_strerror(errno));
	if (st.st_uid != geteuid())
		return fail(error, EPERM, path, "this folder belongs to another user");
	if (st.st_mode & 077 && fchmod(fd, 0700))
		return fail(
			error, errno, path, "this folder is open to others and cannot be closed");
	return 0;
}

int paths_open_private(const char *path, GError **error) {
	AUTO(auto_close) int fd = -1;

	if (g_mkdir_with_parents(path, 0700))
		return fail(error, errno, path, g_strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(error, errno, path, g_strerror(errno));
	if (check_private(fd, path, error))
		return -1;
	return TAKE_FD(fd);
}

static int open_strict(int dir, const char *name) {
	struct open_how how = {.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};

	return (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
}

int paths_open_below(int dir, const char *relative, bool create, GError **error) {
	g_auto(GStrv) parts = g_strsplit(relative, "/", -1);
	AUTO(auto_close) int at = fcntl(dir, F_DUPFD_CLOEXEC, 3);

	if (!*parts)
		return fail(error, EINVAL, relative, "not a path of plain names");
	for (char **p = parts; *p && at >= 0; p++) {
		int next;

		if (!**p || !strcmp(*p, ".") || !strcmp(*p, ".."))
			return fail(error, EINVAL, relative, "not a path of plain names");
		if (create && mkdirat(at, *p, 0700) && errno != EEXIST)
			return fail(error, errno, relative, g_strerror(errno));
		next = open_strict(at, *p);
		if (next < 0)
			return fail(error, errno, relative,
				errno == ELOOP ? "a symbolic link stands where a folder should be"
					       : g_strerror(errno));
		close(at);
		at = next;
	}
	if (at < 0)
		return fail(error, errno, relative, g_strerror(errno));
	return TAKE_FD(at);
}

static int remove_tree(int fd) {
	DIR *d = fdopendir(fd);
	struct dirent *e;
	int result = 0;

	if (!d) {
		int err = errno;

		close(fd);
		return -err;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..")) {
			int r = paths_remove_below(dirfd(d), e->d_name);

			result = result ? result : r;
		}
	closedir(d);
	return result;
}

int paths_remove_below(int dir, const char *name) {
	int fd, r;

	if (!unlinkat(dir, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_tree(fd);
	if (!unlinkat(dir, name, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	return r ? r : -errno;
}

static char *find_in(const char *folders, const char *name) {
	g_auto(GStrv) list = g_strsplit(folders ? folders : "", ":", -1);

	for (char **f = list; *f; f++) {
		g_autofree char *path = g_build_filename(*f, name, NULL);

		if (**f && g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return g_steal_pointer(&path);
	}
	return NULL;
}

char *paths_find(const char *name) {
	char *found = find_in(g_getenv("BULKHEAD_LIBEXEC"), name);

	if (!found)
		found = find_in(BULKHEAD_LIBEXECDIR ":" BULKHEAD_DATADIR ":" BULKHEAD_BINDIR, name);
	return found;
}

char *paths_by_fd(int dir, const char *name) {
	return g_strdup_printf("/proc/self/fd/%d/%s", dir, name);
}
