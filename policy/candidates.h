/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The targets that a question offers (qrexec-protocol 3.7). */
#include "policy/match.h"

/*
 * Sorted by text; the caller frees *ret. 0, -ENOMEM, or POLICY_GHOST_TEMPLATE with *ghost = the
 * rule that names a disposable template that does not exist.
 */
MUST_USE int candidates_collect(const struct policy *policy, const struct policy_system *system,
	const struct call *call, struct policy_target **ret, size_t *ret_count,
	const struct policy_rule **ghost);
