/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A checked call, and which rules fit it: by the index, and rule by rule. */
#include "policy/decide.h"
#include "policy/rules-inner.h"
#include "policy/system-inner.h"

struct call {
	struct hashed service, argument;
	const struct domain_entry *source;
	enum policy_target_kind target; /* NONE, ADMIN, DOMAIN, DISPOSABLE, KEYWORD */
	const struct domain_entry *domain;
	bool keyword; /* ADMIN written as @adminvm: it has neither tags nor class */
};

#define NO_RULE UINT32_MAX

/* The first rule that fits; *trapped if it is one with @dispvm:NAME that is only reached because
 * the caller of @dispvm has no default disposable template. */
uint32_t match_first(const struct policy *policy, const struct call *call, bool *trapped);

/* The buckets whose rules fit service, argument and source. Returns how many; at most
 * MATCH_BUCKETS_MAX. */
#define MATCH_TOKENS_MAX  (POLICY_TAGS_MAX + 8)
#define MATCH_BUCKETS_MAX (3 * MATCH_TOKENS_MAX)
size_t match_buckets(const struct policy *policy, const struct call *call, uint32_t *ret);

/* match_first for one of many targets, with the buckets at hand. */
uint32_t match_in(const struct policy *policy, const struct call *call, const uint32_t *buckets,
	size_t count, bool *trapped);

/* One rule against the call, without the index: true if it fits or traps, else *miss says why. */
bool match_rule(const struct policy_rule *rule, const struct call *call, enum policy_miss *miss);
