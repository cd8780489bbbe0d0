/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 256

static int walk_at(
	const struct walk *w, int dir, const char *name, struct filecopy_entry *e, unsigned depth);
static int walk_file(const struct walk *w, int dir, const char *name, struct filecopy_entry *e);

static void times_of(const struct stat *st, struct filecopy_entry *e) {
	e->atime = (struct filecopy_time){
		(uint32_t)st->st_atim.tv_sec, (uint32_t)st->st_atim.tv_nsec};
	e->mtime = (struct filecopy_time){
		(uint32_t)st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec};
}

static void describe(const struct stat *st, enum filecopy_kind kind, struct filecopy_entry *e) {
	e->kind = kind;
	e->perm = (uint16_t)(st->st_mode & 0777);
	e->size = kind == FILECOPY_FILE ? (uint64_t)st->st_size : 0;
	e->link[0] = 0;
	times_of(st, e);
}

/* Appends "/name" to the entry's name; how long it was before, or 0: it does not fit. */
static size_t push(struct filecopy_entry *e, const char *name) {
	size_t len = strlen(e->name), more = strlen(name);

	if (len + 1 + more >= sizeof(e->name))
		return 0;
	e->name[len] = '/';
	memcpy(e->name + len + 1, name, more + 1);
	return len;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int walk_inside(const struct walk *w, int dir, struct filecopy_entry *e, unsigned depth) {
	struct dirent **list;
	int count = scandirat(dir, ".", &list, NULL, by_name), r = 0;

	if (count < 0)
		return w->skipped(w->data, e->name, errno);
	for (int i = 0; i < count; i++) {
		const char *name = list[i]->d_name;
		size_t len;

		if (!r && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			len = push(e, name);
			if (!len)
				r = w->skipped(w->data, e->name, ENAMETOOLONG);
			else if (list[i]->d_type == DT_REG && !w->look_only)
				r = walk_file(w, dir, name, e);
			else
				r = walk_at(w, dir, name, e, depth + 1);
			if (len)
				e->name[len] = 0;
		}
		free(list[i]);
	}
	free(list);
	return r;
}

static int walk_dir(const struct walk *w, int fd, const struct stat *st, struct filecopy_entry *e,
	unsigned depth) {
	int r;

	if (depth == DEPTH_MAX)
		return w->skipped(w->data, e->name, ELOOP);
	describe(st, FILECOPY_DIR, e);
	r = w->entry(w->data, e, -1, false);
	if (!r)
		r = walk_inside(w, fd, e, depth);
	describe(st, FILECOPY_DIR, e);
	return r ? r : w->entry(w->data, e, -1, true);
}

static int walk_link(const struct walk *w, int dir, const char *name, const struct stat *st,
	struct filecopy_entry *e) {
	ssize_t n;

	describe(st, FILECOPY_LINK, e);
	n = readlinkat(dir, name, e->link, sizeof(e->link) - 1);
	if (n < 0)
		return w->skipped(w->data, e->name, errno);
	e->link[n] = 0;
	n = w->entry(w->data, e, -1, false);
	e->link[0] = 0;
	return (int)n;
}

#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* What was a file a moment ago. */
static int walk_file(const struct walk *w, int dir, const char *name, struct filecopy_entry *e) {
	AUTO(auto_close) int fd = openat(dir, name, OPEN_FLAGS);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return w->skipped(w->data, e->name, errno);
	if (!S_ISREG(st.st_mode))
		return w->skipped(w->data, e->name, EINVAL);
	describe(&st, FILECOPY_FILE, e);
	return w->entry(w->data, e, fd, false);
}

static int look_at_file(const struct walk *w, int dir, const char *name, const struct stat *st,
	struct filecopy_entry *e) {
	if (faccessat(dir, name, R_OK, 0))
		return w->skipped(w->data, e->name, errno);
	describe(st, FILECOPY_FILE, e);
	return w->entry(w->data, e, -1, false);
}

static int walk_at(
	const struct walk *w, int dir, const char *name, struct filecopy_entry *e, unsigned depth) {
	AUTO(auto_close) int fd = -1;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return w->skipped(w->data, e->name, errno);
	if (S_ISLNK(st.st_mode))
		return walk_link(w, dir, name, &st, e);
	if (S_ISREG(st.st_mode))
		return w->look_only ? look_at_file(w, dir, name, &st, e)
				    : walk_file(w, dir, name, e);
	if (!S_ISDIR(st.st_mode))
		return w->skipped(w->data, e->name, EINVAL);
	fd = openat(dir, name, OPEN_FLAGS | O_DIRECTORY);
	if (fd < 0 || fstat(fd, &st))
		return w->skipped(w->data, e->name, errno);
	return walk_dir(w, fd, &st, e, depth);
}

/* "a/b/" is called b, "." is called what its folder is called. */
static int wire_name(const char *path, char ret[FILECOPY_NAME_MAX]) {
	AUTO(auto_free) char *real = NULL;
	size_t len = strlen(path);
	const char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	slash = memrchr(path, '/', len);
	if (slash) {
		len -= (size_t)(slash + 1 - path);
		path = slash + 1;
	}
	if (len == 0 || (len == 1 && path[0] == '.') || (len == 2 && !memcmp(path, "..", 2))) {
		real = realpath(path, NULL);
		path = real ? strrchr(real, '/') + 1 : "";
		len = strlen(path);
	}
	if (len == 0 || len >= FILECOPY_NAME_MAX)
		return -EINVAL;
	memcpy(ret, path, len);
	ret[len] = 0;
	return 0;
}

int walk_path(const struct walk *w, const char *path) {
	AUTO(auto_free) struct filecopy_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	if (wire_name(path, e->name))
		return w->skipped(w->data, path, EINVAL);
	return walk_at(w, AT_FDCWD, path, e, 0);
}
