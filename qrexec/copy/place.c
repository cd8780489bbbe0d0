/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making received files; see place.h. */
#include "qrexec/copy/place.h"
#include "qrexec/copy/rm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define CLASHES_MAX 1000
#define RESERVE_MIN (1u << 20) /* smaller files are not worth a reservation */

/* A name at the top that this copy made, and what it is called here. */
struct top {
	struct top *next;
	char *theirs, *ours;
};

struct place {
	int dir, proc;
	struct top *tops; /* the newest first */
	/* The folder that the last entry was in: most entries come one after the other. */
	char parent[FILECOPY_NAME_MAX];
	int parent_fd;
	int file; /* being written */
	bool unnamed;
};

struct place *place_new(int dir, int proc) {
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->dir = dir;
	p->proc = proc;
	p->parent_fd = p->file = -1;
	return p;
}

static void close_fd(int *fd) {
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct place *place_free(struct place *p) {
	if (!p)
		return NULL;
	while (p->tops) {
		struct top *t = p->tops;

		p->tops = t->next;
		free(t->theirs);
		free(t->ours);
		free(t);
	}
	close_fd(&p->dir);
	close_fd(&p->proc);
	close_fd(&p->parent_fd);
	close_fd(&p->file);
	free(p);
	return NULL;
}

/* Bug classes F1, F3: beneath the folder, through no link of any kind. */
static int open_beneath(int dir, const char *path, uint64_t flags, uint64_t mode) {
	struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.mode = mode,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	long fd;

	do /* EAGAIN: something was renamed meanwhile */
		fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN);
	return (int)fd;
}

static struct top *find_top(struct place *p, const char *name, size_t len) {
	for (struct top *t = p->tops; t; t = t->next)
		if (strlen(t->theirs) == len && !memcmp(t->theirs, name, len))
			return t;
	return NULL;
}

static int remember(struct place *p, const char *theirs, const char *ours) {
	struct top *t = calloc(1, sizeof(*t));

	if (!t || !(t->theirs = strdup(theirs)) || !(t->ours = strdup(ours))) {
		if (t)
			free(t->theirs);
		free(t);
		return ENOMEM;
	}
	t->next = p->tops;
	p->tops = t;
	return 0;
}

/* "name (2).txt": the number stands before the last ending, so that programs still know the type.
 */
static int nth_name(const char *name, unsigned n, char *ret, size_t size) {
	const char *dot = strrchr(name, '.');
	size_t stem = dot && dot != name ? (size_t)(dot - name) : strlen(name);
	int len;

	if (n == 1)
		len = snprintf(ret, size, "%s", name);
	else
		len = snprintf(ret, size, "%.*s (%u)%s", (int)stem, name, n, name + stem);
	return len < 0 || (size_t)len >= size ? ENAMETOOLONG : 0;
}

/* The folder of an entry, and its last part. Entries below a top that this copy did not make are
 * refused: they would change what stood here before. */
static int enter_parent(struct place *p, const char *name, const char **ret_last) {
	const char *slash = strrchr(name, '/'), *first = strchr(name, '/');
	size_t len = slash ? (size_t)(slash - name) : 0;
	char path[FILECOPY_NAME_MAX + NAME_MAX + 1];
	struct top *t;
	int n;

	*ret_last = slash ? slash + 1 : name;
	if (p->parent_fd >= 0 && strlen(p->parent) == len && !memcmp(p->parent, name, len))
		return 0;
	close_fd(&p->parent_fd);
	if (!slash) {
		p->parent_fd = open_beneath(p->dir, ".", O_RDONLY | O_DIRECTORY, 0);
	} else {
		t = find_top(p, name, (size_t)(first - name));
		if (!t)
			return ENOENT;
		n = snprintf(path, sizeof(path), "%s%.*s", t->ours, (int)(slash - first), first);
		if (n < 0 || (size_t)n >= sizeof(path))
			return ENAMETOOLONG;
		p->parent_fd = open_beneath(p->dir, path, O_RDONLY | O_DIRECTORY, 0);
	}
	if (p->parent_fd < 0)
		return errno;
	memcpy(p->parent, name, len);
	p->parent[len] = 0;
	return 0;
}

/* make(p, name) until a name is free; only names at the top are changed. 0 or errno value. */
static int with_free_name(struct place *p, const struct filecopy_entry *e, const char *last,
	int (*make)(struct place *p, const struct filecopy_entry *e, const char *name)) {
	char ours[NAME_MAX + 1];
	bool top = !strchr(e->name, '/');
	int r = EEXIST;

	for (unsigned n = 1; n <= (top ? CLASHES_MAX : 1) && r == EEXIST; n++) {
		int long_name = nth_name(last, n, ours, sizeof(ours));

		if (long_name)
			return long_name;
		r = make(p, e, ours);
	}
	return r || !top ? r : remember(p, e->name, ours);
}

