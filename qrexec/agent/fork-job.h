/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A call given to the fork server of another user, which runs in that user's session (its display,
 * its bus). The connection lasts as long as the job.
 */
#include "proto/qrexec.h"

#define FORK_SERVER_SOCKET "/run/qubes/qrexec-server.%s.sock"

struct fork_job;

/* NULL: that user has no fork server. over(data) once, when the job is done. */
struct fork_job *fork_job_new(const char *pattern, const char *user, const struct qrexec_msg *m,
	void (*over)(void *data), void *data);
struct fork_job *fork_job_free(struct fork_job *j);

/* The pattern's path for a user; NULL if the name cannot stand in a path. Freed by the caller. */
char *fork_job_path(const char *pattern, const char *user);
