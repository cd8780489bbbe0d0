/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls: who asks for what, and what the rules and the person say. */
#include "common/domain-name.h"
#include "policy/answers.h"
#include "policy/reply.h"
#include "qrexec/broker/call.h"

#include <string.h>

static const char *const choice_words[BROKER_CHOICES] = {
	"deny", "once", "minutes", "session", "always"};

uint64_t call_port_key(uint32_t a, uint32_t b, uint32_t port) {
	uint64_t low = a < b ? a : b, high = a < b ? b : a;

	return low << 40 | high << 16 | port;
}

void call_free(struct call *c) {
	struct broker *b = c->in->broker;
	struct domain *d = domains_find(b->domains, c->source);

	if (c->connected)
		call_audit_end(c);
	asks_cancel(b->asks, c->ticket);
	if (d && d->calls > 0 && d->id == c->source_id)
		d->calls--;
	if (c->timer)
		g_source_remove(c->timer);
	if (c->pid_watch)
		g_source_remove(c->pid_watch);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->port) {
		g_hash_table_remove(c->in->by_port, &c->port_key);
		ports_give(b->ports, c->source_id, c->target_id, c->port);
	}
	if (c->disposable && c->target && b->manager)
		packets_send(b->manager,
			&(struct broker_msg){.type = BROKER_KILL, .count = 1, .texts = {c->target}},
			-1);
	g_hash_table_remove(c->in->by_id, &c->id);
	policy_decision_deinit(&c->decision);
	policy_unref(c->policy);
	picture_unref(c->picture);
	g_free(c->source);
	g_free(c->asked_source);
	g_free(c->asked_target);
	g_free(c->service);
	g_free(c->name);
	g_free(c->argument);
	g_free(c->command);
	g_free(c->target);
	g_free(c->user);
	g_free(c->run_service);
	g_free(c->choice);
	g_free(c);
}

/* The person is told which rule it was; the caller never. */
static void notify(struct call *c, uint32_t kind, const char *reason) {
	const struct policy_rule *rule = kind == BROKER_NOTE_DENIED ? c->decision.rule : NULL;
	g_autofree char *why = rule ? g_strdup_printf("%s (%s:%u)", reason, rule->file, rule->line)
				    : g_strdup(reason);
	struct broker_msg m = {.type = BROKER_NOTE,
		.value = kind,
		.count = 4,
		.texts = {c->source, c->asked_target, c->service, why}};

	if (c->in->broker->manager && c->service)
		packets_send(c->in->broker->manager, &m, -1);
}

void call_refuse(struct call *c, const char *outcome, const char *reason) {
	struct domain *d = domains_find(c->in->broker->domains, c->source);
	bool denied = !strcmp(outcome, "deny");

	call_audit(c, outcome, reason);
	if (!denied || c->decision.notify)
		notify(c, denied ? BROKER_NOTE_DENIED : BROKER_NOTE_FAILED, reason);
	if (c->client)
		packets_send(c->client,
			&(struct broker_msg){
				.type = BROKER_FAILED, .value = 125, .count = 1, .texts = {reason}},
			-1);
	else if (d && d->daemon && d->id == c->source_id)
		packets_send(d->daemon,
			&(struct broker_msg){.type = BROKER_REFUSE, .id = c->theirs}, -1);
	call_free(c);
}

static struct call *call_new(struct calls *all, const char *source, uint32_t source_id) {
	struct call *c = g_new0(struct call, 1);

	c->in = all;
	c->id = ++all->next_id;
	c->pidfd = -1;
	c->source = g_strdup(source);
	c->source_id = source_id;
	c->began = g_get_monotonic_time();
	g_hash_table_insert(all->by_id, &c->id, c);
	return c;
}

/* The rules allow it: where to, as whom, and what by name. */
static void allowed(struct call *c, const struct policy_decision *d) {
	const struct policy_domain *relay;
	char service[4096];
	g_autofree char *name = g_strndup(c->service, strcspn(c->service, "+"));
	struct policy_request request = {.source = c->source,
		.target = c->asked_target,
		.service = name,
		.argument = c->argument,
		.requested_source = c->asked_source};

	c->user = g_strdup(d->user);
	c->run_service = g_strdup(c->service);
	c->admin_target = d->target.kind == TARGET_ADMIN;
	c->disposable = d->target.kind == TARGET_DISPOSABLE;
	if (c->admin_target) {
		c->target = g_strdup(ADMIN_NAME);
		return call_go(c);
	}
	if (!d->target.domain)
		return call_refuse(c, "deny", "the target is no domain");
	c->target = g_strdup(d->target.domain->name);
	if (!strcmp(d->target.domain->type, "RemoteVM")) {
		if (policy_relay_call(
			    c->picture->system, &request, d, &relay, service, sizeof(service)))
			return call_refuse(c, "deny", "the domain has no relay");
		g_free(c->target);
		g_free(c->run_service);
		c->target = g_strdup(relay->name);
		c->run_service = g_strdup(service);
	}
	call_go(c);
}

