/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/domain-private.h"

#include "common/audit.h"

#include <string.h>

struct waiter {
	enum domain_request what;
	domain_done done;
	void *user;
};

G_DEFINE_QUARK(bulkhead - domain - error, domain_error)

GError *domain_error_new(enum domain_error code, const char *format, ...) {
	GError *error;
	va_list ap;

	va_start(ap, format);
	error = g_error_new_valist(DOMAIN_ERROR, code, format, ap);
	va_end(ap);
	return error;
}

/* Is the waiter's wish fulfilled (1), out of reach (-1), or still open (0)? */
static int settled(enum domain_request what, enum domain_state s) {
	bool over = s == DOMAIN_STOPPED || s == DOMAIN_FAILED;

	switch (what) {
	case REQUEST_START:
		return s == DOMAIN_RUNNING ? 1 : over || s == DOMAIN_STOPPING ? -1 : 0;
	case REQUEST_STOP:
	case REQUEST_KILL:
		return over ? 1 : 0;
	case REQUEST_PAUSE:
		return s == DOMAIN_PAUSED ? 1 : over ? -1 : 0;
	case REQUEST_UNPAUSE:
		return s == DOMAIN_RUNNING ? 1 : over ? -1 : 0;
	case REQUEST_RUN:
	case REQUEST_SET:
	case REQUEST_REMOVE:
	case REQUEST_COUNT:
		break;
	}
	return -1;
}

static const char *why_not(const struct domain *d) {
	return d->cancelled ? "its start was cancelled" : *d->reason ? d->reason : "it was stopped";
}

static void wake(struct domain *d) {
	GList *l = d->waiters;

	while (l) {
		struct waiter *w = l->data;
		GList *next = l->next;
		/* A start that was cancelled is answered when nothing is left of it. */
		int is = d->state == DOMAIN_STOPPING && d->cancelled ? 0
								     : settled(w->what, d->state);
		g_autoptr(GError) error = NULL;

		if (is) {
			d->waiters = g_list_delete_link(d->waiters, l);
			if (is < 0)
				error = domain_error_new(
					DOMAIN_E_FAILED, "%s: %s", domain_name(d), why_not(d));
			w->done(w->user, error);
			g_free(w);
		}
		l = next;
	}
}

static void wait_for(struct domain *d, enum domain_request what, domain_done done, void *user) {
	struct waiter *w = g_new0(struct waiter, 1);

	w->what = what;
	w->done = done;
	w->user = user;
	d->waiters = g_list_append(d->waiters, w);
}

/* What this change is in the audit file; NULL: nothing that a record is kept of. */
static const char *event_of(const struct domain *d, enum domain_state next) {
	bool over = next == DOMAIN_STOPPED || next == DOMAIN_FAILED;

	if (d->state == DOMAIN_STARTING && d->began && (over || next == DOMAIN_RUNNING))
		return "start";
	/* One that is being adopted runs already, under a manager that died. */
	return over ? "stop" : NULL;
}

static void write_audit(struct domain *d, enum domain_state next, const char *reason) {
	const char *event = event_of(d, next);
	bool fail = next == DOMAIN_FAILED ||
		    (next == DOMAIN_STOPPED && d->state == DOMAIN_STARTING && d->began);
	struct audit_line l;

	if (!event)
		return;
	audit_begin(&l, event);
	audit_text(&l, "domain", domain_name(d));
	audit_text(&l, "outcome", fail ? "fail" : "ok");
	if (fail)
		audit_text(&l, "reason", reason && *reason ? reason : "it was stopped");
	if (next == DOMAIN_RUNNING)
		audit_number(&l, "start_us", (uint64_t)(g_get_monotonic_time() - d->began));
	d->began = 0;
	if (audit_end(d->in->audit, &l))
		g_warning("an audit record of %s is lost", domain_name(d));
}

static void cancel_start(void *user) {
	struct domain *d = user;

	d->cancelled = true;
	domain_kill(d, manager_ignore, NULL);
}