static int has_room(struct place *p, uint64_t size) {
	struct statfs fs;

	if (size < RESERVE_MIN || fstatfs(p->dir, &fs))
		return 0;
	return size / (uint64_t)fs.f_bsize >= (uint64_t)fs.f_bavail ? ENOSPC : 0;
}

int place_begin_file(struct place *p, const struct filecopy_entry *e) {
	const char *last;
	int r = has_room(p, e->size);

	if (!r)
		r = enter_parent(p, e->name, &last);
	if (r)
		return r;
	p->file = open_beneath(p->parent_fd, ".", O_TMPFILE | O_WRONLY, 0600);
	if (p->file < 0)
		return errno == EOPNOTSUPP ? ENOTSUP : errno;
	if (e->size >= RESERVE_MIN && fallocate(p->file, FALLOC_FL_KEEP_SIZE, 0, (off_t)e->size))
		if (errno == ENOSPC || errno == EFBIG || errno == EDQUOT)
			return errno;
	return 0;
}

int place_write(struct place *p, const void *data, size_t size) {
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(p->file, at, size);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			at += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

static int make_file(struct place *p, const struct filecopy_entry *e, const char *name) {
	char number[16];

	(void)e;
	snprintf(number, sizeof(number), "%d", p->file);
	return linkat(p->proc, number, p->parent_fd, name, AT_SYMLINK_FOLLOW) ? errno : 0;
}

static void times_of(const struct filecopy_entry *e, struct timespec ret[2]) {
	ret[0] = (struct timespec){.tv_sec = e->atime.sec, .tv_nsec = e->atime.nsec};
	ret[1] = (struct timespec){.tv_sec = e->mtime.sec, .tv_nsec = e->mtime.nsec};
}

/* A received file is nothing to be run (bug class F9): no x bits. Its owner can always read and
 * replace it. */
int place_end_file(struct place *p, const struct filecopy_entry *e) {
	struct timespec times[2];
	const char *last;
	int r = enter_parent(p, e->name, &last);

	times_of(e, times);
	if (!r && (fchmod(p->file, (e->perm & 0666u) | 0600u) || futimens(p->file, times)))
		r = errno;
	if (!r)
		r = with_free_name(p, e, last, make_file);
	close_fd(&p->file);
	return r;
}

static int make_dir(struct place *p, const struct filecopy_entry *e, const char *name) {
	(void)e;
	return mkdirat(p->parent_fd, name, 0700) ? errno : 0;
}

/* The second time: it is complete. */
static int finish_dir(struct place *p, const struct filecopy_entry *e, const char *name) {
	AUTO(auto_close) int fd = open_beneath(p->parent_fd, name, O_RDONLY | O_DIRECTORY, 0);
	struct timespec times[2];

	times_of(e, times);
	if (fd < 0 || fchmod(fd, (e->perm & 0777u) | 0700u) || futimens(fd, times))
		return errno;
	return 0;
}

int place_dir(struct place *p, const struct filecopy_entry *e) {
	const char *last;
	struct top *t = strchr(e->name, '/') ? NULL : find_top(p, e->name, strlen(e->name));
	int r = enter_parent(p, e->name, &last);

	if (r)
		return r;
	if (t)
		return finish_dir(p, e, t->ours);
	r = with_free_name(p, e, last, make_dir);
	return r == EEXIST ? finish_dir(p, e, last) : r;
}

static int make_link(struct place *p, const struct filecopy_entry *e, const char *name) {
	struct timespec times[2];

	times_of(e, times);
	if (symlinkat(e->link, p->parent_fd, name))
		return errno;
	return utimensat(p->parent_fd, name, times, AT_SYMLINK_NOFOLLOW) ? errno : 0;
}

int place_link(struct place *p, const struct filecopy_entry *e) {
	const char *last;
	int r = enter_parent(p, e->name, &last);

	return r ? r : with_free_name(p, e, last, make_link);
}

int place_sync(struct place *p) {
	return syncfs(p->dir) ? errno : 0;
}

void place_undo(struct place *p) {
	close_fd(&p->file);
	close_fd(&p->parent_fd);
	for (struct top *t = p->tops; t; t = t->next)
		rm_tree(p->dir, t->ours);
}
