/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What takes long: the start or stop of a domain, a copy of its home, its removal. Shown to whoever
 * may ask, from its beginning to its end. A job does nothing itself: it says how far the work is,
 * and passes on the wish to have it cancelled.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct manager;

enum job_kind {
	JOB_START,
	JOB_STOP,
	JOB_SNAPSHOT,
	JOB_ROLLBACK,
	JOB_REMOVE_SNAPSHOT,
	JOB_REMOVE,
	JOB_KINDS
};

enum job_state { JOB_RUNNING, JOB_CANCELLING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

#define JOB_PROGRESS_UNKNOWN (-1)

struct job;

/* Of that domain. cancel: asks the work to end, which says so by job_end; NULL: it cannot be
 * cancelled. The caller owns it until job_end. */
struct job *job_begin(struct manager *m, enum job_kind kind, const char *domain,
	void (*cancel)(void *user), void *user);
/* percent: 0 to 100. All of these take NULL. */
void job_progress(struct job *j, int percent);
/* why: NULL if it was done. It is told, and the job is gone; returns NULL. */
struct job *job_end(struct job *j, const char *why);
/* False and *error: that kind cannot be. Twice is once. */
bool job_cancel(struct job *j, GError **error);

uint32_t job_id(const struct job *j);
enum job_kind job_kind(const struct job *j);
const char *job_kind_name(enum job_kind kind);
const char *job_state_name(const struct job *j);
const char *job_domain(const struct job *j);
/* 0 to 100, or JOB_PROGRESS_UNKNOWN. */
int job_get_progress(const struct job *j);
bool job_cancellable(const struct job *j);
/* Was that asked for? It may be done all the same. */
bool job_is_cancelled(const struct job *j);
/* Why it is not done; "" before it is over. */
const char *job_reason(const struct job *j);

/* Those that go on are forgotten, untold. */
void jobs_free(GHashTable *jobs);
