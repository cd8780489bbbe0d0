/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May the person paste what was copied in one domain into another? The rules of
 * qubes.ClipboardPaste say so: ask is answered by the person's second press of the keys, with the
 * preview before their eyes (docs/decisions/clipboard.md). An explicit rule that allows
 * bulkhead.ClipboardRaw lets the text go as it is.
 */
#include "policy/reply.h"
#include "qrexec/broker/broker.h"

#include <string.h>

#define SERVICE     "qubes.ClipboardPaste"
#define SERVICE_RAW "bulkhead.ClipboardRaw"

/* The rule that decided the last question, until its record is written. */
struct pastes {
	struct broker *broker;
	uint64_t id;
	char *file, *rule;
	uint32_t line;
};

static void forget(struct pastes *p) {
	g_clear_pointer(&p->file, g_free);
	g_clear_pointer(&p->rule, g_free);
	p->id = 0;
	p->line = 0;
}

static void keep(struct pastes *p, uint64_t id, const struct policy_rule *rule) {
	forget(p);
	p->id = id;
	if (!rule)
		return;
	p->file = g_strdup(rule->file);
	p->rule = g_strdup(rule->text);
	p->line = rule->line;
}

/* A rule that sends it elsewhere does not fit: the person pressed the keys in this window. */
static bool is_there(const struct policy_target *t, const char *name) {
	return t->kind == TARGET_DOMAIN && t->domain && !strcmp(t->domain->name, name);
}

static uint32_t outcome_of(
	const struct policy_decision *d, const char *target, const char **ret_why) {
	*ret_why = "the rules send it to another domain";
	if (d->outcome == POLICY_ALLOW)
		return is_there(&d->target, target) ? BROKER_PASTE_ALLOW : BROKER_PASTE_DENY;
	if (d->outcome != POLICY_ASK) {
		*ret_why = policy_reason_words(d->reason);
		return BROKER_PASTE_DENY;
	}
	for (size_t i = 0; i < d->target_count; i++)
		if (is_there(&d->targets[i], target))
			return BROKER_PASTE_ASK;
	return BROKER_PASTE_DENY;
}

static bool may_be_raw(
	struct policy *policy, const struct policy_system *system, struct policy_request request) {
	struct policy_decision d;
	const char *why;
	bool raw;

	request.service = SERVICE_RAW;
	if (policy_decide(policy, system, &request, &d))
		return false;
	raw = outcome_of(&d, request.target, &why) == BROKER_PASTE_ALLOW;
	policy_decision_deinit(&d);
	return raw;
}

static char *words(const char *why, const struct policy_rule *rule) {
	if (!rule)
		return g_strdup(why);
	return g_strdup_printf("%s (%s:%u: %s)", why, rule->file, rule->line, rule->text);
}

static uint32_t decide(struct pastes *p, const struct broker_msg *m, char **ret_why) {
	const struct policy_request request = {
		.source = m->texts[0], .target = m->texts[1], .service = SERVICE, .argument = "+"};
	struct policy *policy = rules_now(p->broker->rules);
	struct picture *picture = domains_picture(p->broker->domains);
	struct policy_decision d;
	const char *why = "the domains are not known";
	uint32_t outcome = BROKER_PASTE_DENY;

	if (picture && !policy_decide(policy, picture->system, &request, &d)) {
		outcome = outcome_of(&d, request.target, &why);
		keep(p, m->id, d.rule);
		*ret_why = words(why, d.rule);
		if (outcome != BROKER_PASTE_DENY && may_be_raw(policy, picture->system, request))
			outcome |= BROKER_PASTE_RAW;
		policy_decision_deinit(&d);
	} else {
		keep(p, m->id, NULL);
		*ret_why = g_strdup(why);
	}
	picture_unref(picture);
	return outcome;
}

void pastes_decide(struct pastes *p, const struct broker_msg *m) {
	g_autofree char *why = NULL;
	uint32_t outcome = decide(p, m, &why);
	struct broker_msg answer = {.type = BROKER_PASTE_DECIDED,
		.id = m->id,
		.value = outcome,
		.count = 1,
		.texts = {outcome == BROKER_PASTE_DENY ? why : ""}};

	packets_send(p->broker->manager, &answer, -1);
}

void pastes_record(struct pastes *p, const struct broker_msg *m) {
	bool decided = p->id && p->id == m->id && !strcmp(m->texts[0], "paste");
	struct audit_clipboard r = {.event = m->texts[0],
		.source = m->texts[1],
		.target = m->texts[2],
		.outcome = m->texts[3],
		.reason = m->texts[4],
		.file = decided ? p->file : NULL,
		.line = decided ? p->line : 0,
		.rule = decided ? p->rule : NULL,
		.bytes = m->value};

	audit_write_clipboard(p->broker, &r);
	forget(p);
}

struct pastes *pastes_new(struct broker *b) {
	struct pastes *p = g_new0(struct pastes, 1);

	p->broker = b;
	return p;
}

struct pastes *pastes_free(struct pastes *p) {
	if (p)
		forget(p);
	g_free(p);
	return NULL;
}
