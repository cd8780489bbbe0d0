/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a domain: its definition first, then its data, also if bulkheadd dies in between. */
#include "domains/calls.h"
#include "domains/domain-private.h"
#include "domains/pool.h"

struct removal {
	struct manager *in;
	struct job *job; /* NULL: nobody asked for it */
	char *name;
	domain_done done;
	void *user;
};

static void on_forgotten(void *user, bool ok) {
	struct removal *r = user;
	g_autoptr(GError) error = NULL;

	if (!ok)
		error = g_error_new(DOMAIN_ERROR, DOMAIN_E_FAILED,
			"%s is removed, but not all of its data could be; see bulkheadd's log",
			r->name);
	job_end(r->job, error ? error->message : NULL);
	r->done(r->user, error);
	g_free(r->name);
	g_free(r);
}

/* Its data, when the definition is gone. */
static void forget(
	struct manager *m, const char *text, struct job *job, domain_done done, void *user) {
	struct removal *r = g_new0(struct removal, 1);
	struct domain_name name;
	int slot = domain_name_parse(text, &name) ? -1 : store_slot(&m->store, name, NULL);

	r->in = m;
	r->job = job;
	r->name = g_strdup(text);
	r->done = done;
	r->user = user;
	m->ops->forget(m->backend, text, slot < 0 ? 0 : (unsigned)slot, on_forgotten, r);
}

void manager_remove(
	struct manager *m, struct domain *d, bool keep_data, domain_done done, void *user) {
	struct domain_name name = domain_definition(d)->name;
	g_autoptr(GError) error = NULL;

	if (domain_may(REQUEST_REMOVE, domain_get_state(d)) != ANSWER_DO)
		error = g_error_new(DOMAIN_ERROR, DOMAIN_E_STATE, "%s is %s: stop it first", name.s,
			domain_state_name(domain_get_state(d)));
	else if (d->copying)
		error = g_error_new(DOMAIN_ERROR, DOMAIN_E_STATE,
			"%s: a snapshot of it is being made or taken back; remove it when that is "
			"done",
			name.s);
	else if (!keep_data && store_mark(&m->store, name.s, MARK_REMOVED, true))
		error = g_error_new(DOMAIN_ERROR, DOMAIN_E_FAILED,
			"%s: its folder cannot be written, so it stays", name.s);
	else
		store_remove(&m->store, name, &error);
	if (error) {
		done(user, error);
		return;
	}
	if (!d->prepared_for) {
		m->events->removed(m->user, d);
		calls_domain_removed(m->calls, d);
	}
	g_hash_table_remove(m->domains, name.s);
	pool_look(m->pool);
	g_message("domain %s: removed%s", name.s, keep_data ? " (its data is kept)" : "");
	if (keep_data) {
		done(user, NULL);
		return;
	}
	forget(m, name.s, job_begin(m, JOB_REMOVE, name.s, NULL, NULL), done, user);
}

static void on_rest(void *user, const char *name) {
	struct manager *m = user;

	if (!manager_find(m, name)) {
		g_message("domain %s: the rest of it is removed", name);
		forget(m, name, NULL, manager_ignore, NULL);
	} else if (store_mark(&m->store, name, MARK_REMOVED, false)) {
		g_warning("domain %s: its data is half removed", name);
	}
}

void manager_remove_rest(struct manager *m) {
	store_each_marked(&m->store, MARK_REMOVED, on_rest, m);
}
