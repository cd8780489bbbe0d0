/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/rm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define DEPTH_MAX 256

static int remove_at(int dir, const char *name, unsigned depth);

static int empty(int dir, unsigned depth) {
	DIR *d = fdopendir(dir);
	struct dirent *e;
	int r = 0;

	if (!d) {
		close(dir);
		return -ENOMEM;
	}
	while ((e = readdir(d))) {
		int one = 0;

		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			one = remove_at(dirfd(d), e->d_name, depth);
		r = one ? one : r;
	}
	closedir(d);
	return r;
}

static int remove_at(int dir, const char *name, unsigned depth) {
	int r = 0, fd;

	if (!unlinkat(dir, name, 0))
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth == DEPTH_MAX)
		return -ELOOP;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = empty(fd, depth + 1);
	return unlinkat(dir, name, AT_REMOVEDIR) ? -errno : r;
}

int rm_tree(int dir, const char *name) {
	return remove_at(dir, name, 0);
}