/* A start that is cancelled goes on until nothing is left of it. */
static void follow_job(struct domain *d) {
	bool over = d->state == DOMAIN_STOPPED || d->state == DOMAIN_FAILED,
	     runs = d->state == DOMAIN_RUNNING || d->state == DOMAIN_PAUSED,
	     was_start = d->job && job_kind(d->job) == JOB_START;

	if (was_start && !over && job_is_cancelled(d->job))
		return;
	d->job = job_end(d->job, was_start && !runs ? why_not(d) : NULL);
	if (d->prepared_for)
		return;
	if (d->state == DOMAIN_STARTING)
		d->job = job_begin(d->in, JOB_START, domain_name(d), cancel_start, d);
	else if (d->state == DOMAIN_STOPPING)
		d->job = job_begin(d->in, JOB_STOP, domain_name(d), NULL, NULL);
}

static void set_state(struct domain *d, enum domain_state state, const char *reason) {
	if (d->state == state || !domain_may_become(d->state, state))
		return;
	write_audit(d, state, reason);
	d->state = state;
	g_free(d->reason);
	d->reason = g_strdup(state == DOMAIN_FAILED ? reason : "");
	g_message("domain %s: %s%s%s", domain_name(d), domain_state_name(state),
		*d->reason ? ": " : "", d->reason);
	follow_job(d);
	manager_changed(d->in, d, "State", "FailureReason", "Id", "Job", "JobProgress", NULL);
	daemon_tell(d->gui, CTL_PAUSED, state == DOMAIN_PAUSED, NULL);
	wake(d);
}

static void connect_clients(struct domain *d);

static void on_state(void *user, enum domain_state state, const char *reason) {
	g_autofree char *why = g_strdup(reason); /* the machine's, which may go */
	struct domain *d = user;

	if (state == DOMAIN_STOPPED || state == DOMAIN_FAILED) {
		domain_gui_over(d);
		domain_commands_over(d);
		d->machine = d->in->ops->free(d->machine);
		for (unsigned i = 0; i < FACT_COUNT; i++)
			g_clear_pointer(&d->facts[i], g_free);
	} else {
		domain_gui_start(d);
	}
	/* First: whoever waits for the end finds what comes after it begun. */
	if (!d->machine)
		manager_domain_over(d->in, d);
	set_state(d, state, why);
	if (state == DOMAIN_RUNNING)
		connect_clients(d);
}

static void on_fact(void *user, enum machine_fact fact, const char *text) {
	static const char *const names[FACT_COUNT] = {[FACT_NETWORK] = "Network",
		[FACT_HOST_USER] = "HostUser",
		[FACT_CGROUP] = "Cgroup"};
	struct domain *d = user;

	g_free(d->facts[fact]);
	d->facts[fact] = g_strdup(text);
	if (fact == FACT_SERVICE || g_str_has_prefix(text, "missing"))
		g_message("domain %s: %s%s", domain_name(d), names[fact] ? "network " : "", text);
	if (names[fact])
		manager_changed(d->in, d, names[fact], "JobProgress", NULL);
	if (d->state == DOMAIN_STARTING)
		job_progress(d->job, (int)domain_start_progress(d));
}

static void on_command(void *user, uint32_t id, enum machine_command what, int value) {
	domain_command_event(user, id, what, value);
}

static void on_refused(void *user, enum domain_request what, const char *why) {
	struct domain *d = user;
	GList *l = d->waiters;

	while (l) {
		struct waiter *w = l->data;
		GList *next = l->next;

		if (w->what == what) {
			g_autoptr(GError)
				error = domain_error_new(DOMAIN_E_STATE, "%s cannot be %sd: %s",
					domain_name(d), domain_request_name(what), why);

			d->waiters = g_list_delete_link(d->waiters, l);
			w->done(w->user, error);
			g_free(w);
		}
		l = next;
	}
}

static void on_kept(void *user, enum machine_kept what, int fd) {
	if (what == KEPT_GUI)
		domain_gui_adopt(user, fd);
	else
		auto_close(&fd);
}

static void on_transport(void *user) {
	domain_gui_restart(user);
}

