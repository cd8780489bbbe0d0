/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a rule set, and its index. */
#include "policy/rules-inner.h"

#include "policy/system.h"

#include <errno.h>
#include <string.h>

static int grow(void **list, uint32_t *room, size_t each) {
	uint32_t more = *room ? *room * 2 : 16;
	void *fresh = realloc(*list, more * each);

	if (!fresh)
		return -ENOMEM;
	*list = fresh;
	*room = more;
	return 0;
}

static int name_token(struct policy *policy, struct policy_token *token) {
	if (*token->value == '\0')
		return 0;
	return symbols_add(
		&policy->symbols, &policy->arena, hashed_over(token->value), &token->symbol);
}

int policy_add_rule(struct policy *policy, const struct policy_rule *rule) {
	struct policy_rule r = *rule;
	int failed;

	if (policy->count >= POLICY_RULES_MAX)
		return -E2BIG;
	if (policy->count == policy->room &&
		grow((void **)&policy->rules, &policy->room, sizeof(r)))
		return -ENOMEM;
	failed = name_token(policy, &r.source);
	if (!failed)
		failed = name_token(policy, &r.target);
	if (!failed && r.redirects)
		failed = name_token(policy, &r.redirect);
	if (!failed && r.has_default_target)
		failed = name_token(policy, &r.default_target);
	if (failed)
		return failed;
	r.number = policy->count;
	policy->rules[policy->count++] = r;
	return 0;
}

/* The number of the pair of service and argument; 0 stands for "any" of each. */
static int index_call(struct policy *policy, const struct policy_rule *rule, uint32_t *ret) {
	uint32_t service = 0, argument = 0;
	int r = 0;

	if (rule->service)
		r = symbols_add(
			&policy->symbols, &policy->arena, hashed_over(rule->service), &service);
	if (!r && rule->argument)
		r = symbols_add(
			&policy->symbols, &policy->arena, hashed_over(rule->argument), &argument);
	if (r)
		return r;
	return keymap_add(
		&policy->calls, pair_key(service + 1, argument), policy->calls.used + 1, ret);
}

static int index_source(
	struct policy *policy, const struct policy_rule *rule, uint32_t call, uint32_t *ret) {
	uint64_t key = pair_key(call, token_key(rule->source.kind, rule->source.symbol));
	struct policy_bucket *bucket;
	int r;

	if (policy->bucket_count == policy->bucket_room) {
		uint32_t old = policy->bucket_room;

		r = grow((void **)&policy->buckets, &policy->bucket_room, sizeof(*bucket));
		if (r)
			return r;
		memset(policy->buckets + old, 0, (policy->bucket_room - old) * sizeof(*bucket));
	}
	r = keymap_add(&policy->sources, key, policy->bucket_count, ret);
	if (r)
		return r;
	if (*ret == policy->bucket_count)
		policy->bucket_count++;
	bucket = &policy->buckets[*ret];
	if (bucket->count == bucket->room &&
		grow((void **)&bucket->rules, &bucket->room, sizeof(uint32_t)))
		return -ENOMEM;
	bucket->rules[bucket->count++] = rule->number;
	return 0;
}

static bool is_disposable_name(const struct policy_token *token) {
	return token->kind == TOKEN_DISPVM_NAME || token->kind == TOKEN_DISPVM_UUID;
}

static int index_disposable(struct policy_bucket *bucket, uint32_t number) {
	if (bucket->disposable_count == bucket->disposable_room &&
		grow((void **)&bucket->disposables, &bucket->disposable_room, sizeof(number)))
		return -ENOMEM;
	bucket->disposables[bucket->disposable_count++] = number;
	return 0;
}

static int index_rule(struct policy *policy, const struct policy_rule *rule) {
	const struct policy_token *target = &rule->target;
	uint32_t call, bucket, first;
	int r = index_call(policy, rule, &call);

	if (!r)
		r = index_source(policy, rule, call, &bucket);
	/* Bucket numbers count from 0, keys must not be 0: the token's kind never is. */
	if (!r)
		r = keymap_add(&policy->targets,
			pair_key(bucket, token_key(target->kind, target->symbol)), rule->number,
			&first);
	if (!r && is_disposable_name(target))
		r = keymap_add(&policy->targets, pair_key(bucket, token_key(TOKEN_TRAP, 0)),
			rule->number, &first);
	if (!r && is_disposable_name(rule->redirects ? &rule->redirect : target))
		r = index_disposable(&policy->buckets[bucket], rule->number);
	return r;
}

int policy_index(struct policy *policy) {
	for (uint32_t i = 0; i < policy->count; i++) {
		int r = index_rule(policy, &policy->rules[i]);

		if (r)
			return r;
	}
	return 0;
}

struct policy *policy_ref(struct policy *policy) {
	if (policy)
		policy->refs++;
	return policy;
}

struct policy *policy_unref(struct policy *policy) {
	if (!policy || --policy->refs > 0)
		return NULL;
	for (uint32_t i = 0; i < policy->bucket_count; i++) {
		free(policy->buckets[i].rules);
		free(policy->buckets[i].disposables);
	}
	free(policy->buckets);
	keymap_deinit(&policy->calls);
	keymap_deinit(&policy->sources);
	keymap_deinit(&policy->targets);
	symbols_deinit(&policy->symbols);
	arena_deinit(&policy->arena);
	free(policy->rules);
	free(policy);
	return NULL;
}

void policy_unref_p(struct policy **policy) {
	*policy = policy_unref(*policy);
}

size_t policy_rule_count(const struct policy *policy) {
	return policy->count;
}

const struct policy_rule *policy_rule_at(const struct policy *policy, size_t i) {
	return i < policy->count ? &policy->rules[i] : NULL;
}

static bool token_names(const struct policy_token *token, const char *name, const char *uuid) {
	switch (token->kind) {
	case TOKEN_NAME:
	case TOKEN_DISPVM_NAME:
		return !strcmp(token->value, name);
	case TOKEN_UUID:
	case TOKEN_DISPVM_UUID:
		return uuid && !strcmp(token->value, uuid);
	case TOKEN_ADMIN:
		return !strcmp(name, POLICY_ADMIN_NAME);
	case TOKEN_ANY:
	case TOKEN_ALL:
	case TOKEN_DEFAULT:
	case TOKEN_TYPE:
	case TOKEN_TAG:
	case TOKEN_DISPVM:
	case TOKEN_DISPVM_TAG:
		break;
	}
	return false;
}

bool policy_rule_names(const struct policy_rule *rule, const char *name, const char *uuid) {
	return token_names(&rule->source, name, uuid) || token_names(&rule->target, name, uuid) ||
	       (rule->redirects && token_names(&rule->redirect, name, uuid)) ||
	       (rule->has_default_target && token_names(&rule->default_target, name, uuid));
}
