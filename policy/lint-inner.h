/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include "policy/lint.h"
#include "policy/match.h"

struct lint {
	const struct policy *policy;
	const struct policy_system *system;
	bool real;
	struct policy_findings *findings;
	int error;
	bool *dead; /* by rule: shadowed or never fitting */
};

void lint_say(struct lint *lint, enum policy_finding_kind kind, const struct policy_rule *rule,
	const struct policy_rule *other, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Needs no domains: shadowed and never fitting rules. */
void lint_texts(struct lint *lint, const struct policy_rule *rule);
/* Tries the rule on the domains. */
void lint_on_domains(struct lint *lint, const struct policy_rule *rule);
void lint_reach(struct lint *lint);
