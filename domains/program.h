/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Starts one of our own programs: by its full path, with exactly the descriptors named, an
 * environment made of an allow-list, no shell. */
#include "common/cleanup.h"

#include <stdbool.h>
#include <sys/types.h>

struct program {
	const char *const *argv;
	const int *fds; /* become 3, 4, ... ; ends with -1; stay the caller's */
	int input;      /* its stdin; 0: /dev/null */
	int output;     /* its stdout and stderr; 0: ours */
	int result;     /* its stdout alone; 0: as above */
	bool detach;    /* a session of its own: it outlives us */
	bool person;    /* as the session's user, if bulkheadd runs as root for one */
	bool display;   /* DISPLAY and XAUTHORITY belong into its environment */
	void (*ended)(void *user, pid_t pid, int status); /* or NULL */
	void *user;
	unsigned *watch; /* where to keep the watch on its end (may be NULL) */
};

/* For whom a bulkheadd that runs as root starts what belongs into the session: -1 if there is no
 * such user. */
MUST_USE int program_set_person(const char *user);
/* A folder that belongs to that user, closed to others, below one that root owns or that is the
 * user's own; never through a symbolic link. Without a person: only makes it. 0 or -errno. */
MUST_USE int program_person_folder(const char *parent, const char *name);
/* /run/user/UID, or NULL without a person; the caller frees it. */
char *program_person_runtime(void);
/* 0 or -errno. */
MUST_USE int program_start(const struct program *s, pid_t *ret);
