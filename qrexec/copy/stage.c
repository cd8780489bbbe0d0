/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/stage.h"
#include "qrexec/copy/rm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define PREFIX   ".partial-"
#define MAGIC    "BKCOPY1\n"
#define NAME_LEN 16
#define LOG_NAME (NAME_LEN + sizeof(".log"))

struct stage {
	int folder, tree, log;
	char name[NAME_LEN + 1];
};

/* What stands at the beginning of a log. */
struct log_head {
	char magic[8];
	uint8_t id[STAGE_ID];
};

static int open_dir(int at, const char *name) {
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static DIR *list(int folder) {
	int fd = open_dir(folder, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static void log_name(const char *name, char ret[LOG_NAME]) {
	snprintf(ret, LOG_NAME, "%.*s.log", NAME_LEN, name);
}

static int open_log(int folder, const char *name, int flags) {
	char log[LOG_NAME];

	log_name(name, log);
	return openat(folder, log, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
}

static bool read_head(int log, struct log_head *ret) {
	return log >= 0 && read(log, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret) &&
	       !memcmp(ret->magic, MAGIC, sizeof(ret->magic));
}

/* When the copy in that folder broke off; 0: it is none that can go on. */
static time_t kept_since(int folder, const char *name) {
	AUTO(auto_close) int log = open_log(folder, name, O_RDONLY);
	struct log_head head;
	struct stat st;

	return read_head(log, &head) && !fstat(log, &st) ? st.st_mtim.tv_sec : 0;
}

static void remove_one(int folder, const char *name) {
	char log[LOG_NAME];

	rm_tree(folder, name);
	log_name(name, log);
	unlinkat(folder, log, 0);
}

static bool is_copy(const char *name) {
	return strlen(name) == NAME_LEN && strspn(name, "0123456789abcdef") == NAME_LEN;
}

/* Nobody makes a copy in it any more. */
static bool is_left_behind(int folder, const char *name) {
	AUTO(auto_close) int fd = open_dir(folder, name);

	return fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB);
}

static void tell_removed(int receipts, const char *source, time_t since) {
	char line[160];
	int n = snprintf(line, sizeof(line),
		"%lld removed what was kept of a copy from %s that broke off at %lld\n",
		(long long)time(NULL), source, (long long)since);

	if (receipts >= 0 && n > 0)
		(void)!write(receipts, line, (size_t)n);
}

struct kept {
	char name[NAME_LEN + 1];
	time_t since; /* 0: none */
};

/* The copy of this sender that is kept: the last one, if it is not too old. */
static struct kept newest(int folder) {
	struct kept found = {0};
	DIR *d = list(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		time_t since = is_copy(e->d_name) && is_left_behind(folder, e->d_name)
				       ? kept_since(folder, e->d_name)
				       : 0;

		if (since > found.since && since > time(NULL) - STAGE_KEPT_SECONDS) {
			found.since = since;
			memcpy(found.name, e->d_name, sizeof(found.name));
		}
	}
	if (d)
		closedir(d);
	return found;
}

/* The lock on the sender's folder orders making and sweeping: nobody sweeps what is not locked yet.
 */
static struct kept sweep(int folder, const char *source, int receipts) {
	struct kept keep = newest(folder);
	DIR *d = list(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		time_t since;

		if (!is_copy(e->d_name) || !strcmp(e->d_name, keep.name) ||
			!is_left_behind(folder, e->d_name))
			continue;
		since = kept_since(folder, e->d_name);
		remove_one(folder, e->d_name);
		if (since)
			tell_removed(receipts, source, since);
	}
	if (d)
		closedir(d);
	return keep;
}

static int open_locked(int incoming, const char *name) {
	AUTO(auto_close) int folder = open_dir(incoming, name);

	return folder < 0 || flock(folder, LOCK_EX) ? -1 : TAKE_FD(folder);
}

/* How many copies are kept, and whose is the oldest. */
static unsigned sweep_senders(int incoming, int receipts, char ret_oldest[NAME_MAX + 1]) {
	DIR *d = list(incoming);
	unsigned count = 0;
	time_t oldest = 0;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		AUTO(auto_close) int folder = -1;
		struct kept k;

		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		folder = open_locked(incoming, e->d_name);
		if (folder < 0)
			continue;
		k = sweep(folder, e->d_name + strlen(PREFIX), receipts);
		count += k.since != 0;
		if (k.since && (!oldest || k.since < oldest)) {
			oldest = k.since;
			snprintf(ret_oldest, NAME_MAX + 1, "%s", e->d_name);
		}
	}
	if (d)
		closedir(d);
	return count;
}

static void sweep_all(int incoming, int receipts) {
	char oldest[NAME_MAX + 1];

	while (sweep_senders(incoming, receipts, oldest) > STAGE_KEPT_MAX) {
		AUTO(auto_close) int folder = open_locked(incoming, oldest);
		struct kept k = folder < 0 ? (struct kept){0} : newest(folder);

		if (!k.since)
			return;
		remove_one(folder, k.name);
		tell_removed(receipts, oldest + strlen(PREFIX), k.since);
	}
}

int stage_open(int incoming, const char *source, int receipts, struct stage **ret) {
	struct stage *s = calloc(1, sizeof(*s));
	char name[64];

	if (!s)
		return -ENOMEM;
	s->tree = s->log = -1;
	snprintf(name, sizeof(name), PREFIX "%s", source);
	s->folder = mkdirat(incoming, name, 0700) && errno != EEXIST ? -1
								     : open_dir(incoming, name);
	if (s->folder < 0) {
		int r = -errno;

		stage_remove(s);
		return r;
	}
	sweep_all(incoming, receipts);
	*ret = s;
	return 0;
}

static int make_log(struct stage *s, const uint8_t *id) {
	struct log_head head = {.magic = MAGIC};

	memcpy(head.id, id, sizeof(head.id));
	s->log = open_log(s->folder, s->name, O_RDWR | O_CREAT | O_EXCL);
	if (s->log < 0)
		return -errno;
	return write(s->log, &head, sizeof(head)) == (ssize_t)sizeof(head) ? 0 : -ENOSPC;
}

/* With the lock on the sender's folder. */
static int make(struct stage *s, const uint8_t *id) {
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(s->name, sizeof(s->name), "%016llx", (unsigned long long)number);
	if (mkdirat(s->folder, s->name, 0700))
		return -errno;
	s->tree = open_dir(s->folder, s->name);
	if (s->tree < 0 || flock(s->tree, LOCK_EX | LOCK_NB))
		return -errno;
	return id ? make_log(s, id) : 0;
}

int stage_make(struct stage *s, const uint8_t *id) {
	int r;

	if (flock(s->folder, LOCK_EX))
		return -errno;
	r = make(s, id);
	flock(s->folder, LOCK_UN);
	return r;
}

static int find(struct stage *s, const uint8_t *id) {
	struct kept k = newest(s->folder);
	AUTO(auto_close) int log = k.since ? open_log(s->folder, k.name, O_RDWR) : -1;
	struct log_head head;

	if (!read_head(log, &head) || memcmp(head.id, id, STAGE_ID) != 0)
		return 1;
	s->tree = open_dir(s->folder, k.name);
	if (s->tree < 0 || flock(s->tree, LOCK_EX | LOCK_NB))
		return -errno;
	s->log = TAKE_FD(log);
	memcpy(s->name, k.name, sizeof(s->name));
	return 0;
}

int stage_find(struct stage *s, const uint8_t id[STAGE_ID]) {
	int r;

	if (flock(s->folder, LOCK_EX))
		return -errno;
	r = find(s, id);
	flock(s->folder, LOCK_UN);
	return r;
}

int stage_folder(const struct stage *s) {
	return s->folder;
}

int stage_tree(const struct stage *s) {
	return s->tree;
}

int stage_log(const struct stage *s) {
	return s->log;
}

static void let_go(struct stage *s) {
	if (s->tree >= 0)
		close(s->tree);
	if (s->log >= 0)
		close(s->log);
	s->tree = s->log = -1;
	s->name[0] = 0;
}

void stage_discard(struct stage *s) {
	if (s->name[0])
		remove_one(s->folder, s->name);
	let_go(s);
}

static struct stage *stage_free(struct stage *s) {
	let_go(s);
	if (s->folder >= 0)
		close(s->folder);
	free(s);
	return NULL;
}

struct stage *stage_remove(struct stage *s) {
	if (!s)
		return NULL;
	stage_discard(s);
	return stage_free(s);
}

struct stage *stage_keep(struct stage *s) {
	/* From now on its time runs. */
	futimens(s->log, NULL);
	return stage_free(s);
}
