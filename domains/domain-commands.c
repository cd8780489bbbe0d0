/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that were asked to run in a domain, until somebody learned how they ended. */
#include "domains/domain-private.h"

#include <string.h>

struct command {
	bool started, ended;
	int status;
	void (*run_done)(void *user, uint32_t id, const GError *error);
	void *run_user;
	void (*wait_done)(void *user, int status, const GError *error);
	void *wait_user;
};

void domain_commands_init(struct domain *d) {
	d->commands = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	g_queue_init(&d->ended);
	/* Not those of a former bulkheadd, whose commands may still run. */
	d->next_command = g_random_int() & 0x3fffffff;
}

void domain_commands_deinit(struct domain *d) {
	g_hash_table_unref(d->commands);
	g_queue_clear(&d->ended);
}

static struct command *find(struct domain *d, uint32_t id) {
	return g_hash_table_lookup(d->commands, GUINT_TO_POINTER(id));
}

void domain_run(struct domain *d, const char *const *argv,
	void (*done)(void *user, uint32_t id, const GError *error), void *user) {
	g_autoptr(GError) error = NULL;
	struct command *c;

	if (domain_may(REQUEST_RUN, d->state) != ANSWER_DO || !argv[0] || !*argv[0]) {
		error = argv[0] && *argv[0]
				? domain_error_new(DOMAIN_E_STATE,
					  "%s is %s: nothing can run in it", domain_name(d),
					  domain_state_name(d->state))
				: domain_error_new(DOMAIN_E_COMMAND, "the command is empty");
		done(user, 0, error);
		return;
	}
	do
		d->next_command = d->next_command % 0x7fffffff + 1;
	while (find(d, d->next_command));
	c = g_new0(struct command, 1);
	c->run_done = done;
	c->run_user = user;
	g_hash_table_insert(d->commands, GUINT_TO_POINTER(d->next_command), c);
	/* Before the program can have a window: the person asked for it. */
	daemon_tell(d->gui, CTL_LAUNCHED, 0, NULL);
	d->in->ops->run(d->machine, d->next_command, argv);
}

static void failed(struct domain *d, uint32_t id, struct command *c, int err) {
	g_autoptr(GError) error = domain_error_new(DOMAIN_E_COMMAND,
		"%s: the command cannot be started: %s", domain_name(d), g_strerror(err));

	if (c->run_done)
		c->run_done(c->run_user, 0, error);
	g_hash_table_remove(d->commands, GUINT_TO_POINTER(id));
}

static void ended(struct domain *d, uint32_t id, struct command *c, int status) {
	c->ended = true;
	c->status = status;
	if (c->wait_done)
		c->wait_done(c->wait_user, status, NULL);
	g_queue_push_tail(&d->ended, GUINT_TO_POINTER(id));
	while (d->ended.length > ENDED_KEPT)
		g_hash_table_remove(d->commands, g_queue_pop_head(&d->ended));
	if (d->in->events->command_ended)
		d->in->events->command_ended(d->in->user, d, id, status);
}

void domain_command_event(struct domain *d, uint32_t id, enum machine_command what, int value) {
	struct command *c = find(d, id);

	if (!c) {
		/* Of a former bulkheadd. */
		if (what == COMMAND_ENDED && d->in->events->command_ended)
			d->in->events->command_ended(d->in->user, d, id, value);
		return;
	}
	if (what == COMMAND_FAILED) {
		if (!c->started)
			failed(d, id, c, value);
	} else if (what == COMMAND_STARTED && !c->started) {
		c->started = true;
		c->run_done(c->run_user, id, NULL);
		c->run_done = NULL;
	} else if (what == COMMAND_ENDED && !c->ended) {
		ended(d, id, c, value);
	}
}

void domain_commands_over(struct domain *d) {
	g_autoptr(GError) error = domain_error_new(
		DOMAIN_E_COMMAND, "%s stopped before the command ended", domain_name(d));
	GHashTableIter i;
	gpointer value;

	g_hash_table_iter_init(&i, d->commands);
	while (g_hash_table_iter_next(&i, NULL, &value)) {
		struct command *c = value;

		if (c->run_done)
			c->run_done(c->run_user, 0, error);
		if (c->wait_done && !c->ended)
			c->wait_done(c->wait_user, 0, error);
		c->run_done = NULL;
		c->wait_done = NULL;
	}
	g_hash_table_remove_all(d->commands);
	g_queue_clear(&d->ended);
}

void domain_wait(struct domain *d, uint32_t id,
	void (*done)(void *user, int status, const GError *error), void *user) {
	struct command *c = find(d, id);
	g_autoptr(GError) error = NULL;

	if (c && c->ended) {
		done(user, c->status, NULL);
		return;
	}
	if (c && !c->wait_done) {
		c->wait_done = done;
		c->wait_user = user;
		return;
	}
	error = domain_error_new(
		DOMAIN_E_COMMAND, "%s: there is no command %u to wait for", domain_name(d), id);
	done(user, 0, error);
}