static struct policy_request request_of(const struct call *c) {
	return (struct policy_request){.source = c->source,
		.target = c->asked_target,
		.service = c->name,
		.argument = c->argument,
		.requested_source = c->asked_source};
}

/* The answer holds for more than this call. */
static void remember(struct call *c, const char *chosen, enum broker_choice choice) {
	const struct policy_request request = request_of(c);
	struct broker *b = c->in->broker;
	uint64_t id;
	int r = 0;

	if (choice == BROKER_ALWAYS)
		rules_add_always(b->rules, c->picture->system, &request, &c->decision, chosen);
	else if (choice == BROKER_MINUTES)
		r = policy_leases_add(b->leases, &request, &c->decision, chosen,
			g_get_monotonic_time() + POLICY_LEASE_QUARTER, &id);
	else if (choice == BROKER_SESSION)
		r = policy_leases_add(
			b->leases, &request, &c->decision, chosen, POLICY_LEASE_SESSION, &id);
	if (r)
		g_message("an answer of %s holds for one call only: %s", c->source,
			r > 0 ? "too many answers hold already" : g_strerror(-r));
}

static void take_choice(struct call *c, const char *chosen, enum broker_choice choice) {
	struct policy_decision d = {0};

	policy_answer(c->picture->system, &c->decision, chosen, &d);
	if (d.outcome != POLICY_ALLOW) {
		call_refuse(c, "deny", policy_reason_words(d.reason));
	} else {
		remember(c, chosen, choice);
		allowed(c, &d);
	}
	policy_decision_deinit(&d);
}

static void on_answer(void *data, const char *chosen, enum broker_choice choice) {
	struct call *c = data;

	c->ticket = 0;
	c->asked = g_get_monotonic_time();
	c->choice = g_strdup(choice_words[chosen ? choice : BROKER_DENY]);
	if (!chosen)
		return call_refuse(c, "deny", "the person did not allow it");
	take_choice(c, chosen, choice);
}

/* True: an answer of before holds for this call. */
static bool answer_by_lease(struct call *c) {
	const struct policy_request request = request_of(c);
	g_autofree char *chosen = g_strdup(policy_leases_find(
		c->in->broker->leases, &request, &c->decision, g_get_monotonic_time()));

	if (!chosen)
		return false;
	c->asked = g_get_monotonic_time();
	c->choice = g_strdup("lease");
	take_choice(c, chosen, BROKER_ONCE);
	return true;
}

static char *always_rule(const struct call *c, const char *chosen) {
	const struct policy_request request = request_of(c);
	char rule[POLICY_RULE_MAX];

	return g_strdup(
		policy_answer_rule(&request, &c->decision, chosen, rule, sizeof(rule)) ? "" : rule);
}

static void ask(struct call *c) {
	const struct policy_decision *d = &c->decision;
	g_autofree const char **targets = g_new0(const char *, d->target_count);
	g_auto(GStrv) rules = g_new0(char *, d->target_count + 1);
	g_autofree char *rule = d->rule ? g_strdup_printf("%s:%u", d->rule->file, d->rule->line)
					: g_strdup("");
	struct question q = {.source = c->source,
		.service = c->name,
		.argument = c->argument,
		.target = c->asked_target,
		.rule = rule,
		.targets = targets,
		.rules = (const char *const *)rules,
		.target_count = d->target_count,
		.default_target = d->default_target};
	uint64_t id = c->id, ticket;
	struct calls *all = c->in;

	for (size_t i = 0; i < d->target_count; i++) {
		targets[i] = d->targets[i].text;
		rules[i] = always_rule(c, targets[i]);
	}
	c->state = CALL_ASKING;
	ticket = asks_open(all->broker->asks, &q, on_answer, c);
	/* The answer may have come at once, and the call may be over. */
	if (ticket && (c = g_hash_table_lookup(all->by_id, &id)))
		c->ticket = ticket;
}

static void decide(struct call *c) {
	struct broker *b = c->in->broker;
	const struct policy_request request = request_of(c);
	struct policy *policy = rules_now(b->rules);

	c->picture = domains_picture(b->domains);
	c->policy = policy ? policy_ref(policy) : NULL;
	if (!c->picture)
		return call_refuse(c, "deny", "the domains are not known");
	if (policy_decide(c->policy, c->picture->system, &request, &c->decision))
		return call_refuse(c, "deny", "no memory for a decision");
	c->decided = g_get_monotonic_time();
	if (c->decision.outcome == POLICY_ALLOW)
		allowed(c, &c->decision);
	else if (c->decision.outcome != POLICY_ASK)
		call_refuse(c, "deny", policy_reason_words(c->decision.reason));
	else if (!answer_by_lease(c))
		ask(c);
}

