/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/store.h"

#include "domains/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int store_init(struct store *s, GError **error) {
	g_autofree char *config = paths_config(), *data = paths_data();
	AUTO(auto_close) int config_fd = paths_open_private(config, error);
	AUTO(auto_close) int data_fd = config_fd < 0 ? -1 : paths_open_private(data, error);

	s->definitions = s->data = -1;
	s->path = g_build_filename(config, "domains", NULL);
	if (data_fd < 0)
		return -1;
	s->definitions = paths_open_below(config_fd, "domains", true, error);
	if (s->definitions >= 0)
		s->data = paths_open_below(data_fd, "domains", true, error);
	return s->data < 0 ? -1 : 0;
}

void store_deinit(struct store *s) {
	auto_close(&s->definitions);
	auto_close(&s->data);
	g_free(s->path);
}

static char *read_small(int dir, const char *file, size_t *ret_size, GError **error) {
	AUTO(auto_close) int fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	g_autofree char *data = g_malloc(DEFINITION_FILE_MAX + 2);
	struct stat st;
	size_t n = 0;
	ssize_t got = 0;

	if (fd < 0 || fstat(fd, &st)) {
		g_set_error(error, DEFINITION_ERROR, DEFINITION_E_FILE, "%s: %s", file,
			errno == ELOOP ? "a symbolic link is not read" : g_strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		g_set_error(error, DEFINITION_ERROR, DEFINITION_E_FILE, "%s: not a file", file);
		return NULL;
	}
	while (n <= DEFINITION_FILE_MAX &&
		(got = read(fd, data + n, DEFINITION_FILE_MAX + 1 - n)) > 0)
		n += (size_t)got;
	if (got < 0) {
		g_set_error(error, DEFINITION_ERROR, DEFINITION_E_FILE, "%s: %s", file,
			g_strerror(errno));
		return NULL;
	}
	*ret_size = n;
	return g_steal_pointer(&data);
}

static struct definition *load_one(struct store *s, const char *file, GError **error) {
	g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".conf")), *data = NULL;
	struct domain_name name;
	size_t size;
	int r = domain_name_parse(stem, &name);

	if (r || !strcmp(stem, "dom0")) {
		g_set_error(error, DEFINITION_ERROR, DEFINITION_E_NAME, "%s: %s", file,
			r ? domain_name_error(r) : "dom0 is the admin domain's own name");
		return NULL;
	}
	data = read_small(s->definitions, file, &size, error);
	return data ? definition_parse(name, file, data, size, error) : NULL;
}

void store_load(struct store *s, void (*good)(void *user, struct definition *d),
	void (*bad)(void *user, const char *file, const char *why), void *user) {
	int fd = openat(s->definitions, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		g_autoptr(GError) error = NULL;
		struct definition *d;

		/* What a writer that died left. */
		if (e->d_name[0] == '.' && g_str_has_suffix(e->d_name, ".conf.new"))
			unlinkat(s->definitions, e->d_name, 0);
		if (!g_str_has_suffix(e->d_name, ".conf"))
			continue;
		d = load_one(s, e->d_name, &error);
		if (d)
			good(user, d);
		else
			bad(user, e->d_name, error->message);
	}
	if (dir)
		closedir(dir);
}

static int write_all(int fd, const char *text) {
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t put = write(fd, text, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		text += put;
		n -= (size_t)put;
	}
	return fsync(fd);
}

bool store_save(struct store *s, const struct definition *d, GError **error) {
	g_autofree char *text = definition_format(d), *file = g_strconcat(d->name.s, ".conf", NULL),
			*temp = g_strconcat(".", d->name.s, ".conf.new", NULL);
	AUTO(auto_close) int fd = -1;

	unlinkat(s->definitions, temp, 0);
	fd = openat(
		s->definitions, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && !write_all(fd, text) &&
		!renameat(s->definitions, temp, s->definitions, file) && !fsync(s->definitions))
		return true;
	g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno),
		"%s/%s cannot be written: %s", s->path, file, g_strerror(errno));
	unlinkat(s->definitions, temp, 0);
	return false;
}

bool store_remove(struct store *s, struct domain_name name, GError **error) {
	g_autofree char *file = g_strconcat(name.s, ".conf", NULL);

	if (!unlinkat(s->definitions, file, 0) || errno == ENOENT)
		return true;
	g_set_error(error, G_IO_ERROR, (gint)g_io_error_from_errno(errno),
		"%s/%s cannot be removed: %s", s->path, file, g_strerror(errno));
	return false;
}

#define SLOT_FILE "slot"
#define SLOTS_MAX 4096

/* -1: it has none. */
static int read_slot(int data, const char *name) {
	AUTO(auto_close) int dir = paths_open_below(data, name, false, NULL);
	AUTO(auto_close)
	int fd = dir < 0 ? -1
			 : openat(dir, SLOT_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[16] = "";
	guint64 n;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 ||
		!g_ascii_string_to_unsigned(g_strchomp(text), 10, 0, SLOTS_MAX - 1, &n, NULL))
		return -1;
	return (int)n;
}

static int free_slot(int data) {
	g_autofree bool *used = g_new0(bool, SLOTS_MAX);
	int fd = openat(data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		int slot = e->d_name[0] == '.' ? -1 : read_slot(data, e->d_name);

		if (slot >= 0)
			used[slot] = true;
	}
	if (dir)
		closedir(dir);
	while (n < SLOTS_MAX && used[n])
		n++;
	return n < SLOTS_MAX ? n : -1;
}

int store_slot(struct store *s, struct domain_name name, GError **error) {
	AUTO(auto_close) int dir = paths_open_below(s->data, name.s, true, error);
	AUTO(auto_close) int fd = -1;
	g_autofree char *text = NULL;
	int slot = read_slot(s->data, name.s);

	if (dir < 0 || slot >= 0)
		return dir < 0 ? -1 : slot;
	slot = free_slot(s->data);
	text = g_strdup_printf("%d\n", slot);
	unlinkat(dir, SLOT_FILE, 0);
	fd = openat(dir, SLOT_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (slot >= 0 && fd >= 0 && !write_all(fd, text))
		return slot;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "no number for the domain %s: %s", name.s,
		slot < 0 ? "all are taken" : g_strerror(errno));
	return -1;
}

static const char *const marks[] = {[MARK_PREPARED] = "prepared", [MARK_REMOVED] = "removed"};

int store_mark(struct store *s, const char *name, enum store_mark mark, bool set) {
	AUTO(auto_close) int dir = paths_open_below(s->data, name, set, NULL);
	AUTO(auto_close) int fd = -1;

	if (dir < 0)
		return -ENOENT;
	if (!set)
		return unlinkat(dir, marks[mark], 0) && errno != ENOENT ? -errno : 0;
	fd = openat(dir, marks[mark], O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 || fsync(dir) ? -errno : 0;
}

bool store_is_marked(struct store *s, const char *name, enum store_mark mark) {
	AUTO(auto_close) int dir = paths_open_below(s->data, name, false, NULL);

	return dir >= 0 && !faccessat(dir, marks[mark], F_OK, AT_SYMLINK_NOFOLLOW);
}

void store_each_marked(struct store *s, enum store_mark mark,
	void (*each)(void *user, const char *name), void *user) {
	int fd = openat(s->data, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && store_is_marked(s, e->d_name, mark))
			each(user, e->d_name);
	if (dir)
		closedir(dir);
}
