/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What is probably not meant so in a valid rule set. Judges, never changes. */
#include "policy/rules.h"
#include "policy/system.h"

enum policy_finding_kind {
	LINT_SHADOWED,         /* an earlier rule fits whatever this one fits */
	LINT_UNREACHABLE,      /* none of the domains there are ever gets to it */
	LINT_NEVER,            /* it can fit no call at all */
	LINT_UNKNOWN_DOMAIN,   /* it names a domain that does not exist */
	LINT_PASSES_DENY,      /* its target= leads past a deny */
	LINT_DEFAULT_OUTSIDE,  /* its default_target= is not among the targets */
	LINT_REDIRECT_NOWHERE, /* its target= can only end in a deny */
	LINT_DISPOSABLE_GAP,   /* denies @dispvm, yet the same template by name is not denied */
	LINT_REMOTE_REDIRECT, /* target= a RemoteVM: the relay is told the target that was asked for
			       */
	LINT_KINDS
};

struct policy_finding {
	enum policy_finding_kind kind;
	const struct policy_rule *rule;
	const struct policy_rule *other; /* the shadowing rule, the passed deny; or NULL */
	char *words;
};

struct policy_findings {
	struct policy_finding *list;
	size_t count;
	bool incomplete; /* too many rules and domains to try them all for LINT_UNREACHABLE */
};

/* real: system is the picture of the domains that exist, not one made up from the rules. Findings
 * come sorted by rule. 0 or -ENOMEM. */
MUST_USE int policy_lint(const struct policy *policy, const struct policy_system *system, bool real,
	struct policy_findings *ret);
void policy_findings_deinit(struct policy_findings *findings);

const char *policy_finding_name(enum policy_finding_kind kind);
