/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/cgroup.h"

#include "domains/systemd-scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>

#define REMOVE_TRIES   8
#define REMOVE_WAIT_MS 250
#define WEIGHT_MOST    10000 /* cgroup-v2: cpu.weight */
#define ADVICE                                                                                     \
	"start bulkheadd from systemd's user manager, or set BULKHEAD_CGROUP to a cgroup v2 "      \
	"folder that belongs to you"

static int put(int dir, const char *file, const char *text) {
	AUTO(auto_close) int fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

/* Where cgroup2 is mounted, from /proc/self/mountinfo: "... MOUNTPOINT OPTIONS - cgroup2 ...". */
static char *mount_point(void) {
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		g_auto(GStrv) f = NULL;

		if (!strstr(*l, " - cgroup2 "))
			continue;
		f = g_strsplit(*l, " ", -1);
		if (g_strv_length(f) > 5)
			return g_strdup(f[4]);
	}
	return NULL;
}

/* The folder of the cgroup this process is in. */
static char *own_folder(void) {
	g_autofree char *text = NULL, *mount = mount_point();
	g_auto(GStrv) lines = NULL;

	if (!mount || !g_file_get_contents("/proc/self/cgroup", &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++)
		if (g_str_has_prefix(*l, "0::"))
			return g_build_filename(mount, *l + 3, NULL);
	return NULL;
}

static int open_parent(char **path) {
	const char *given = g_getenv("BULKHEAD_CGROUP");
	AUTO(auto_close) int fd = -1;
	struct statfs fs;

	*path = given && *given ? g_strdup(given) : own_folder();
	if (!*path)
		return -1;
	fd = open(*path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC ||
		faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) ||
		faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS))
		return -1;
	return TAKE_FD(fd);
}

/* A scope of systemd's has this process in it, and a cgroup with processes hands no controller on:
 * so we go one down. systemd removes the scope with all that is left in it. */
static void go_down(int scope) {
	if (!mkdirat(scope, "helper", 0700) || errno == EEXIST)
		(void)!put(scope, "helper/cgroup.procs", "0");
}

void cgroup_init(struct cgroup *c, const char *domain) {
	g_autofree char *base = NULL;

	memset(c, 0, sizeof(*c));
	c->dir = -1;
	c->parent = open_parent(&base);
	c->name = g_strconcat("bulkhead-", domain, NULL);
	if (c->parent < 0) {
		c->why = g_strdup(ADVICE);
		return;
	}
	if (systemd_scope_is(base))
		go_down(c->parent);
	/* Controllers that are not there, or not ours to give, are done without. */
	(void)!put(c->parent, "cgroup.subtree_control", "+memory");
	(void)!put(c->parent, "cgroup.subtree_control", "+cpu");
	(void)!put(c->parent, "cgroup.subtree_control", "+pids");
	if (mkdirat(c->parent, c->name, 0700) && errno != EEXIST)
		c->why = g_strdup_printf("%s/%s: %s; " ADVICE, base, c->name, g_strerror(errno));
	else
		c->dir = openat(
			c->parent, c->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (c->dir >= 0)
		c->path = g_build_filename(base, c->name, NULL);
	else if (!c->why)
		c->why = g_strdup(ADVICE);
}

/* The kernel counts a process out of its cgroup a moment after it was reaped, and tells by
 * cgroup.events. */
static void remove_empty(const struct cgroup *c) {
	AUTO(auto_close) int events = openat(c->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd p = {.fd = events, .events = POLLPRI};
	char text[64];

	for (int i = 0; i < REMOVE_TRIES; i++) {
		/* Read first: only changes after that wake the poll. */
		if (events < 0 || pread(events, text, sizeof(text), 0) < 0)
			break;
		if (!unlinkat(c->parent, c->name, AT_REMOVEDIR) || errno != EBUSY)
			return;
		poll(&p, 1, REMOVE_WAIT_MS);
	}
	unlinkat(c->parent, c->name, AT_REMOVEDIR);
}

void cgroup_deinit(struct cgroup *c) {
	if (c->path)
		remove_empty(c);
	auto_close(&c->dir);
	auto_close(&c->parent);
	g_free(c->path);
	g_free(c->name);
	g_free(c->why);
	memset(c, 0, sizeof(*c));
	c->dir = c->parent = -1;
}

int cgroup_open_procs(const struct cgroup *c) {
	return c->dir < 0 ? -1 : openat(c->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
}

void cgroup_limit(const struct cgroup *c, unsigned memory, unsigned cpu_weight) {
	char text[32];

	if (c->dir < 0)
		return;
	snprintf(text, sizeof(text), "%lluM", (unsigned long long)memory);
	(void)!put(c->dir, "memory.max", text);
	cgroup_weigh(c, cpu_weight);
}

void cgroup_weigh(const struct cgroup *c, unsigned cpu_weight) {
	char text[32];

	if (c->dir < 0)
		return;
	snprintf(text, sizeof(text), "%u", CLAMP(cpu_weight, 1, WEIGHT_MOST));
	(void)!put(c->dir, "cpu.weight", text);
}

int cgroup_freeze(const struct cgroup *c, bool frozen) {
	return c->dir < 0 ? -ENOTSUP : put(c->dir, "cgroup.freeze", frozen ? "1" : "0");
}

int cgroup_kill(const struct cgroup *c) {
	return c->dir < 0 ? -ENOTSUP : put(c->dir, "cgroup.kill", "1");
}
