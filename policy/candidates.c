/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every rule that fits service, argument and source adds (allow, ask) or takes away (deny) what its
 * target stands for; an earlier rule overrides a later one. So the walk goes forward and the first
 * rule that speaks of a place decides it. Places are what people can choose: a domain, a fresh
 * disposable of a domain, the keyword @dispvm.
 */
#include "policy/candidates.h"

#include <errno.h>
#include <string.h>

enum { UNDECIDED = 0, OFFERED = 1, DENIED = 2 };

struct verdict {
	uint32_t rule;
	uint8_t is;
};

struct walk {
	const struct policy_system *system;
	struct verdict *domains, *disposables, keyword;
	const struct policy_rule *rule;
	size_t undecided; /* places but for the admin domain, which @anyvm leaves alone */
};

static struct verdict *admin_place(struct walk *walk) {
	return &walk->domains[walk->system->admin->number];
}

static void say(struct walk *walk, struct verdict *place) {
	if (place->is != UNDECIDED)
		return;
	place->rule = walk->rule->number;
	place->is = walk->rule->action == POLICY_ACTION_DENY ? DENIED : OFFERED;
	if (place != admin_place(walk))
		walk->undecided--;
}

static void say_disposable(struct walk *walk, const struct domain_entry *of) {
	if (of->is.template_for_dispvms)
		say(walk, &walk->disposables[of->number]);
}

static void say_all(struct walk *walk, bool admin) {
	if (admin)
		say(walk, admin_place(walk));
	for (size_t i = 0; walk->undecided > 0 && i < walk->system->count; i++) {
		const struct domain_entry *entry = &walk->system->domains[i];

		if (!entry->admin)
			say(walk, &walk->domains[i]);
		say_disposable(walk, entry);
	}
	say(walk, &walk->keyword);
}

static bool has(const struct policy_token *token, const struct domain_entry *entry) {
	return token->kind == TOKEN_TYPE ? !strcmp(entry->is.type, token->value)
					 : entry_has_tag(entry, token->value);
}

static void say_some(struct walk *walk, const struct policy_token *token) {
	if (token->kind != TOKEN_DISPVM_TAG && has(token, walk->system->admin))
		say(walk, admin_place(walk));
	for (size_t i = 0; walk->undecided > 0 && i < walk->system->count; i++) {
		const struct domain_entry *entry = &walk->system->domains[i];

		if (!has(token, entry))
			continue;
		if (token->kind == TOKEN_DISPVM_TAG)
			say_disposable(walk, entry);
		else
			say(walk, &walk->domains[i]);
	}
}

static const struct domain_entry *named(const struct walk *walk, const struct policy_token *token) {
	/* The part that a system knows a domain by: "uuid:..." keeps its prefix. */
	const char *text = token->kind == TOKEN_UUID          ? token->text
			   : token->kind == TOKEN_DISPVM_UUID ? token->value - strlen("uuid:")
							      : token->value;

	return system_entry(walk->system, text);
}

static void expand(struct walk *walk, const struct policy_token *token) {
	const struct domain_entry *entry;

	switch (token->kind) {
	case TOKEN_ALL:
	case TOKEN_ANY:
		say_all(walk, token->kind == TOKEN_ALL);
		break;
	case TOKEN_ADMIN:
		say(walk, admin_place(walk));
		break;
	case TOKEN_NAME:
	case TOKEN_UUID:
		entry = walk->undecided > 0 ? named(walk, token) : NULL;
		if (entry)
			say(walk, &walk->domains[entry->number]);
		break;
	case TOKEN_TYPE:
	case TOKEN_TAG:
	case TOKEN_DISPVM_TAG:
		say_some(walk, token);
		break;
	case TOKEN_DISPVM:
		say(walk, &walk->keyword);
		break;
	case TOKEN_DISPVM_NAME:
	case TOKEN_DISPVM_UUID:
		entry = walk->undecided > 0 ? named(walk, token) : NULL;
		if (entry)
			say_disposable(walk, entry);
		break;
	case TOKEN_DEFAULT:
		break;
	}
}

static const struct policy_token *effect_of(const struct policy_rule *rule) {
	return rule->redirects ? &rule->redirect : &rule->target;
}

