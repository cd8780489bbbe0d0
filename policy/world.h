/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A made-up picture of domains for looking at a rule set where the real one is not at hand: each
 * domain that a rule names, one for each tag and class, and one that no rule names.
 */
#include "policy/rules.h"
#include "policy/system.h"

/* names: further domains that must exist (ones that are no domain names are left out). */
MUST_USE int policy_world_new(const struct policy *policy, const char *const *names,
	size_t name_count, struct policy_system **ret);

/* The real picture and, for each disposable template, one disposable of it that can itself call.
 * ret_of[i] is the template's number for such a domain, else SIZE_MAX; the caller frees it. */
MUST_USE int policy_world_with_disposables(
	const struct policy_system *system, struct policy_system **ret, size_t **ret_of);