static const struct machine_events machine_events = {
	on_state, on_fact, on_command, on_refused, on_kept, on_transport};

/* Answers at once what needs no doing; true: it is to be done. */
static bool may(struct domain *d, enum domain_request what, domain_done done, void *user) {
	g_autoptr(GError) error = NULL;

	if (d->copying && what == REQUEST_START) {
		error = domain_error_new(DOMAIN_E_STATE,
			"%s: a snapshot of it is being made or taken back; start it when that is "
			"done",
			domain_name(d));
		done(user, error);
		return false;
	}
	switch (domain_may(what, d->state)) {
	case ANSWER_DO:
		return true;
	case ANSWER_DONE:
		done(user, NULL);
		return false;
	case ANSWER_WAIT:
		wait_for(d, what, done, user);
		return false;
	case ANSWER_NO:
		break;
	}
	error = domain_error_new(DOMAIN_E_STATE, "%s is %s: it cannot be %s", domain_name(d),
		domain_state_name(d->state),
		what == REQUEST_START     ? "started"
		: what == REQUEST_PAUSE   ? "paused"
		: what == REQUEST_UNPAUSE ? "unpaused"
					  : "stopped");
	done(user, error);
	return false;
}

/* A domain that waits for its netvm. */
struct needed {
	struct manager *in;
	char *name;
};

static void start_machine(struct domain *d) {
	g_autoptr(GError) error = NULL;
	int slot;

	slot = store_slot(&d->in->store, d->definition->name, &error);
	if (slot >= 0)
		d->machine = d->in->ops->start(
			d->in->backend, d->definition, (unsigned)slot, &machine_events, d, &error);
	if (!d->machine) {
		manager_domain_over(d->in, d);
		set_state(d, DOMAIN_FAILED, error->message);
		return;
	}
	domain_gui_start(d);
}

static void on_needed_started(void *user, const GError *error) {
	struct needed *n = user;
	struct domain *d = manager_find(n->in, n->name);
	g_autofree char *why = error ? g_strdup_printf(
					       "its netvm does not start: %s", error->message)
				     : NULL;

	if (d && d->state == DOMAIN_STARTING && !d->machine) {
		if (why)
			set_state(d, DOMAIN_FAILED, why);
		else
			start_machine(d);
	}
	g_free(n->name);
	g_free(n);
}

struct domain *domain_needs(const struct domain *d) {
	return d->in->ops->ordered && *d->definition->netvm
		       ? manager_find(d->in, d->definition->netvm)
		       : NULL;
}

static bool has_machine(const struct domain *d) {
	return d->machine && (d->state == DOMAIN_RUNNING || d->state == DOMAIN_PAUSED);
}

/* One that provides the network has come, perhaps anew: who runs without it gets it back. */
static void connect_clients(struct domain *d) {
	GHashTableIter i;
	gpointer value;

	if (!d->in->ops->ordered || !d->definition->provides_network)
		return;
	g_hash_table_iter_init(&i, d->in->domains);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct domain *other = value;

		if (has_machine(other) && domain_needs(other) == d)
			(void)d->in->ops->change(other->machine, other->definition, "netvm");
	}
}

/* Is what this one's network is to come through as it must be? NULL: yes. */
static char *chain_problem(const struct domain *d, const char *netvm) {
	const struct domain *at;

	if (!d->in->ops->ordered)
		return NULL;
	for (guint i = 0; i <= g_hash_table_size(d->in->domains); i++) {
		if (!*netvm)
			return NULL;
		at = manager_find(d->in, netvm);
		if (!at)
			return g_strdup_printf("netvm: there is no domain %s", netvm);
		if (at == d)
			break;
		netvm = at->definition->netvm;
		if (!at->definition->provides_network)
			return g_strdup_printf("netvm: %s does not provide a network (set its "
					       "provides_network)",
				domain_name(at));
	}
	return g_strdup("netvm: the domains provide the network for one another in a circle");
}