/* The first rule that fits and names a disposable template that does not exist. */
static const struct policy_rule *find_ghost(const struct walk *walk, const struct policy *policy,
	const uint32_t *buckets, size_t count) {
	uint32_t first = NO_RULE;

	for (size_t i = 0; i < count; i++) {
		const struct policy_bucket *bucket = &policy->buckets[buckets[i]];

		for (uint32_t j = 0; j < bucket->disposable_count; j++) {
			uint32_t rule = bucket->disposables[j];

			if (rule < first && !named(walk, effect_of(&policy->rules[rule])))
				first = rule;
		}
	}
	return first == NO_RULE ? NULL : &policy->rules[first];
}

/* The next rule of all buckets, in order: `at` is where each bucket stands. */
static const struct policy_rule *next_rule(
	const struct policy *policy, const uint32_t *buckets, uint32_t *at, size_t count) {
	uint32_t first = NO_RULE;
	size_t from = 0;

	for (size_t i = 0; i < count; i++) {
		const struct policy_bucket *bucket = &policy->buckets[buckets[i]];

		if (at[i] < bucket->count && bucket->rules[at[i]] < first) {
			first = bucket->rules[at[i]];
			from = i;
		}
	}
	if (first == NO_RULE)
		return NULL;
	at[from]++;
	return &policy->rules[first];
}

static int walk_rules(struct walk *walk, const struct policy *policy, const struct call *call,
	const struct policy_rule **ghost) {
	uint32_t buckets[MATCH_BUCKETS_MAX], at[MATCH_BUCKETS_MAX] = {0};
	size_t count = match_buckets(policy, call, buckets);

	*ghost = find_ghost(walk, policy, buckets, count);
	if (*ghost)
		return POLICY_GHOST_TEMPLATE;
	while (walk->undecided > 0 || admin_place(walk)->is == UNDECIDED) {
		walk->rule = next_rule(policy, buckets, at, count);
		if (!walk->rule)
			break;
		expand(walk, effect_of(walk->rule));
	}
	return 0;
}

/* @dispvm stands for the caller's default template, unless a rule before the one that offers it
 * denies a disposable of that template. */
static void expand_keyword(struct walk *walk, const struct domain_entry *of) {
	struct verdict *place = of ? &walk->disposables[of->number] : NULL;

	if (!place || walk->keyword.is != OFFERED)
		return;
	if (place->is == DENIED && place->rule < walk->keyword.rule)
		return;
	*place = walk->keyword;
}

static int by_text(const void *a, const void *b) {
	return strcmp(
		((const struct policy_target *)a)->text, ((const struct policy_target *)b)->text);
}

static size_t gather(const struct walk *walk, const struct call *call, struct policy_target *list) {
	size_t count = 0;

	for (size_t i = 0; i < walk->system->count; i++) {
		const struct domain_entry *entry = &walk->system->domains[i];

		if (entry->is.internal)
			continue;
		if (walk->domains[i].is == OFFERED && entry != call->source)
			list[count++] = (struct policy_target){
				entry->admin ? TARGET_ADMIN : TARGET_DOMAIN, &entry->is,
				entry->is.name};
		if (walk->disposables[i].is == OFFERED)
			list[count++] = (struct policy_target){
				TARGET_DISPOSABLE, &entry->is, entry->disposable};
	}
	qsort(list, count, sizeof(*list), by_text);
	return count;
}

int candidates_collect(const struct policy *policy, const struct policy_system *system,
	const struct call *call, struct policy_target **ret, size_t *ret_count,
	const struct policy_rule **ghost) {
	AUTO(auto_free) struct verdict *verdicts = calloc(2 * system->count, sizeof(*verdicts));
	/* The keyword and every domain but the admin's; below, the disposables. */
	struct walk walk = {.system = system, .undecided = system->count};
	struct policy_target *list = calloc(2 * system->count + 1, sizeof(*list));
	int r;

	if (!verdicts || !list) {
		free(list);
		return -ENOMEM;
	}
	walk.domains = verdicts;
	walk.disposables = verdicts + system->count;
	for (size_t i = 0; i < system->count; i++)
		walk.undecided += system->domains[i].is.template_for_dispvms;
	r = walk_rules(&walk, policy, call, ghost);
	if (r) {
		free(list);
		return r;
	}
	expand_keyword(&walk, call->source->disposable_template);
	*ret_count = gather(&walk, call, list);
	*ret = list;
	return 0;
}
