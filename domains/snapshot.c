/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/snapshot.h"

#include "domains/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define HALF ".half" /* no snapshot's name */
#define CP   "/bin/cp"

bool snapshot_name_ok(const char *name) {
	size_t n = strlen(name);

	for (const char *c = name; *c; c++)
		if (!g_ascii_isalnum(*c) && (c == name || !strchr("._-", *c)))
			return false;
	return n >= 1 && n <= 64;
}

static int open_snapshots(int dir) {
	int fd;

	if (mkdirat(dir, SNAPSHOTS, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(dir, SNAPSHOTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int end_of(pid_t pid) {
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* Until the child ends; it is killed when whoever has the other end of `stop` closes it. */
static int wait_unless(pid_t pid, int stop) {
	AUTO(auto_close) int ends = pidfd_open(pid, 0);
	struct pollfd p[] = {{.fd = stop}, {.fd = ends, .events = POLLIN}};

	while (ends >= 0 && poll(p, G_N_ELEMENTS(p), -1) < 0 && errno == EINTR)
		;
	if (p[0].revents) {
		kill(pid, SIGKILL);
		(void)!end_of(pid);
		return -ECANCELED;
	}
	return end_of(pid);
}

/* By paths through descriptors: what stands at `from` itself is never a link that is followed. */
static int copy(int from_dir, const char *from, int to_dir, const char *to, int stop) {
	g_autofree char *source = paths_by_fd(from_dir, from), *dest = paths_by_fd(to_dir, to);
	const char *argv[] = {"cp", "--archive", "--no-dereference", "--reflink=auto",
		"--one-file-system", "--no-target-directory", "--", source, dest, NULL};
	struct stat st;
	pid_t pid;

	if (fstatat(from_dir, from, &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return -ELOOP;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Their numbers are in the paths. */
		fcntl(from_dir, F_SETFD, 0);
		fcntl(to_dir, F_SETFD, 0);
		execv(CP, (char **)(uintptr_t)argv);
		_exit(127);
	}
	return pid < 0 ? -errno : wait_unless(pid, stop);
}

/* A copy under a name that nobody looks for. */
static int make_half(int from_dir, const char *from, int snapshots, int stop) {
	int r = paths_remove_below(snapshots, HALF);

	if (!r)
		r = copy(from_dir, from, snapshots, HALF, stop);
	if (!r && syncfs(snapshots))
		r = -errno;
	if (r)
		(void)!paths_remove_below(snapshots, HALF);
	return r;
}

static bool is_there(int dir, const char *name) {
	return !faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

int snapshot_take(int dir, const char *what, const char *name, int stop) {
	AUTO(auto_close) int snapshots = open_snapshots(dir);
	int r;

	if (!snapshot_name_ok(name))
		return -EINVAL;
	if (snapshots < 0)
		return snapshots;
	if (is_there(snapshots, name))
		return -EEXIST;
	r = make_half(dir, what, snapshots, stop);
	if (!r && renameat2(snapshots, HALF, snapshots, name, RENAME_NOREPLACE))
		r = -errno;
	return r ? r : fsync(snapshots) ? -errno : 0;
}

int snapshot_rollback(int dir, const char *what, const char *name, int stop) {
	AUTO(auto_close) int snapshots = open_snapshots(dir);
	int r;

	if (!snapshot_name_ok(name))
		return -EINVAL;
	if (snapshots < 0)
		return snapshots;
	if (!is_there(snapshots, name))
		return -ENOENT;
	r = make_half(snapshots, name, snapshots, stop);
	if (!r)
		r = paths_remove_below(snapshots, SNAPSHOT_BEFORE);
	if (r)
		return r;
	/* At no moment is there nothing, or a part. */
	if (!renameat2(snapshots, HALF, dir, what, RENAME_EXCHANGE))
		r = renameat(snapshots, HALF, snapshots, SNAPSHOT_BEFORE) ? -errno : 0;
	else if (errno != ENOENT || renameat(snapshots, HALF, dir, what))
		r = -errno;
	fsync(dir);
	return r;
}

int snapshot_drop(int dir, const char *name) {
	AUTO(auto_close) int snapshots = open_snapshots(dir);
	int r;

	if (!snapshot_name_ok(name))
		return -EINVAL;
	if (snapshots < 0)
		return snapshots;
	r = paths_remove_below(snapshots, HALF);
	if (r)
		return r;
	if (renameat(snapshots, name, snapshots, HALF))
		return -errno;
	return paths_remove_below(snapshots, HALF);
}
