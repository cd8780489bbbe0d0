/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/local-stage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define STAGED_MAX 64

/* A detached mount of what fd stands for, or -errno. */
static int take(int fd, struct stat *st) {
	AUTO(auto_close) int again = -1;
	char link[64], path[PATH_MAX];
	struct stat other;
	ssize_t n;
	int tree;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || path[0] != '/')
		return -ENOENT;
	path[n] = 0;
	again = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0 || fstat(again, &other) || fstat(fd, st))
		return -errno;
	if (other.st_dev != st->st_dev || other.st_ino != st->st_ino)
		return -ESTALE;
	tree = (int)syscall(SYS_open_tree, again, "",
		AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	return tree < 0 ? -errno : tree;
}

static int put(int tree, int fd, const struct stat *st) {
	char path[64];

	snprintf(path, sizeof(path), STAGE "/%d", fd);
	if (S_ISDIR(st->st_mode) ? mkdir(path, 0700) : mknod(path, S_IFREG | 0600, 0))
		return -errno;
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH))
		return -errno;
	return 0;
}

int local_stage(const int *fds, size_t n) {
	int trees[STAGED_MAX];
	struct stat st[STAGED_MAX];

	if (n > STAGED_MAX)
		return -E2BIG;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return -errno;
	for (size_t i = 0; i < n; i++) {
		trees[i] = take(fds[i], &st[i]);
		if (trees[i] < 0)
			return trees[i];
	}
	if (mount("bulkhead", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755"))
		return -errno;
	for (size_t i = 0; i < n; i++) {
		int r = put(trees[i], fds[i], &st[i]);

		close(trees[i]);
		if (r)
			return r;
	}
	return 0;
}
