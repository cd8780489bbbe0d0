/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks that try rules on domains, through the evaluator's own parts. */
#include "policy/lint-inner.h"

#include "policy/decide-inner.h"

#include <string.h>

#define TRIES_MAX 3000000u

static const char no_service[] = "some.OtherService";

static struct call call_of(const struct policy_rule *rule, const struct domain_entry *source) {
	return (struct call){
		.service = hashed_over(rule->service ? rule->service : no_service),
		.argument = hashed_over(rule->argument ? rule->argument : "+"),
		.source = source,
	};
}

static bool fits_source(const struct policy_rule *rule, const struct domain_entry *source) {
	struct call call = call_of(rule, source);
	enum policy_miss miss = MISS_SERVICE;

	return match_rule(rule, &call, &miss) || miss == MISS_TARGET;
}

static const struct policy_rule *first_rule(const struct lint *lint, const struct call *call) {
	bool trapped;
	uint32_t first = match_first(lint->policy, call, &trapped);

	return first == NO_RULE || trapped ? NULL : &lint->policy->rules[first];
}

static const struct policy_rule *deny_at_target(
	const struct lint *lint, const struct policy_rule *rule, struct call call) {
	const struct policy_rule *found;

	call = call_to(lint->system, call, &rule->redirect);
	found = first_rule(lint, &call);
	return found && found->action == POLICY_ACTION_DENY ? found : NULL;
}

/* The redirect's own argument, or for "any" no argument and each that some rule names. */
static const struct policy_rule *deny_passed_from(const struct lint *lint,
	const struct policy_rule *rule, const struct domain_entry *source) {
	struct call call = call_of(rule, source);
	const struct policy_rule *found = deny_at_target(lint, rule, call);

	for (uint32_t i = 0; !found && !rule->argument && i < lint->policy->count; i++) {
		const struct policy_rule *other = &lint->policy->rules[i];

		if (other->action != POLICY_ACTION_DENY || !other->argument ||
			(rule->service && strcmp(rule->service, other->service) != 0))
			continue;
		call.service = hashed_over(other->service);
		call.argument = hashed_over(other->argument);
		found = deny_at_target(lint, rule, call);
	}
	return found;
}

static void check_redirect(
	struct lint *lint, const struct policy_rule *rule, const struct domain_entry *source) {
	const struct policy_rule *deny = deny_passed_from(lint, rule, source);

	if (deny)
		lint_say(lint, LINT_PASSES_DENY, rule, deny,
			"target=%s leads past a deny that a direct call%s%s would meet",
			rule->redirect.text, lint->real ? " from " : "",
			lint->real ? source->is.name : "");
}

static bool default_is_offered(
	struct lint *lint, const struct policy_rule *rule, const struct domain_entry *source) {
	struct call call = call_of(rule, source);
	struct policy_decision d;
	bool offered;

	call.target = TARGET_NONE;
	if (decide_by_rule(lint->policy, lint->system, &call, rule, &d))
		return true;
	offered = d.outcome != POLICY_ASK || !d.default_dropped;
	policy_decision_deinit(&d);
	return offered;
}

/* @dispvm is denied: is the caller's default template, named outright? */
static const struct policy_rule *disposable_gap(const struct lint *lint,
	const struct policy_rule *rule, const struct domain_entry *source) {
	struct call call = call_of(rule, source);
	const struct policy_rule *found;

	if (!source->disposable_template || !source->disposable_template->is.template_for_dispvms)
		return NULL;
	call.target = TARGET_KEYWORD;
	if (first_rule(lint, &call) != rule)
		return NULL;
	call.target = TARGET_DISPOSABLE;
	call.domain = source->disposable_template;
	found = first_rule(lint, &call);
	return found && found->action != POLICY_ACTION_DENY ? found : NULL;
}

static void check_source(struct lint *lint, const struct policy_rule *rule,
	const struct domain_entry *source, unsigned *said) {
	size_t before = lint->findings->count;

	if (rule->redirects && !(*said & 1u)) {
		check_redirect(lint, rule, source);
		*said |= lint->findings->count > before ? 1u : 0;
	}
	if (rule->action == POLICY_ACTION_DENY && rule->target.kind == TOKEN_DISPVM &&
		!(*said & 2u)) {
		const struct policy_rule *gap = disposable_gap(lint, rule, source);

		if (gap) {
			lint_say(lint, LINT_DISPOSABLE_GAP, rule, gap,
				"it denies @dispvm, but not the same template by name: write "
				"@dispvm:@tag:TAG or @dispvm:NAME as well");
			*said |= 2u;
		}
	}
}

