/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A second evaluator for tests only: straight from docs/policy-language.md, rule by rule, on texts
 * with sets of texts, sharing nothing with the library but the parsed rules and the domain records.
 */
#include "policy/rules.h"
#include "policy/system.h"

#include <glib.h>

struct naive {
	const char *outcome;  /* allow, deny, ask, or a kind of request error */
	gint64 rule;          /* number of the first rule that fits; -1: none */
	char *target;         /* allow */
	GPtrArray *targets;   /* ask, sorted */
	char *default_target; /* ask; or NULL */
};

struct naive naive_decide(const struct policy *policy, const struct policy_system *system,
	const char *source, const char *target, const char *service, const char *argument);
void naive_deinit(struct naive *naive);