void calls_request(struct calls *all, struct domain *from, const struct broker_msg *m) {
	const char *service = m->texts[2], *plus = strchr(service, '+');
	struct call *c = call_new(all, from->name, from->id);
	g_autofree char *name = NULL;

	c->theirs = m->id;
	c->asked_source = g_strdup(m->texts[0]);
	c->asked_target = g_strdup(m->texts[1]);
	c->service = g_strconcat(service, plus ? "" : "+", NULL);
	name = g_strndup(service, plus ? (size_t)(plus - service) : strlen(service));
	c->name = g_strdup(policy_decided_as(name));
	c->argument = g_strdup(plus ? plus : "+");
	if (from->calls++ >= CALLS_PER_DOMAIN)
		return call_refuse(c, "deny", "the domain has too many calls open");
	decide(c);
}

uint64_t calls_run(struct calls *all, struct packets *client, const char *domain,
	const char *command, bool just_exec) {
	struct call *c = call_new(all, ADMIN_NAME, ADMIN_ID);
	uint64_t id = c->id;

	c->client = client;
	c->just_exec = just_exec;
	c->asked_target = g_strdup(domain);
	c->target = g_strdup(domain);
	c->command = g_strdup(command);
	c->decided = c->began;
	call_go(c);
	return g_hash_table_contains(all->by_id, &id) ? id : 0;
}

void calls_client_gone(struct calls *all, uint64_t id) {
	struct call *c = g_hash_table_lookup(all->by_id, &id);

	if (!c)
		return;
	c->client = NULL;
	c->source_done = true;
	if (c->state != CALL_RUNNING || c->target_done)
		call_free(c);
}

void calls_terminated(struct calls *all, struct domain *from, uint32_t peer, uint32_t port) {
	uint64_t key = call_port_key(from->id, peer, port);
	struct call *c = g_hash_table_lookup(all->by_port, &key);

	if (!c)
		return;
	if (from->id == c->source_id)
		c->source_done = true;
	else
		c->target_done = true;
	/* The admin domain's own end is known from its process. */
	if (c->source_done && c->target_done)
		call_free(c);
}

static GList *all_calls(struct calls *all) {
	return g_hash_table_get_keys(all->by_id);
}

/* Calls whose target waits to be called. */
void calls_domain_ready(struct calls *all, struct domain *d) {
	GList *ids = all_calls(all);

	for (GList *i = ids; i; i = i->next) {
		struct call *c = i->data ? g_hash_table_lookup(all->by_id, i->data) : NULL;

		if (c && c->state == CALL_WAITING && !strcmp(c->target, d->name))
			call_launch(c);
	}
	g_list_free(ids);
}

/* What the domain asked for is not asked for any more; what ran in it or for it is over there. */
static void leave(struct call *c, const struct domain *d, bool is_source) {
	if (c->state == CALL_RUNNING) {
		if (is_source)
			c->source_done = true;
		else
			c->target_done = true;
		if (c->source_done && c->target_done)
			call_free(c);
		return;
	}
	if (is_source) {
		call_audit(c, "gone", "the caller went");
		call_free(c);
	} else if (c->state == CALL_VCHAN || c->state == CALL_WAITING) {
		call_refuse(c, "fail", "the target went");
	}
	(void)d;
}

void calls_domain_gone(struct calls *all, struct domain *d) {
	GPtrArray *list = g_ptr_array_new();
	GHashTableIter i;
	struct call *c;

	g_hash_table_iter_init(&i, all->by_id);
	while (g_hash_table_iter_next(&i, NULL, (gpointer *)&c))
		if (d->id && (c->source_id == d->id ||
				     (c->state == CALL_RUNNING && c->target_id == d->id)))
			g_ptr_array_add(list, c);
	for (guint n = 0; n < list->len; n++) {
		c = list->pdata[n];
		leave(c, d, c->source_id == d->id);
	}
	g_ptr_array_free(list, TRUE);
	d->calls = 0;
}

void calls_manager_done(struct calls *all, const struct broker_msg *m, int fd) {
	struct call *c = g_hash_table_lookup(all->by_id, &m->id);

	if (c && c->state == CALL_STARTING) {
		call_started(c, m);
	} else if (c && c->state == CALL_VCHAN) {
		call_vchan(c, (int)m->value, TAKE_FD(fd));
	} else if (!c && m->value == 0 && fd < 0) {
		/* Nobody waits for it any more. A disposable that was made for a call is not kept.
		 */
		g_debug("an answer too late");
	}
	if (fd >= 0)
		close(fd);
}

struct calls *calls_new(struct broker *b) {
	struct calls *all = g_new0(struct calls, 1);

	all->broker = b;
	all->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
	all->by_port = g_hash_table_new(g_int64_hash, g_int64_equal);
	return all;
}

struct calls *calls_free(struct calls *all) {
	GHashTableIter i;
	struct call *c;

	if (!all)
		return NULL;
	for (;;) {
		g_hash_table_iter_init(&i, all->by_id);
		if (!g_hash_table_iter_next(&i, NULL, (gpointer *)&c))
			break;
		call_free(c);
	}
	g_hash_table_destroy(all->by_id);
	g_hash_table_destroy(all->by_port);
	g_free(all);
	return NULL;
}