static void check_unknown(
	struct lint *lint, const struct policy_rule *rule, const struct policy_token *token) {
	const char *name = token->kind == TOKEN_DISPVM_NAME   ? token->value
			   : token->kind == TOKEN_DISPVM_UUID ? token->value - strlen("uuid:")
			   : token->kind == TOKEN_NAME || token->kind == TOKEN_UUID ? token->text
										    : NULL;

	if (name && !system_entry(lint->system, name))
		lint_say(lint, LINT_UNKNOWN_DOMAIN, rule, NULL, "there is no domain \"%s\"", name);
}

static void check_redirect_target(struct lint *lint, const struct policy_rule *rule) {
	struct call call = call_to(lint->system, (struct call){0}, &rule->redirect);

	if (call.target == TARGET_UNKNOWN && call.domain)
		lint_say(lint, LINT_REDIRECT_NOWHERE, rule, NULL,
			"target=%s: the domain is no disposable template, so the call is denied",
			rule->redirect.text);
	if (call.target == TARGET_DOMAIN && !strcmp(call.domain->is.type, "RemoteVM"))
		lint_say(lint, LINT_REMOTE_REDIRECT, rule, NULL,
			"target=%s is remote: its relay is told the target that the caller asked "
			"for, not %s",
			rule->redirect.text, rule->redirect.text);
}

void lint_on_domains(struct lint *lint, const struct policy_rule *rule) {
	bool default_offered = !rule->has_default_target, any_source = false;
	unsigned said = 0;

	if (lint->dead[rule->number])
		return;
	if (lint->real) {
		check_unknown(lint, rule, &rule->source);
		check_unknown(lint, rule, &rule->target);
		if (rule->redirects)
			check_unknown(lint, rule, &rule->redirect);
		if (rule->has_default_target)
			check_unknown(lint, rule, &rule->default_target);
	}
	if (rule->redirects)
		check_redirect_target(lint, rule);
	if (!rule->redirects && !rule->has_default_target && rule->target.kind != TOKEN_DISPVM)
		return;
	for (size_t i = 0; i < lint->system->count && !lint->error; i++) {
		const struct domain_entry *source = &lint->system->domains[i];

		if (source->admin || !fits_source(rule, source))
			continue;
		any_source = true;
		check_source(lint, rule, source, &said);
		default_offered = default_offered || default_is_offered(lint, rule, source);
	}
	if (any_source && !default_offered)
		lint_say(lint, LINT_DEFAULT_OUTSIDE, rule, NULL,
			"default_target=%s is never among the targets that are offered",
			rule->default_target.text);
}

/* Is there a target for which this rule decides the call? */
static bool decides_from(
	const struct lint *lint, const struct policy_rule *rule, struct call call, size_t *tries) {
	static const enum policy_target_kind lone[] = {TARGET_NONE, TARGET_KEYWORD};
	enum policy_miss miss;

	for (size_t i = 0; i < 2; i++) {
		call.target = lone[i];
		if (match_rule(rule, &call, &miss) && ++*tries && first_rule(lint, &call) == rule)
			return true;
	}
	for (size_t i = 0; i < 2 * lint->system->count; i++) {
		call.domain = &lint->system->domains[i / 2];
		call.target = i % 2                ? TARGET_DISPOSABLE
			      : call.domain->admin ? TARGET_ADMIN
						   : TARGET_DOMAIN;
		if (call.target == TARGET_DISPOSABLE && !call.domain->is.template_for_dispvms)
			continue;
		if (match_rule(rule, &call, &miss) && ++*tries && first_rule(lint, &call) == rule)
			return true;
	}
	return false;
}

void lint_reach(struct lint *lint) {
	size_t tries = 0;

	for (uint32_t i = 0; i < lint->policy->count && !lint->error; i++) {
		const struct policy_rule *rule = &lint->policy->rules[i];
		bool reached = lint->dead[i], any_source = false;

		for (size_t j = 0; !reached && j < lint->system->count; j++) {
			const struct domain_entry *source = &lint->system->domains[j];

			if (tries > TRIES_MAX) {
				lint->findings->incomplete = true;
				return;
			}
			if (source->admin || !fits_source(rule, source))
				continue;
			any_source = true;
			reached = decides_from(lint, rule, call_of(rule, source), &tries);
		}
		if (!reached && rule->line)
			lint_say(lint, LINT_UNREACHABLE, rule, NULL,
				any_source ? "no call between the domains there are gets to it"
					   : "no domain there is fits its source");
	}
}
