/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/job.h"

#include "domains/manager.h"

struct job {
	struct manager *in;
	uint32_t id;
	enum job_kind kind;
	enum job_state state;
	char *domain, *reason;
	int progress;
	void (*cancel)(void *user);
	void *user;
};

static void job_free(struct job *j) {
	g_free(j->domain);
	g_free(j->reason);
	g_free(j);
}

struct job *job_begin(struct manager *m, enum job_kind kind, const char *domain,
	void (*cancel)(void *user), void *user) {
	struct job *j = g_new0(struct job, 1);

	do
		m->next_job = m->next_job % G_MAXINT32 + 1;
	while (g_hash_table_contains(m->jobs, GUINT_TO_POINTER(m->next_job)));
	*j = (struct job){.in = m,
		.id = m->next_job,
		.kind = kind,
		.domain = g_strdup(domain),
		.reason = g_strdup(""),
		.progress = JOB_PROGRESS_UNKNOWN,
		.cancel = cancel,
		.user = user};
	g_hash_table_insert(m->jobs, GUINT_TO_POINTER(j->id), j);
	m->events->job_added(m->user, j);
	return j;
}

void job_progress(struct job *j, int percent) {
	if (!j || j->progress == percent)
		return;
	j->progress = percent;
	j->in->events->job_changed(j->in->user, j);
}

struct job *job_end(struct job *j, const char *why) {
	struct manager *m;

	if (!j)
		return NULL;
	m = j->in;
	j->state = !why ? JOB_DONE : j->state == JOB_CANCELLING ? JOB_CANCELLED : JOB_FAILED;
	g_free(j->reason);
	j->reason = g_strdup(why ? why : "");
	m->events->job_changed(m->user, j);
	m->events->job_removed(m->user, j);
	g_hash_table_remove(m->jobs, GUINT_TO_POINTER(j->id));
	job_free(j);
	return NULL;
}

bool job_cancel(struct job *j, GError **error) {
	if (!j->cancel) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_STATE,
			j->kind == JOB_STOP
				? "%s: a stop cannot be taken back; `bulkhead domain kill` ends it "
				  "at once"
				: "%s: what is being removed cannot be had back",
			j->domain);
		return false;
	}
	if (j->state != JOB_RUNNING)
		return true;
	g_message("domain %s: %s is cancelled", j->domain, job_kind_name(j->kind));
	j->state = JOB_CANCELLING;
	j->in->events->job_changed(j->in->user, j);
	j->cancel(j->user); /* may end it */
	return true;
}

uint32_t job_id(const struct job *j) {
	return j->id;
}

enum job_kind job_kind(const struct job *j) {
	return j->kind;
}

const char *job_kind_name(enum job_kind kind) {
	static const char *const names[JOB_KINDS] = {
		"start", "stop", "snapshot", "rollback", "remove-snapshot", "remove"};

	return names[kind];
}

const char *job_state_name(const struct job *j) {
	static const char *const names[] = {"running", "cancelling", "done", "failed", "cancelled"};

	return names[j->state];
}

const char *job_domain(const struct job *j) {
	return j->domain;
}

int job_get_progress(const struct job *j) {
	return j->progress;
}

bool job_cancellable(const struct job *j) {
	return j->cancel != NULL;
}

bool job_is_cancelled(const struct job *j) {
	return j && (j->state == JOB_CANCELLING || j->state == JOB_CANCELLED);
}

const char *job_reason(const struct job *j) {
	return j->reason;
}

void jobs_free(GHashTable *jobs) {
	GHashTableIter i;
	gpointer j;

	g_hash_table_iter_init(&i, jobs);
	while (g_hash_table_iter_next(&i, NULL, &j))
		job_free(j);
	g_hash_table_unref(jobs);
}
