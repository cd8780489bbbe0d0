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

enum { TOP_STAGED, TOP_MOVED, TOP_EXCHANGED };

/* A name at the top that this copy made, and what it is called while it is made and at the end. */
struct top {
	struct top *next;
	char *theirs, *ours;
	char final[NAME_MAX + 1];
	int state;
};

struct place {
	int dir, stage;
	enum place_clash clash;
	enum place_clash (*ask)(void *data);
	void *ask_data;
	unsigned skipped;
	struct top *tops, **last; /* the oldest first */
	/* The folder that the last entry was in: most entries come one after the other. */
	char parent[FILECOPY_NAME_MAX];
	int parent_fd;
	int file;     /* being written */
	bool adopted; /* something was here before */
};

struct place *place_new(int dir, int stage, enum place_clash clash) {
	struct place *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->dir = dir;
	p->stage = stage;
	p->clash = clash;
	p->last = &p->tops;
	p->parent_fd = p->file = -1;
	return p;
}

void place_ask(struct place *p, enum place_clash (*ask)(void *data), void *data) {
	p->ask = ask;
	p->ask_data = data;
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
	close_fd(&p->stage);
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
	*p->last = t;
	p->last = &t->next;
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
		p->parent_fd = open_beneath(p->stage, ".", O_RDONLY | O_DIRECTORY, 0);
	} else {
		t = find_top(p, name, (size_t)(first - name));
		if (!t)
			return ENOENT;
		n = snprintf(path, sizeof(path), "%s%.*s", t->ours, (int)(slash - first), first);
		if (n < 0 || (size_t)n >= sizeof(path))
			return ENAMETOOLONG;
		p->parent_fd = open_beneath(p->stage, path, O_RDONLY | O_DIRECTORY, 0);
	}
	if (p->parent_fd < 0)
		return errno;
	memcpy(p->parent, name, len);
	p->parent[len] = 0;
	return 0;
}

static bool is_ours(const struct place *p, const char *name) {
	for (const struct top *t = p->tops; t; t = t->next)
		if (!strcmp(t->ours, name))
			return true;
	return false;
}

/* After a power cut, things can be here of which nothing is known any more. */
static void clear_way(struct place *p, const struct filecopy_entry *e, const char *name) {
	if (!strchr(e->name, '/') && !is_ours(p, name))
		rm_tree(p->stage, name);
	else if (strchr(e->name, '/') && e->kind != FILECOPY_DIR)
		unlinkat(p->parent_fd, name, 0);
}

