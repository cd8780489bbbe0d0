/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The audit file. A writer holds a shared lock while it writes, whoever begins a new file an
 * exclusive one: so no record lands in a file after another was begun. Nobody ever waits for a
 * lock: without one a record still goes to the file at hand.
 */
#include "common/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

struct audit {
	int fd, journal;
	uint64_t limit, lost;
	bool held;
	struct sockaddr_un at;
	char path[PATH_MAX];
};

static int open_file(const char *path) {
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : fd;
}

static void open_journal(struct audit *a, const char *path) {
	if (!path || strlen(path) >= sizeof(a->at.sun_path))
		return;
	a->at.sun_family = AF_UNIX;
	memcpy(a->at.sun_path, path, strlen(path));
	a->journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int audit_open(const char *path, const char *journal, struct audit **ret) {
	struct audit *a;
	int fd;

	if (strlen(path) + sizeof(".99") > PATH_MAX)
		return -ENAMETOOLONG;
	fd = open_file(path);
	if (fd < 0)
		return fd;
	a = calloc(1, sizeof(*a));
	if (!a) {
		close(fd);
		return -ENOMEM;
	}
	a->fd = fd;
	a->journal = -1;
	a->limit = AUDIT_ROTATE_AT;
	memcpy(a->path, path, strlen(path));
	open_journal(a, journal);
	*ret = a;
	return 0;
}

struct audit *audit_close(struct audit *a) {
	if (!a)
		return NULL;
	close(a->fd);
	if (a->journal >= 0)
		close(a->journal);
	free(a);
	return NULL;
}

void audit_hold(struct audit *a) {
	a->held = true;
}

void audit_set_limit(struct audit *a, uint64_t bytes) {
	a->limit = bytes;
}

static void put(struct audit_line *l, const char *bytes, size_t n) {
	if (!l->text)
		return;
	if (l->room - l->len < n) {
		size_t room = 2 * l->room + n;
		char *text = realloc(l->text, room);

		if (!text) {
			free(TAKE(l->text));
			return;
		}
		l->text = text;
		l->room = room;
	}
	memcpy(l->text + l->len, bytes, n);
	l->len += n;
}

static void put_key(struct audit_line *l, const char *key) {
	put(l, ",\"", 2);
	put(l, key, strlen(key));
	put(l, "\":", 2);
}

void audit_begin(struct audit_line *l, const char *event) {
	struct timespec now;
	char head[64];

	clock_gettime(CLOCK_REALTIME, &now);
	*l = (struct audit_line){.text = malloc(1024), .room = 1024};
	put(l, head,
		(size_t)snprintf(head, sizeof(head), "{\"time\":%lld.%06ld", (long long)now.tv_sec,
			now.tv_nsec / 1000));
	audit_text(l, "event", event);
}

void audit_text(struct audit_line *l, const char *key, const char *text) {
	if (!text || !*text)
		return;
	put_key(l, key);
	put(l, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char escaped[8];

		if (c == '"' || c == '\\')
			put(l, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\%c", c));
		else if (c < 0x20 || c > 0x7e)
			put(l, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", c));
		else
			put(l, text, 1);
	}
	put(l, "\"", 1);
}

void audit_number(struct audit_line *l, const char *key, uint64_t number) {
	char digits[24];

	put_key(l, key);
	put(l, digits,
		(size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number));
}

static bool is_current(const struct audit *a, struct stat *ret) {
	struct stat named;

	return !fstat(a->fd, ret) && !stat(a->path, &named) && named.st_ino == ret->st_ino &&
	       named.st_dev == ret->st_dev;
}

static void take_current(struct audit *a) {
	int fd = open_file(a->path);

	if (fd < 0)
		return; /* what we have is better than nothing */
	close(a->fd);
	a->fd = fd;
}

/* We hold the exclusive lock of the file that bears the name. */
static void shift(struct audit *a) {
	char from[PATH_MAX + 4], to[PATH_MAX + 4];

	for (int i = AUDIT_KEPT; i > 0; i--) {
		snprintf(to, sizeof(to), "%s.%d", a->path, i);
		snprintf(from, sizeof(from), i > 1 ? "%s.%d" : "%s", a->path, i - 1);
		(void)!rename(from, to); /* what is not there is not moved */
	}
}

static void rotate(struct audit *a) {
	struct stat st;

	if (flock(a->fd, LOCK_EX | LOCK_NB))
		return; /* somebody writes: at the next record */
	if (is_current(a, &st) && (uint64_t)st.st_size >= a->limit)
		shift(a);
	flock(a->fd, LOCK_UN);
	take_current(a);
}

static void choose_file(struct audit *a) {
	struct stat st;

	if (!is_current(a, &st))
		take_current(a);
	else if ((uint64_t)st.st_size >= a->limit)
		rotate(a);
	if (!flock(a->fd, LOCK_SH | LOCK_NB) && !is_current(a, &st)) {
		/* It was moved between the two. */
		take_current(a);
		(void)!flock(a->fd, LOCK_SH | LOCK_NB);
	}
}

static int append(struct audit *a, const char *text, size_t len) {
	struct stat before;
	bool known = !fstat(a->fd, &before);
	ssize_t n = write(a->fd, text, len);
	int r = n < 0 ? -errno : n == (ssize_t)len ? 0 : -ENOSPC;

	/* Half a record at the end of a full disk: a reader drops it at the newline that follows.
	 */
	if (n > 0 && r && known)
		(void)!write(a->fd, "\n", 1);
	return r;
}

static void tell_lost(struct audit *a) {
	struct audit_line l;

	audit_begin(&l, "lost");
	audit_number(&l, "count", a->lost);
	put(&l, "}\n", 2);
	if (l.text && !append(a, l.text, l.len))
		a->lost = 0;
	free(l.text);
}

/* The record is printable and one line: a field of the native protocol as it is. */
static void tell_journal(struct audit *a, const struct audit_line *l) {
	static const char head[] = "SYSLOG_IDENTIFIER=bulkhead\nPRIORITY=6\nMESSAGE=";
	struct iovec parts[] = {{(void *)(uintptr_t)head, sizeof(head) - 1}, {l->text, l->len}};
	struct msghdr m = {.msg_name = &a->at,
		.msg_namelen = sizeof(a->at),
		.msg_iov = parts,
		.msg_iovlen = 2};

	if (a->journal >= 0) /* nobody there, or too slow: the file has it */
		(void)!sendmsg(a->journal, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int audit_end(struct audit *a, struct audit_line *l) {
	int r = -ENOMEM;

	put(l, "}\n", 2);
	if (a && l->text) {
		if (!a->held)
			choose_file(a);
		if (a->lost)
			tell_lost(a);
		r = append(a, l->text, l->len);
		if (!a->held)
			flock(a->fd, LOCK_UN);
		tell_journal(a, l);
	}
	if (a && r)
		a->lost++;
	free(TAKE(l->text));
	return a ? r : 0;
}
