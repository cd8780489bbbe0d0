/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the checks, and those that look at the rules' texts alone. */
#include "policy/lint-inner.h"

#include "common/domain-name.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void lint_say(struct lint *lint, enum policy_finding_kind kind, const struct policy_rule *rule,
	const struct policy_rule *other, const char *format, ...) {
	struct policy_findings *all = lint->findings;
	struct policy_finding *fresh = realloc(all->list, (all->count + 1) * sizeof(*fresh));
	char *words = NULL;
	va_list args;
	int n;

	if (fresh)
		all->list = fresh;
	va_start(args, format);
	n = vasprintf(&words, format, args);
	va_end(args);
	if (!fresh || n < 0) {
		if (n >= 0)
			free(words);
		lint->error = -ENOMEM;
		return;
	}
	all->list[all->count++] = (struct policy_finding){kind, rule, other, words};
}

/* Does @anyvm stand for everything that the token stands for, whatever domains there are? */
static bool any_covers(const struct policy_token *token, bool source) {
	switch (token->kind) {
	case TOKEN_NAME:
	case TOKEN_UUID:
	case TOKEN_DEFAULT:
	case TOKEN_DISPVM:
	case TOKEN_DISPVM_NAME:
	case TOKEN_DISPVM_UUID:
	case TOKEN_DISPVM_TAG:
		return true;
	case TOKEN_TYPE:
		return strcmp(token->value, "AdminVM") != 0;
	case TOKEN_TAG:
		return source; /* as a target it may be dom0's tag, too */
	case TOKEN_ANY:
	case TOKEN_ALL:
	case TOKEN_ADMIN:
		break;
	}
	return false;
}

static size_t wider(const struct policy_token *token, bool source, uint32_t ret[3]) {
	size_t n = 0;

	ret[n++] = token_key(token->kind, token->symbol);
	if (token->kind != TOKEN_ALL)
		ret[n++] = token_key(TOKEN_ALL, 0);
	if (any_covers(token, source))
		ret[n++] = token_key(TOKEN_ANY, 0);
	return n;
}

static uint32_t symbol_of(const struct policy *policy, const char *text) {
	return text ? symbols_find(&policy->symbols, hashed_over(text)) : 0;
}

/* The first rule that fits whatever this one fits: perhaps the rule itself. */
static uint32_t first_covering(const struct policy *policy, const struct policy_rule *rule) {
	uint32_t service = symbol_of(policy, rule->service), sources[3], targets[3];
	const uint64_t calls[3] = {
		pair_key(service + 1, symbol_of(policy, rule->argument)),
		pair_key(service + 1, 0),
		pair_key(1, 0),
	};
	size_t source_count = wider(&rule->source, true, sources);
	size_t target_count = wider(&rule->target, false, targets);
	uint32_t best = rule->number;

	for (unsigned i = 0; i < 3; i++) {
		const uint32_t *call = keymap_find(&policy->calls, calls[i]);

		for (size_t j = 0; call && j < source_count; j++) {
			const uint32_t *bucket = keymap_find(
				&policy->sources, pair_key(*call, sources[j]));

			for (size_t k = 0; bucket && k < target_count; k++) {
				const uint32_t *first = keymap_find(
					&policy->targets, pair_key(*bucket, targets[k]));

				if (first && *first < best)
					best = *first;
			}
		}
	}
	return best;
}

static bool is_uuid(const char *text) {
	static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; shape[i]; i++)
		if (shape[i] == '-' ? text[i] != '-'
				    : !text[i] || !strchr("0123456789abcdef", text[i]))
			return false;
	return text[i] == '\0';
}

/* NULL, or why no domain can ever be meant by it. */
static const char *why_never(const struct policy_token *token) {
	struct domain_name name;

	switch (token->kind) {
	case TOKEN_NAME:
		if (token->text[0] == '$')
			return "the old words with '$' are plain names here: write '@' for '$'";
		return domain_name_parse(token->text, &name) ? "no domain can have such a name"
							     : NULL;
	case TOKEN_DISPVM_NAME:
		return domain_name_parse(token->value, &name) ? "no domain can have such a name"
							      : NULL;
	case TOKEN_UUID:
	case TOKEN_DISPVM_UUID:
		return is_uuid(token->value) ? NULL
					     : "a uuid has small hexadecimal digits as 8-4-4-4-12";
	case TOKEN_ADMIN:
	case TOKEN_ANY:
	case TOKEN_ALL:
	case TOKEN_DEFAULT:
	case TOKEN_TYPE:
	case TOKEN_TAG:
	case TOKEN_DISPVM:
	case TOKEN_DISPVM_TAG:
		break;
	}
	return NULL;
}

