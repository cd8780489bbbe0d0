/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The inside of a rule set and the parts that build it. */
#include "policy/rules.h"
#include "policy/symbols.h"

/* Rules that share service, argument and source; numbers rise. */
struct policy_bucket {
	uint32_t *rules;
	uint32_t count, room;
	uint32_t *disposables; /* those whose target (or target=) is @dispvm:NAME */
	uint32_t disposable_count, disposable_room;
};

struct policy {
	int refs;
	struct arena arena;
	struct symbols symbols;
	struct policy_rule *rules;
	uint32_t count, room;
	/* The index (docs/decisions/policy-index.md). */
	struct keymap calls;   /* service, argument -> number of the pair */
	struct keymap sources; /* pair, source token -> bucket */
	struct keymap targets; /* bucket, target token -> first rule */
	struct policy_bucket *buckets;
	uint32_t bucket_count, bucket_room;
};

#define POLICY_RULES_MAX 200000u

/* Beside the kinds of tokens: "any @dispvm:NAME", for callers that have no default disposable. */
#define TOKEN_TRAP       15

static inline uint32_t token_key(unsigned kind, uint32_t symbol) {
	return (uint32_t)kind << 24 | symbol;
}

static inline uint64_t pair_key(uint32_t high, uint32_t low) {
	return (uint64_t)high << 32 | low;
}

/* Where a token may stand. */
enum token_place { PLACE_SOURCE = 1, PLACE_TARGET = 2, PLACE_REDIRECT = 4, PLACE_REQUEST = 8 };

enum {
	TOKEN_E_EMPTY = 1,
	TOKEN_E_SUFFIX,  /* a prefix with nothing behind it */
	TOKEN_E_UNKNOWN, /* no such @word */
	TOKEN_E_PLACE,   /* a token, but not here */
};

/* Reads one NUL-terminated word; text and value of *ret point into it, symbol is 0. */
MUST_USE int token_parse(const char *word, enum token_place place, struct policy_token *ret);
const char *token_error(int answer);

/* Takes over *rule (texts stay the caller's: they are in the arena). 0 or -errno. */
MUST_USE int policy_add_rule(struct policy *policy, const struct policy_rule *rule);
MUST_USE int policy_index(struct policy *policy);