/* There must be such a thing, of this kind; a name of another entry of the copy is none. */
static int find_staged(struct place *p, const struct filecopy_entry *e, const char *name) {
	struct stat st;
	mode_t kind;

	if (!strchr(e->name, '/') && is_ours(p, name))
		return EEXIST;
	if (fstatat(p->parent_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno;
	kind = e->kind == FILECOPY_DIR ? S_IFDIR : e->kind == FILECOPY_LINK ? S_IFLNK : S_IFREG;
	if ((st.st_mode & S_IFMT) != kind)
		return ENOENT;
	if (e->kind != FILECOPY_FILE)
		return 0;
	p->file = open_beneath(p->parent_fd, name, O_RDWR, 0);
	return p->file < 0 ? errno : 0;
}

/* make(p, name) until a name is free; only names at the top are changed. 0 or errno value. */
static int with_free_name(struct place *p, const struct filecopy_entry *e, const char *last,
	int (*make)(struct place *p, const struct filecopy_entry *e, const char *name)) {
	char ours[NAME_MAX + 1];
	bool top = !strchr(e->name, '/');
	struct stat st;
	int r = EEXIST;

	if (top && p->clash == PLACE_REFUSE && !fstatat(p->dir, last, &st, AT_SYMLINK_NOFOLLOW))
		return EEXIST;
	for (unsigned n = 1; n <= (top ? CLASHES_MAX : 1) && r == EEXIST; n++) {
		int long_name = nth_name(last, n, ours, sizeof(ours));

		if (long_name)
			return long_name;
		if (p->adopted && make != find_staged)
			clear_way(p, e, ours);
		r = make(p, e, ours);
	}
	return r || !top ? r : remember(p, e->name, ours);
}

/* A file takes whole blocks: half a block more of each, on the average. */
int place_fits(const struct place *p, uint64_t bytes, uint64_t entries, uint64_t *ret_needed,
	uint64_t *ret_room) {
	struct statfs fs;
	uint64_t block, needed;

	if (fstatfs(p->dir, &fs) || fs.f_bsize <= 0)
		return 0;
	block = (uint64_t)fs.f_bsize;
	if (__builtin_mul_overflow(entries, block / 2, &needed) ||
		__builtin_add_overflow(needed, bytes, &needed))
		needed = UINT64_MAX;
	*ret_needed = needed;
	*ret_room = (uint64_t)fs.f_bavail * block;
	return needed > *ret_room;
}

static int has_room(struct place *p, uint64_t size) {
	struct statfs fs;

	if (size < RESERVE_MIN || fstatfs(p->dir, &fs))
		return 0;
	return size / (uint64_t)fs.f_bsize >= (uint64_t)fs.f_bavail ? ENOSPC : 0;
}

/* A received file is nothing to be run (bug class F9): no x bits. Its owner can always read and
 * replace it. */
static int make_file(struct place *p, const struct filecopy_entry *e, const char *name) {
	p->file = open_beneath(
		p->parent_fd, name, O_CREAT | O_EXCL | O_WRONLY, (e->perm & 0666u) | 0600u);
	return p->file < 0 ? errno : 0;
}

int place_begin_file(struct place *p, const struct filecopy_entry *e) {
	const char *last;
	int r = has_room(p, e->size);

	if (!r)
		r = enter_parent(p, e->name, &last);
	if (!r)
		r = with_free_name(p, e, last, make_file);
	if (r)
		return r;
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

static void times_of(const struct filecopy_entry *e, struct timespec ret[2]) {
	ret[0] = (struct timespec){.tv_sec = e->atime.sec, .tv_nsec = e->atime.nsec};
	ret[1] = (struct timespec){.tv_sec = e->mtime.sec, .tv_nsec = e->mtime.nsec};
}

int place_end_file(struct place *p, const struct filecopy_entry *e) {
	struct timespec times[2];
	int r;

	times_of(e, times);
	r = futimens(p->file, times) ? errno : 0;
	close_fd(&p->file);
	return r;
}

int place_adopt(struct place *p, const struct filecopy_entry *e) {
	const char *last;
	int r;

	p->adopted = true;
	if (e->kind == FILECOPY_DIR && find_top(p, e->name, strlen(e->name)))
		return place_dir(p, e);
	r = enter_parent(p, e->name, &last);
	return r ? r : with_free_name(p, e, last, find_staged);
}

long place_read(struct place *p, void *data, size_t size) {
	ssize_t n;

	do
		n = read(p->file, data, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

void place_pause(struct place *p) {
	off_t end = p->file < 0 ? -1 : lseek(p->file, 0, SEEK_END);

	if (end >= 0)
		(void)!ftruncate(p->file, end);
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

/* Where the file system cannot move without replacing: a second name, or an empty folder first. */
static int move_old_way(int from, const char *name, int to, const char *final) {
	if (!linkat(from, name, to, final, 0))
		return unlinkat(from, name, 0) ? errno : 0;
	if (errno != EPERM)
		return errno;
	if (mkdirat(to, final, 0700))
		return errno;
	return renameat(from, name, to, final) ? errno : 0;
}

static int move_new(struct place *p, struct top *t) {
	if (!renameat2(p->stage, t->ours, p->dir, t->final, RENAME_NOREPLACE)) {
		t->state = TOP_MOVED;
		return 0;
	}
	if (errno != EINVAL)
		return errno;
	if (move_old_way(p->stage, t->ours, p->dir, t->final))
		return errno;
	t->state = TOP_MOVED;
	return 0;
}

/* What stood there goes to the staging folder, and with that away. */
static int exchange(struct place *p, struct top *t) {
	if (renameat2(p->stage, t->ours, p->dir, t->final, RENAME_EXCHANGE))
		return errno;
	t->state = TOP_EXCHANGED;
	return 0;
}

/* Is something of the name there, about which somebody can be asked? */
static bool is_taken(const struct place *p, const struct top *t) {
	struct stat st;

	return p->ask && !fstatat(p->dir, t->theirs, &st, AT_SYMLINK_NOFOLLOW);
}

/* Bug class F8: nothing that stands there is replaced, unless the call was for that. */
static int move_top(struct place *p, struct top *t) {
	const char *wanted;
	bool keep_name;
	int r = EEXIST;

	if (is_taken(p, t))
		p->clash = TAKE(p->ask)(p->ask_data);
	if (p->clash == PLACE_CANCEL)
		return ECANCELED;
	keep_name = p->clash != PLACE_RENAME;
	wanted = keep_name ? t->theirs : t->ours;

	for (unsigned n = 1; n <= (keep_name ? 1 : CLASHES_MAX) && r == EEXIST; n++) {
		r = nth_name(n == 1 ? wanted : t->theirs, n, t->final, sizeof(t->final));
		if (!r)
			r = move_new(p, t);
	}
	if (r == EEXIST && p->clash == PLACE_REPLACE)
		return exchange(p, t);
	if (r == EEXIST && p->clash == PLACE_SKIP) {
		p->skipped++;
		return 0;
	}
	return r;
}

int place_finish(struct place *p) {
	close_fd(&p->parent_fd);
	for (struct top *t = p->tops; t; t = t->next) {
		int r = move_top(p, t);

		if (r)
			return r;
	}
	return syncfs(p->dir) ? errno : 0;
}

unsigned place_skipped(const struct place *p) {
	return p->skipped;
}

void place_undo(struct place *p) {
	close_fd(&p->file);
	close_fd(&p->parent_fd);
	for (struct top *t = p->tops; t; t = t->next) {
		if (t->state == TOP_EXCHANGED)
			renameat2(p->stage, t->ours, p->dir, t->final, RENAME_EXCHANGE);
		else if (t->state == TOP_MOVED)
			renameat2(p->dir, t->final, p->stage, t->ours, 0);
		t->state = TOP_STAGED;
	}
}
