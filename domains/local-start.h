/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Starts the sandbox's process: host user, cgroup, descriptors, bubblewrap. */
#include "domains/sandbox.h"
#include "domains/uid-map.h"

#include <sys/types.h>

struct local_start {
	const struct sandbox_command *command;
	const struct uid_map *map;
	int home;   /* O_PATH */
	int init;   /* our end's twin: SANDBOX_INIT_FD inside */
	int output; /* stdout and stderr inside */
	int info;   /* bwrap's end */
	int cgroup; /* cgroup.procs, or -1 */
};

/* The number of bwrap's process, or -errno and *error. */
pid_t local_start(const struct local_start *s, GError **error);
