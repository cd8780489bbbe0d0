/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One call, one answer. policy_decide and policy_explain are the same evaluator; explain also
 * writes down every rule it passed over. Whatever goes wrong, the outcome is deny.
 */
#include "policy/rules.h"
#include "policy/system.h"

enum policy_outcome { POLICY_DENY = 0, POLICY_ALLOW, POLICY_ASK };

enum policy_reason {
	POLICY_BY_RULE = 0,          /* the rule says it */
	POLICY_NO_RULE,              /* no rule matches */
	POLICY_NO_POLICY,            /* there is no valid rule set */
	POLICY_BAD_TARGET,           /* request: the target is no name and no keyword of a caller */
	POLICY_BAD_TEMPLATE,         /* request: @dispvm:NAME of what is no disposable template */
	POLICY_UNKNOWN_SOURCE,       /* request */
	POLICY_BAD_CALL,             /* request: the service or argument is none */
	POLICY_BAD_REQUESTED_SOURCE, /* request: it does not relay for that source */
	POLICY_NO_TARGET,         /* allow, but neither caller nor rule name a domain that exists */
	POLICY_NO_DISPOSABLE,     /* the caller has no (existing) default disposable template */
	POLICY_REDIRECT_TEMPLATE, /* target=@dispvm:NAME of what is no disposable template */
	POLICY_NOT_RUNNING,       /* autostart=no */
	POLICY_NOTHING_TO_ASK,    /* ask, but no target is left to choose from */
	POLICY_GHOST_TEMPLATE, /* a rule that matters names a disposable template that is not there
				*/
	POLICY_LOOPBACK,       /* by the rules allowed: the target is the caller */
	POLICY_NO_RELAY,       /* by the rules allowed: a RemoteVM without relay or transport */
	POLICY_NOT_OFFERED,    /* answer to a question: not among its targets */
	POLICY_INTERNAL,       /* our index and our matcher disagree: never */
};

enum policy_target_kind {
	TARGET_NONE, /* @default */
	TARGET_ADMIN,
	TARGET_DOMAIN,
	TARGET_DISPOSABLE, /* a fresh disposable of the domain */
	TARGET_KEYWORD,    /* @dispvm */
	TARGET_UNKNOWN,    /* ask target= of a name that does not exist */
};

struct policy_target {
	enum policy_target_kind kind;
	const struct policy_domain *domain; /* NULL for NONE, KEYWORD, UNKNOWN */
	const char *text;                   /* as people and the wire name it */
};

struct policy_request {
	const char *source; /* name or uuid:..., known from the channel */
	const char *target; /* as asked for; "" is @default */
	const char *service;
	const char *argument;         /* begins with '+' */
	const char *requested_source; /* NULL or "": none */
};

#define POLICY_TEXT_MAX 64

struct policy_decision {
	enum policy_outcome outcome;  /* what happens */
	enum policy_outcome by_rules; /* allow where only LOOPBACK or NO_RELAY make it a deny */
	enum policy_reason reason;
	const struct policy_rule *rule; /* the deciding one; NULL: none */
	bool notify, autostart;
	const char *user;                       /* NULL: default */
	char requested_target[POLICY_TEXT_MAX]; /* "" if the request was bad */
	const struct policy_domain *source;     /* whom the rules saw; NULL: unknown */
	struct policy_target target;            /* allow */
	struct policy_target *targets;          /* ask: sorted by text */
	size_t target_count;
	int default_target;                    /* ask: its place in targets, or -1 */
	bool default_dropped;                  /* ask: default_target= is not among the targets */
	const struct policy_rule *passes_deny; /* redirect: a direct call would have met this */
};

/* A rule before the deciding one, and what of it did not fit. */
enum policy_miss { MISS_SERVICE, MISS_ARGUMENT, MISS_SOURCE, MISS_TARGET };

struct policy_passed {
	const struct policy_rule *rule;
	enum policy_miss miss;
};

struct policy_trace {
	struct policy_passed *passed;
	size_t count;
};

/* The service whose rules decide about a call of this one, with the same argument: itself, but for
 * a service that does only what a call of the other would do, too. Put it into the request: rules
 * that name such a service are never looked at. */
const char *policy_decided_as(const char *service);

/* 0 or -ENOMEM; *ret is a deny then, too. policy may be NULL (no valid one): deny. The decision
 * points into policy and system. */
MUST_USE int policy_decide(const struct policy *policy, const struct policy_system *system,
	const struct policy_request *request, struct policy_decision *ret);
MUST_USE int policy_explain(const struct policy *policy, const struct policy_system *system,
	const struct policy_request *request, struct policy_trace *ret_trace,
	struct policy_decision *ret);

/* What follows when the person allows `chosen` (a text among the targets) of an ask. */
void policy_answer(const struct policy_system *system, const struct policy_decision *ask,
	const char *chosen, struct policy_decision *ret);

void policy_decision_deinit(struct policy_decision *decision);
void policy_trace_deinit(struct policy_trace *trace);
