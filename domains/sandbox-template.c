/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/sandbox-template.h"

#include "domains/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

/* Written anew for every domain, whatever the template says. */
static const char *const own_etc[] = {"passwd", "passwd-", "group", "group-", "shadow", "shadow-",
	"gshadow", "gshadow-", "subuid", "subuid-", "subgid", "subgid-", "hosts", "hostname",
	"machine-id", "resolv.conf", "nsswitch.conf", "mtab", NULL};
static const char *const tops[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32", "opt", NULL};

int template_open(const char *name, GError **error) {
	g_autofree char *data = paths_data(), *below = g_strdup_printf("templates/%s/root", name);
	AUTO(auto_close) int base = paths_open_private(data, error);
	g_autoptr(GError) inner = NULL;
	int fd = base < 0 ? -1 : paths_open_below(base, below, false, &inner);

	if (inner)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			"template: there is no template %s for this computer (%s/%s); `bulkhead "
			"domain set NAME template=host` uses the host's programs",
			name, data, inner->message);
	return fd;
}

static bool same(int a, int b) {
	struct stat one, other;

	return !fstat(a, &one) && !fstat(b, &other) && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

int template_hold(const char *name, GError **error) {
	AUTO(auto_close) int fd = template_open(name, error);

	while (fd >= 0) {
		/* Who removes one holds it alone; where there are no such locks it is not removed.
		 */
		(void)!flock(fd, LOCK_SH | LOCK_NB);
		AUTO(auto_close) int now = template_open(name, error);

		if (now < 0 || same(fd, now))
			return now < 0 ? -1 : TAKE_FD(fd);
		close(fd);
		fd = TAKE_FD(now);
	}
	return -1;
}

static void add(GPtrArray *args, const char *first, ...) G_GNUC_NULL_TERMINATED;
static void add(GPtrArray *args, const char *first, ...) {
	va_list ap;

	va_start(ap, first);
	for (const char *a = first; a; a = va_arg(ap, const char *))
		g_ptr_array_add(args, g_strdup(a));
	va_end(ap);
}

/* One entry of the tree at the same place inside: a link stays a link, and is never followed here,
 * where it would lead into the host's files (bug class H7). */
static void add_entry(
	GPtrArray *args, int dir, const char *where, const char *folder, const char *name) {
	g_autofree char *source = g_build_filename(where, folder, name, NULL),
			*dest = g_build_filename("/", folder, name, NULL);
	char target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) {
		add(args, "--ro-bind", source, dest, NULL);
		return;
	}
	n = S_ISLNK(st.st_mode) ? readlinkat(dir, name, target, sizeof(target) - 1) : -1;
	if (n <= 0)
		return;
	target[n] = 0;
	add(args, "--symlink", target, dest, NULL);
}

static void add_folder(GPtrArray *args, int dir, const char *where, const char *folder) {
	DIR *d = dir < 0 ? NULL : fdopendir(fcntl(dir, F_DUPFD_CLOEXEC, 3));
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") &&
			!g_strv_contains(own_etc, e->d_name))
			add_entry(args, dir, where, folder, e->d_name);
	if (d)
		closedir(d);
}

static bool has_x_server(int root) {
	return !faccessat(root, "usr/lib/xorg/Xorg", F_OK, AT_SYMLINK_NOFOLLOW) ||
	       !faccessat(root, "usr/bin/Xvfb", F_OK, AT_SYMLINK_NOFOLLOW);
}

int template_args(GPtrArray *args, int root, const char *where, GError **error) {
	AUTO(auto_close) int etc = paths_open_below(root, "etc", false, error);
	AUTO(auto_close) int usr = paths_open_below(root, "usr", false, etc < 0 ? NULL : error);

	if (etc < 0 || usr < 0) {
		g_prefix_error(error, "template: ");
		return -1;
	}
	if (!has_x_server(root)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			"template: there is no X server in it (/usr/lib/xorg/Xorg or "
			"/usr/bin/Xvfb)");
		return -1;
	}
	add_entry(args, root, where, "", "usr");
	for (const char *const *top = tops; *top; top++)
		add_entry(args, root, where, "", *top);
	add(args, "--perms", "0755", "--dir", "/etc", NULL);
	add_folder(args, etc, where, "etc");
	return 0;
}

bool template_has_program(int root, const char *name) {
	g_autofree char *path = g_strconcat("usr/libexec/bulkhead/", name, NULL);
	struct stat st;

	return root >= 0 && !fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
	       st.st_mode & 0111;
}