void domain_start(struct domain *d, domain_done done, void *user) {
	g_autofree char *problem = NULL;
	struct domain *first;
	struct needed *n;

	if (!may(d, REQUEST_START, done, user))
		return;
	problem = chain_problem(d, d->definition->netvm);
	d->began = g_get_monotonic_time();
	d->cancelled = false;
	set_state(d, DOMAIN_STARTING, "");
	wait_for(d, REQUEST_START, done, user);
	if (problem) {
		set_state(d, DOMAIN_FAILED, problem);
		return;
	}
	first = domain_needs(d);
	if (!first) {
		start_machine(d);
		return;
	}
	n = g_new0(struct needed, 1);
	n->in = d->in;
	n->name = g_strdup(domain_name(d));
	domain_start(first, on_needed_started, n);
}

void domain_adopt(struct domain *d) {
	int slot = store_slot(&d->in->store, d->definition->name, NULL);

	if (slot >= 0)
		d->machine = d->in->ops->adopt(
			d->in->backend, d->definition, (unsigned)slot, &machine_events, d);
	if (d->machine)
		set_state(d, DOMAIN_STARTING, "");
}

void domain_stop(struct domain *d, bool force, domain_done done, void *user) {
	const struct domain *needs = force ? NULL : manager_needs(d->in, d);

	if (needs) {
		g_autoptr(GError) error = domain_error_new(DOMAIN_E_STATE,
			"%s has its network from %s: stop it first, or use --force",
			domain_name(needs), domain_name(d));

		done(user, error);
		return;
	}
	if (!may(d, REQUEST_STOP, done, user))
		return;
	wait_for(d, REQUEST_STOP, done, user);
	if (!d->machine)
		set_state(d, DOMAIN_STOPPED, ""); /* its netvm is not there yet */
	else if (force)
		d->in->ops->kill(d->machine);
	else
		d->in->ops->stop(d->machine, d->definition->shutdown_timeout * 1000);
}

void domain_kill(struct domain *d, domain_done done, void *user) {
	if (!may(d, REQUEST_KILL, done, user))
		return;
	wait_for(d, REQUEST_KILL, done, user);
	if (d->machine)
		d->in->ops->kill(d->machine);
	else
		set_state(d, DOMAIN_STOPPED, "");
}

void domain_cancel(struct domain *d, domain_done done, void *user) {
	g_autoptr(GError) error = NULL;

	if (d->state == DOMAIN_STARTING || d->state == DOMAIN_STOPPING) {
		if (d->job && job_cancellable(d->job))
			job_cancel(d->job, NULL);
		domain_kill(d, done, user);
		return;
	}
	if (d->job)
		job_cancel(d->job, &error);
	else
		error = domain_error_new(DOMAIN_E_STATE, "%s: no job is under way", domain_name(d));
	done(user, error);
}

void domain_pause(struct domain *d, bool pause, domain_done done, void *user) {
	enum domain_request what = pause ? REQUEST_PAUSE : REQUEST_UNPAUSE;

	if (!may(d, what, done, user))
		return;
	wait_for(d, what, done, user);
	d->in->ops->pause(d->machine, pause);
}

/* Does it hold for a domain that runs? The rest waits for its next start. */
static bool needs_stop(const struct property *p) {
	static const char *const now[] = {"notes", "autostart", "shutdown_timeout",
		"qrexec_timeout", "default_dispvm", "template_for_dispvms", "disposable_pool",
		"label", "fullscreen", "quiet", "tags", NULL};

	return !g_strv_contains(now, p->key);
}

/* Can the backend change it while the domain runs? */
static bool changes_now(const struct domain *d, const char *key) {
	return d->state == DOMAIN_RUNNING && d->in->ops->change &&
	       (!strcmp(key, "netvm") || !strcmp(key, "memory"));
}

static void on_netvm_started(void *user, const GError *error) {
	if (error)
		g_warning("%s", error->message);
}

static bool may_change_netvm(const struct domain *d, const char *netvm, GError **error) {
	g_autofree char *problem = chain_problem(d, netvm);

	if (problem)
		g_set_error_literal(error, DOMAIN_ERROR, DOMAIN_E_STATE, problem);
	return !problem;
}

