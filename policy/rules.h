/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * An immutable rule set and how it is made from text. docs/policy-language.md has the language.
 * The library opens nothing: who holds the texts hands them over through a policy_reader.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_token_kind {
	TOKEN_NAME = 1,
	TOKEN_UUID,
	TOKEN_ADMIN, /* dom0, @adminvm and the uuid of zeros */
	TOKEN_ANY,
	TOKEN_ALL,
	TOKEN_DEFAULT,
	TOKEN_TYPE,
	TOKEN_TAG,
	TOKEN_DISPVM,
	TOKEN_DISPVM_NAME,
	TOKEN_DISPVM_UUID,
	TOKEN_DISPVM_TAG,
};

struct policy_token {
	enum policy_token_kind kind;
	uint32_t symbol;   /* of value, in the rule set; 0 if the kind has none */
	const char *text;  /* as written */
	const char *value; /* what follows the prefix; "" if nothing does */
};

enum policy_action { POLICY_ACTION_DENY, POLICY_ACTION_ALLOW, POLICY_ACTION_ASK };

struct policy_rule {
	uint32_t number;                /* place in the rule set, from 0 */
	const char *file;               /* the path as it was read */
	uint32_t line;                  /* 0: not written, !compat-4.0 adds it after `file` */
	const char *text;               /* the line as written, without white space at its ends */
	const char *service, *argument; /* NULL: any; an argument begins with '+' */
	struct policy_token source, target;
	enum policy_action action;
	bool redirects, has_default_target;
	struct policy_token redirect, default_target; /* target=, default_target= */
	bool notify, autostart;
	const char *user; /* NULL: the target's default user */
};

struct policy_error {
	char *file;
	uint32_t line, column; /* from 1; 0: the file as a whole */
	char *text;            /* the line */
	char *words;
};

struct policy_errors {
	struct policy_error *list;
	size_t count;
	size_t more; /* beyond POLICY_ERRORS_MAX, not kept */
};

#define POLICY_ERRORS_MAX 100

void policy_errors_deinit(struct policy_errors *errors);

struct policy_text {
	const char *at; /* stays valid until the parse is over */
	size_t size;
};

/*
 * Where texts come from. Both answer 0 or -errno. `list` gives the names of the regular files of a
 * folder (and of links that lead nowhere), in any order, without "." and "..".
 */
struct policy_reader {
	void *ctx;
	int (*read)(void *ctx, const char *path, struct policy_text *ret);
	int (*list)(void *ctx, const char *folder, const char *const **ret, size_t *ret_count);
};

struct policy_places {
	const char *const *folders; /* of two files with one name the earlier folder's counts */
	size_t folder_count;
	const char *compat; /* what !compat-4.0 reads; NULL: the directive is an error */
};

struct policy;

#define POLICY_E_BROKEN 1 /* the text is no policy: errors say why */

/* 0, POLICY_E_BROKEN, or -errno. *errors must be empty before; the caller deinits it. */
MUST_USE int policy_parse(const struct policy_places *places, const struct policy_reader *reader,
	struct policy **ret, struct policy_errors *errors);

/* Whoever keeps a decision keeps the rule set it points into. Freed with its last reference. */
struct policy *policy_ref(struct policy *policy);
struct policy *policy_unref(struct policy *policy);
void policy_unref_p(struct policy **policy);

size_t policy_rule_count(const struct policy *policy);
const struct policy_rule *policy_rule_at(const struct policy *policy, size_t i);

/* Does the rule name this domain (not by tag or type)? uuid may be NULL. Who removes or creates a
 * domain asks this for each rule (bug class E12). */
bool policy_rule_names(const struct policy_rule *rule, const char *name, const char *uuid);
