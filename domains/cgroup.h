/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One cgroup v2 folder per domain: freeze, kill, and limits where the controllers are there. It
 * stands below BULKHEAD_CGROUP (a folder delegated to this user) or, where that is not set, below
 * the cgroup this process runs in, if systemd delegated that (domains/systemd-scope.h).
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct cgroup {
	int parent, dir; /* -1: there is none */
	char *path;      /* for people; NULL if there is none */
	char *name;
	char *why; /* there is none: why, and what to do */
};

void cgroup_init(struct cgroup *c, const char *domain);
/* Removes the folder (its processes are gone). */
void cgroup_deinit(struct cgroup *c);

/* A descriptor to which the process itself writes "0" to go in; -1 if there is no cgroup. */
int cgroup_open_procs(const struct cgroup *c);

/* memory in MiB; each only if its controller is there. */
void cgroup_limit(const struct cgroup *c, unsigned memory, unsigned cpu_weight);
/* Its share of the processors, 1 to 10000. */
void cgroup_weigh(const struct cgroup *c, unsigned cpu_weight);

/* 0 or -errno; -ENOTSUP without a cgroup. */
MUST_USE int cgroup_freeze(const struct cgroup *c, bool frozen);
MUST_USE int cgroup_kill(const struct cgroup *c);
