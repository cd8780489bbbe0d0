/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Parts of the evaluator that lint and the flow graph use: one meaning everywhere. */
#include "policy/match.h"

/* What d->rule makes of the call; d is otherwise blank but for source. 0 or -ENOMEM. */
MUST_USE int decide_by_rule(const struct policy *policy, const struct policy_system *system,
	const struct call *call, const struct policy_rule *rule, struct policy_decision *ret);

/* The call, made to the token instead. */
struct call call_to(
	const struct policy_system *system, struct call call, const struct policy_token *token);