/* The definition has it already. A netvm that does not run yet connects the domain when it does. */
static void change_now(struct domain *d, const char *key) {
	struct domain *needs = domain_needs(d);

	(void)d->in->ops->change(d->machine, d->definition, key);
	if (!strcmp(key, "netvm") && needs && !has_machine(needs))
		domain_start(needs, on_netvm_started, NULL);
}

bool domain_set(struct domain *d, const char *key, const char *text, GError **error) {
	AUTO(definition_free_p) struct definition *changed = definition_copy(d->definition);
	const struct property *p = property_find(key);

	if (!strcmp(key, "uuid")) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_STATE,
			"uuid: it was made with the domain and stays: rules may name it");
		return false;
	}
	if (!definition_set(changed, key, text, error) || !definition_check(changed, error))
		return false;
	if (needs_stop(p) && !changes_now(d, key) &&
		domain_may(REQUEST_SET, d->state) != ANSWER_DO) {
		g_set_error(error, DOMAIN_ERROR, DOMAIN_E_STATE,
			"%s is %s: %s can only be set while it is stopped", domain_name(d),
			domain_state_name(d->state), key);
		return false;
	}
	if (!strcmp(key, "netvm") && changes_now(d, key) &&
		!may_change_netvm(d, changed->netvm, error))
		return false;
	if (!store_save(&d->in->store, changed, error))
		return false;
	definition_free(d->definition);
	d->definition = TAKE(changed);
	if (changes_now(d, key))
		change_now(d, key);
	manager_changed(d->in, d, p->dbus, NULL);
	if (p->type == PROPERTY_LABEL || !strcmp(key, "fullscreen") || !strcmp(key, "quiet")) {
		manager_changed(d->in, d, "Color", "Pattern", NULL);
		domain_gui_restart(d);
	}
	return true;
}

void domain_redefine(struct domain *d, struct definition *definition) {
	if (domain_may(REQUEST_SET, d->state) != ANSWER_DO) {
		definition_free(definition);
		return;
	}
	definition_free(d->definition);
	d->definition = definition;
	for (size_t i = 0; i < property_count; i++)
		manager_changed(d->in, d, properties[i].dbus, NULL);
	manager_changed(d->in, d, "Color", "Pattern", NULL);
}

void domain_focus(struct domain *d, bool focused) {
	if (d->machine && d->in->ops->focus)
		d->in->ops->focus(d->machine, focused);
}

void domain_display_changed(struct domain *d) {
	if (d->machine)
		domain_gui_start(d);
}

const struct definition *domain_definition(const struct domain *d) {
	return d->definition;
}

const char *domain_name(const struct domain *d) {
	return d->definition->name.s;
}

enum domain_state domain_get_state(const struct domain *d) {
	return d->state;
}

uint32_t domain_id(const struct domain *d) {
	return d->machine ? d->in->ops->id(d->machine) : 0;
}

const char *domain_prepared_for(const struct domain *d) {
	return d->prepared_for;
}

struct daemon *domain_gui(struct domain *d) {
	return d->gui;
}

struct domain *domain_new(struct manager *m, struct definition *definition) {
	struct domain *d = g_new0(struct domain, 1);

	d->in = m;
	d->definition = definition;
	d->reason = g_strdup("");
	d->gui_state = g_strdup("");
	domain_commands_init(d);
	return d;
}

struct domain *domain_free(struct domain *d) {
	if (!d)
		return NULL;
	/* Its daemons and its machine run on. */
	d->gui = daemon_leave(d->gui);
	domain_commands_deinit(d);
	if (d->machine)
		d->in->ops->free(d->machine);
	for (unsigned i = 0; i < FACT_COUNT; i++)
		g_free(d->facts[i]);
	g_list_free_full(d->waiters, g_free);
	definition_free(d->definition);
	g_free(d->prepared_for);
	g_free(d->reason);
	g_free(d->gui_state);
	g_free(d);
	return NULL;
}
