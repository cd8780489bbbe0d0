/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The meaning of "fits" (qrexec-protocol 3.3), twice: as the list of all tokens that would fit a
 * domain, looked up in the index, and as a comparison with one rule. The evaluator checks one
 * against the other whenever it explains.
 */
#include "policy/match.h"

#include <string.h>

struct keys {
	uint32_t list[MATCH_TOKENS_MAX];
	size_t count;
};

static void add(struct keys *keys, unsigned kind) {
	keys->list[keys->count++] = token_key(kind, 0);
}

/* A token with a text that no rule has cannot be in the index. */
static void add_named(
	struct keys *keys, const struct policy *policy, unsigned kind, struct hashed text) {
	uint32_t symbol = text.len > 0 ? symbols_find(&policy->symbols, text) : 0;

	if (symbol)
		keys->list[keys->count++] = token_key(kind, symbol);
}

static void add_class_and_tags(
	struct keys *keys, const struct policy *policy, const struct domain_entry *entry) {
	add_named(keys, policy, TOKEN_TYPE, entry->type);
	for (size_t i = 0; i < entry->is.tag_count; i++)
		add_named(keys, policy, TOKEN_TAG, entry->tags[i]);
}

static void add_domain(
	struct keys *keys, const struct policy *policy, const struct domain_entry *entry) {
	if (entry->admin) {
		add(keys, TOKEN_ADMIN);
	} else {
		add(keys, TOKEN_ANY);
		add_named(keys, policy, TOKEN_NAME, entry->name);
		add_named(keys, policy, TOKEN_UUID, entry->uuid);
	}
	add_class_and_tags(keys, policy, entry);
}

static void add_disposable(
	struct keys *keys, const struct policy *policy, const struct domain_entry *of) {
	add_named(keys, policy, TOKEN_DISPVM_NAME, of->name);
	add_named(keys, policy, TOKEN_DISPVM_UUID, of->uuid);
	for (size_t i = 0; of->is.template_for_dispvms && i < of->is.tag_count; i++)
		add_named(keys, policy, TOKEN_DISPVM_TAG, of->tags[i]);
}

static void target_keys(struct keys *keys, const struct policy *policy, const struct call *call) {
	add(keys, TOKEN_ALL);
	switch (call->target) {
	case TARGET_ADMIN:
		if (call->keyword)
			add(keys, TOKEN_ADMIN);
		else
			add_domain(keys, policy, call->domain);
		break;
	case TARGET_DOMAIN:
		add_domain(keys, policy, call->domain);
		break;
	case TARGET_DISPOSABLE:
		add(keys, TOKEN_ANY);
		add_disposable(keys, policy, call->domain);
		break;
	case TARGET_KEYWORD:
		add(keys, TOKEN_ANY);
		add(keys, TOKEN_DISPVM);
		if (call->source->disposable_template)
			add_disposable(keys, policy, call->source->disposable_template);
		else
			add(keys, TOKEN_TRAP);
		break;
	case TARGET_NONE:
	case TARGET_UNKNOWN:
		add(keys, TOKEN_ANY);
		add(keys, TOKEN_DEFAULT);
		break;
	}
}

static size_t call_numbers(const struct policy *policy, const struct call *call, uint32_t ret[3]) {
	uint32_t service = symbols_find(&policy->symbols, call->service);
	uint32_t argument = symbols_find(&policy->symbols, call->argument);
	const uint32_t *found[3] = {
		service && argument ? keymap_find(&policy->calls, pair_key(service + 1, argument))
				    : NULL,
		service ? keymap_find(&policy->calls, pair_key(service + 1, 0)) : NULL,
		keymap_find(&policy->calls, pair_key(1, 0)),
	};
	size_t count = 0;

	for (unsigned i = 0; i < 3; i++)
		if (found[i])
			ret[count++] = *found[i];
	return count;
}

size_t match_buckets(const struct policy *policy, const struct call *call, uint32_t *ret) {
	struct keys sources = {.count = 0};
	uint32_t calls[3];
	size_t call_count = call_numbers(policy, call, calls), count = 0;

	if (call_count == 0)
		return 0;
	add(&sources, TOKEN_ALL);
	add_domain(&sources, policy, call->source);
	for (size_t i = 0; i < call_count; i++)
		for (size_t j = 0; j < sources.count; j++) {
			const uint32_t *bucket = keymap_find(
				&policy->sources, pair_key(calls[i], sources.list[j]));

			if (bucket)
				ret[count++] = *bucket;
		}
	return count;
}

