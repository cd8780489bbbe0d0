/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A host user of its own for each domain, out of the person's subordinate ids (/etc/subuid), so
 * that the domain's processes cannot touch what belongs to the person even if all else failed.
 * Where there are none, the sandbox runs as the person's own user (in a user namespace) and that
 * is said.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <sys/types.h>

struct uid_map {
	bool own; /* uid and gid are subordinate ids; else those of this user */
	uid_t uid;
	gid_t gid;
	char why[160]; /* not own: why */
};

/* slot: the domain's number, 0.. . Looks for newuidmap, newgidmap and the ranges. */
void uid_map_choose(unsigned slot, struct uid_map *ret);

/* For the process pid, which has just unshared its user namespace: its 0 becomes this user, its
 * 1000 becomes map->uid. Waits for the two helpers. 0 or -errno. */
MUST_USE int uid_map_write(const struct uid_map *map, pid_t pid);

/* In that process: hand the home over if it is still this user's, drop everything but 1000.
 * home: an O_PATH descriptor. 0 or -errno. */
MUST_USE int uid_map_enter(int home);

/* Calls `what` in a process that may do with both users' files as it likes (here, if there is no
 * user of its own). what: 0 or -errno, which is the answer. */
MUST_USE int uid_map_as_root(const struct uid_map *map, int (*what)(void *user), void *user);

/* Removes the tree `name` below dir although a domain's user owns it (in a process of its own).
 * 0 or -errno. */
MUST_USE int uid_map_remove(const struct uid_map *map, int dir, const char *name);
