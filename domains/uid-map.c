/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/uid-map.h"

#include "domains/paths.h"
#include "domains/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stdint.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DEPTH_MAX 64

/* The n-th id of this user's ranges in /etc/subuid or /etc/subgid: lines "user:first:count". */
static bool subordinate(const char *file, const char *user, uid_t uid, unsigned n, unsigned *ret) {
	g_autofree char *text = NULL, *number = g_strdup_printf("%u", uid);
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(file, &text, NULL, NULL))
		return false;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		g_auto(GStrv) f = g_strsplit(*l, ":", -1);
		guint64 first, count;

		if (g_strv_length(f) != 3 || (strcmp(f[0], user) && strcmp(f[0], number)) ||
			!g_ascii_string_to_unsigned(f[1], 10, 1, 0xfffffff0u, &first, NULL) ||
			!g_ascii_string_to_unsigned(f[2], 10, 1, 0xfffffff0u, &count, NULL))
			continue;
		if (n < count && first + n < 0xfffffff0u) {
			*ret = (unsigned)(first + n);
			return true;
		}
		n -= (unsigned)MIN(count, n);
	}
	return false;
}

void uid_map_choose(unsigned slot, struct uid_map *ret) {
	struct passwd *pw = getpwuid(geteuid());
	const char *why = NULL;
	unsigned uid, gid;

	memset(ret, 0, sizeof(*ret));
	ret->uid = geteuid();
	ret->gid = getegid();
	if (access("/usr/bin/newuidmap", X_OK) || access("/usr/bin/newgidmap", X_OK))
		why = "newuidmap and newgidmap are missing (install the package uidmap)";
	else if (!pw || !subordinate("/etc/subuid", pw->pw_name, pw->pw_uid, slot, &uid) ||
		 !subordinate("/etc/subgid", pw->pw_name, pw->pw_uid, slot, &gid))
		why = "this user has no (or too few) subordinate ids in /etc/subuid and "
		      "/etc/subgid";
	if (why) {
		g_strlcpy(ret->why, why, sizeof(ret->why));
		return;
	}
	ret->own = true;
	ret->uid = uid;
	ret->gid = gid;
}

static int start_map(const char *program, pid_t pid, unsigned ours, unsigned theirs, pid_t *ret) {
	g_autofree char *p = g_strdup_printf("%d", (int)pid), *o = g_strdup_printf("%u", ours),
			*t = g_strdup_printf("%u", theirs);
	char *argv[] = {(char *)(uintptr_t)program, p, (char *)"0", o, (char *)"1",
		(char *)G_STRINGIFY(SANDBOX_UID), t, (char *)"1", NULL};
	char *envp[] = {NULL};

	return -posix_spawn(ret, program, NULL, NULL, argv, envp);
}

static int end_map(pid_t child) {
	int status;

	if (waitpid(child, &status, 0) != child)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

int uid_map_write(const struct uid_map *map, pid_t pid) {
	pid_t uids, gids;
	int r = start_map("/usr/bin/newuidmap", pid, geteuid(), map->uid, &uids), r2;

	if (r)
		return r;
	/* Both at once: the start of a domain waits for them. */
	r2 = start_map("/usr/bin/newgidmap", pid, getegid(), map->gid, &gids);
	r = end_map(uids);
	if (!r2)
		r2 = end_map(gids);
	return r ? r : r2;
}

static int give_tree(int fd, unsigned depth);

static int give_entry(int dir, const char *name, unsigned depth) {
	struct stat st;
	int fd;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ||
		fchownat(dir, name, SANDBOX_UID, SANDBOX_UID, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : give_tree(fd, depth + 1);
}

/* Takes the descriptor. */
static int give_tree(int fd, unsigned depth) {
	DIR *d = depth < DEPTH_MAX ? fdopendir(fd) : NULL;
	struct dirent *e;
	int r = 0;

	if (!d) {
		close(fd);
		return -ELOOP;
	}
	while (!r && (e = readdir(d)))
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			r = give_entry(dirfd(d), e->d_name, depth);
	closedir(d);
	return r;
}

static int give_home(int home) {
	struct stat st;
	int fd, r;

	if (fstat(home, &st))
		return -errno;
	if (st.st_uid == SANDBOX_UID)
		return 0;
	if (st.st_uid != 0) /* neither this user's nor the domain's */
		return -EPERM;
	fd = openat(home, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = give_tree(fd, 0);
	/* The top is last: it is what says that all below was done. */
	if (!r && fchownat(home, "", SANDBOX_UID, SANDBOX_UID, AT_EMPTY_PATH))
		r = -errno;
	return r;
}

int uid_map_enter(int home) {
	int r = give_home(home);

	if (r)
		return r;
	if (setgroups(0, NULL) || setresgid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID) ||
		setresuid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID))
		return -errno;
	return 0;
}

/* The child of uid_map_as_root: waits until it is mapped, then is root over both users. */
static int work_as_root(int ready, int go, int (*what)(void *user), void *user) {
	char c = 0;

	if (unshare(CLONE_NEWUSER) || write(ready, &c, 1) != 1 || read(go, &c, 1) != 1)
		return -EPERM;
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return -errno;
	return what(user);
}

static int end_of(pid_t pid) {
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

int uid_map_as_root(const struct uid_map *map, int (*what)(void *user), void *user) {
	int ready[2], go[2], r, r2;
	char c = 0;
	pid_t pid;

	if (!map->own)
		return what(user);
	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	if (pipe2(go, O_CLOEXEC)) {
		close(ready[0]);
		close(ready[1]);
		return -errno;
	}
	pid = fork();
	if (pid == 0) {
		/* Else it would wait for itself when the mapping is refused. */
		close(ready[0]);
		close(go[1]);
		_exit(-work_as_root(ready[1], go[0], what, user));
	}
	close(ready[1]);
	close(go[0]);
	r = pid < 0 || read(ready[0], &c, 1) != 1 ? -EPERM : uid_map_write(map, pid);
	if (!r && write(go[1], &c, 1) != 1)
		r = -EPIPE;
	close(ready[0]);
	close(go[1]);
	r2 = pid > 0 ? end_of(pid) : 0;
	return r ? r : r2;
}

struct removal {
	int dir;
	const char *name;
};

static int remove_entry(void *user) {
	const struct removal *x = user;

	return paths_remove_below(x->dir, x->name);
}

int uid_map_remove(const struct uid_map *map, int dir, const char *name) {
	struct removal x = {dir, name};

	return uid_map_as_root(map, remove_entry, &x);
}