uint32_t match_in(const struct policy *policy, const struct call *call, const uint32_t *buckets,
	size_t count, bool *trapped) {
	struct keys targets = {.count = 0};
	uint32_t best = NO_RULE;

	*trapped = false;
	if (count == 0)
		return NO_RULE;
	target_keys(&targets, policy, call);
	for (size_t i = 0; i < count; i++) {
		if (policy->buckets[buckets[i]].rules[0] >= best)
			continue;
		for (size_t j = 0; j < targets.count; j++) {
			const uint32_t *first = keymap_find(
				&policy->targets, pair_key(buckets[i], targets.list[j]));

			if (first && *first < best) {
				best = *first;
				*trapped = targets.list[j] == token_key(TOKEN_TRAP, 0);
			}
		}
	}
	return best;
}

uint32_t match_first(const struct policy *policy, const struct call *call, bool *trapped) {
	uint32_t buckets[MATCH_BUCKETS_MAX];

	return match_in(policy, call, buckets, match_buckets(policy, call, buckets), trapped);
}

static bool fits_domain(const struct policy_token *token, const struct domain_entry *entry) {
	switch (token->kind) {
	case TOKEN_ALL:
		return true;
	case TOKEN_ANY:
		return !entry->admin;
	case TOKEN_ADMIN:
		return entry->admin;
	case TOKEN_NAME:
		return !entry->admin && !strcmp(token->value, entry->is.name);
	case TOKEN_UUID:
		return !entry->admin && entry->is.uuid && !strcmp(token->value, entry->is.uuid);
	case TOKEN_TYPE:
		return !strcmp(token->value, entry->is.type);
	case TOKEN_TAG:
		return entry_has_tag(entry, token->value);
	case TOKEN_DEFAULT:
	case TOKEN_DISPVM:
	case TOKEN_DISPVM_NAME:
	case TOKEN_DISPVM_UUID:
	case TOKEN_DISPVM_TAG:
		break;
	}
	return false;
}

static bool fits_disposable(const struct policy_token *token, const struct domain_entry *of) {
	if (token->kind == TOKEN_DISPVM_NAME)
		return !strcmp(token->value, of->is.name);
	if (token->kind == TOKEN_DISPVM_UUID)
		return of->is.uuid && !strcmp(token->value, of->is.uuid);
	return token->kind == TOKEN_DISPVM_TAG && of->is.template_for_dispvms &&
	       entry_has_tag(of, token->value);
}

static bool fits_keyword(const struct policy_token *token, const struct domain_entry *source) {
	if (token->kind == TOKEN_DISPVM)
		return true;
	if (!source->disposable_template)
		return token->kind == TOKEN_DISPVM_NAME || token->kind == TOKEN_DISPVM_UUID;
	return fits_disposable(token, source->disposable_template);
}

static bool fits_target(const struct policy_token *token, const struct call *call) {
	if (token->kind == TOKEN_ALL)
		return true;
	switch (call->target) {
	case TARGET_ADMIN:
		return call->keyword ? token->kind == TOKEN_ADMIN
				     : fits_domain(token, call->domain);
	case TARGET_DOMAIN:
		return fits_domain(token, call->domain);
	case TARGET_DISPOSABLE:
		return token->kind == TOKEN_ANY || fits_disposable(token, call->domain);
	case TARGET_KEYWORD:
		return token->kind == TOKEN_ANY || fits_keyword(token, call->source);
	case TARGET_NONE:
	case TARGET_UNKNOWN:
		break;
	}
	return token->kind == TOKEN_ANY || token->kind == TOKEN_DEFAULT;
}

bool match_rule(const struct policy_rule *rule, const struct call *call, enum policy_miss *miss) {
	if (rule->service && strcmp(rule->service, call->service.s) != 0)
		*miss = MISS_SERVICE;
	else if (rule->argument && strcmp(rule->argument, call->argument.s) != 0)
		*miss = MISS_ARGUMENT;
	else if (!fits_domain(&rule->source, call->source))
		*miss = MISS_SOURCE;
	else if (!fits_target(&rule->target, call))
		*miss = MISS_TARGET;
	else
		return true;
	return false;
}