static bool is_known_class(const char *class) {
	static const char *const known[] = {
		"AdminVM", "AppVM", "TemplateVM", "StandaloneVM", "DispVM", "RemoteVM"};

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(class, known[i]))
			return true;
	return false;
}

static const char *never_as(const struct policy_token *token, bool source) {
	if (source && (token->kind == TOKEN_DISPVM_NAME || token->kind == TOKEN_DISPVM_UUID ||
			      token->kind == TOKEN_DISPVM_TAG))
		return "nobody calls as @dispvm:...: for a disposable write @type:DispVM or its "
		       "tag";
	if (token->kind == TOKEN_TYPE && !is_known_class(token->value))
		return "there is no such class (AppVM, DispVM, TemplateVM, StandaloneVM, RemoteVM, "
		       "AdminVM)";
	return why_never(token);
}

/* A rule that is never looked at could be a deny on which somebody relies. */
static bool lint_service(struct lint *lint, const struct policy_rule *rule) {
	const char *as = rule->service ? policy_decided_as(rule->service) : NULL;

	if (!as || !strcmp(as, rule->service))
		return false;
	lint->dead[rule->number] = true;
	lint_say(lint, LINT_NEVER, rule, NULL,
		"rules for %s are never looked at: those for %s decide about it", rule->service,
		as);
	return true;
}

void lint_texts(struct lint *lint, const struct policy_rule *rule) {
	const char *why = never_as(&rule->source, true);
	const struct policy_token *what = &rule->source;
	uint32_t first;

	if (lint_service(lint, rule))
		return;
	if (!why) {
		what = &rule->target;
		why = never_as(what, false);
	}
	if (why) {
		lint->dead[rule->number] = true;
		lint_say(lint, LINT_NEVER, rule, NULL, "\"%s\" never fits: %s", what->text, why);
		return;
	}
	why = rule->redirects ? why_never(&rule->redirect) : NULL;
	if (why)
		lint_say(lint, LINT_REDIRECT_NOWHERE, rule, NULL, "target=%s leads nowhere: %s",
			rule->redirect.text, why);
	first = first_covering(lint->policy, rule);
	if (first == rule->number)
		return;
	lint->dead[rule->number] = true;
	if (rule->line)
		lint_say(lint, LINT_SHADOWED, rule, &lint->policy->rules[first],
			"it never decides: an earlier rule fits every call that it fits");
}

static int by_rule(const void *a, const void *b) {
	const struct policy_finding *x = a, *y = b;

	if (x->rule->number != y->rule->number)
		return x->rule->number < y->rule->number ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

int policy_lint(const struct policy *policy, const struct policy_system *system, bool real,
	struct policy_findings *ret) {
	AUTO(auto_free) bool *dead = calloc(policy->count + 1u, sizeof(*dead));
	struct lint lint = {policy, system, real, ret, dead ? 0 : -ENOMEM, dead};

	*ret = (struct policy_findings){0};
	for (uint32_t i = 0; i < policy->count && !lint.error; i++)
		lint_texts(&lint, &policy->rules[i]);
	for (uint32_t i = 0; i < policy->count && !lint.error; i++)
		lint_on_domains(&lint, &policy->rules[i]);
	if (real && !lint.error)
		lint_reach(&lint);
	if (ret->count > 0)
		qsort(ret->list, ret->count, sizeof(*ret->list), by_rule);
	return lint.error;
}

void policy_findings_deinit(struct policy_findings *findings) {
	for (size_t i = 0; i < findings->count; i++)
		free(findings->list[i].words);
	free(findings->list);
	*findings = (struct policy_findings){0};
}

const char *policy_finding_name(enum policy_finding_kind kind) {
	static const char *const names[LINT_KINDS] = {
		[LINT_SHADOWED] = "shadowed",
		[LINT_UNREACHABLE] = "unreachable",
		[LINT_NEVER] = "never-matches",
		[LINT_UNKNOWN_DOMAIN] = "unknown-domain",
		[LINT_PASSES_DENY] = "redirect-passes-deny",
		[LINT_DEFAULT_OUTSIDE] = "default-target-not-offered",
		[LINT_REDIRECT_NOWHERE] = "redirect-nowhere",
		[LINT_DISPOSABLE_GAP] = "disposable-gap",
		[LINT_REMOTE_REDIRECT] = "remote-redirect",
	};

	return names[kind];
}
