/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/stage.h"
#include "qrexec/copy/rm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

struct stage {
	int folder, tree;
	char name[17];
};

static int open_dir(int at, const char *name) {
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Nobody makes a copy in it any more. */
static bool is_left_behind(int folder, const char *name) {
	AUTO(auto_close) int fd = open_dir(folder, name);

	return fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB);
}

static void sweep(int folder) {
	int fd = open_dir(folder, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)))
		if (e->d_name[0] != '.' && is_left_behind(folder, e->d_name))
			rm_tree(folder, e->d_name);
	closedir(d);
}

/* The lock on the sender's folder orders making and sweeping: nobody sweeps what is not locked yet.
 */
static int make(struct stage *s) {
	uint64_t id;

	if (flock(s->folder, LOCK_EX))
		return -errno;
	sweep(s->folder);
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return -EIO;
	snprintf(s->name, sizeof(s->name), "%016llx", (unsigned long long)id);
	if (mkdirat(s->folder, s->name, 0700))
		return -errno;
	s->tree = open_dir(s->folder, s->name);
	if (s->tree < 0 || flock(s->tree, LOCK_EX | LOCK_NB))
		return -errno;
	return flock(s->folder, LOCK_UN) ? -errno : 0;
}

int stage_new(int incoming, const char *source, struct stage **ret) {
	struct stage *s = calloc(1, sizeof(*s));
	char name[64];
	int r;

	if (!s)
		return -ENOMEM;
	snprintf(name, sizeof(name), ".partial-%s", source);
	s->tree = -1;
	s->folder = mkdirat(incoming, name, 0700) && errno != EEXIST ? -1
								     : open_dir(incoming, name);
	r = s->folder < 0 ? -errno : make(s);
	if (r) {
		stage_remove(s);
		return r;
	}
	*ret = s;
	return 0;
}

int stage_folder(const struct stage *s) {
	return s->folder;
}

int stage_tree(const struct stage *s) {
	return s->tree;
}

struct stage *stage_remove(struct stage *s) {
	if (!s)
		return NULL;
	if (s->tree >= 0) {
		rm_tree(s->folder, s->name);
		close(s->tree);
	}
	if (s->folder >= 0)
		close(s->folder);
	free(s);
	return NULL;
}
