/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words and lines for a decision. Decides nothing. */
#include "policy/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *at;
	size_t left;
	bool bad;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct text *text, const char *format, ...) {
	va_list args;
	int n;

	va_start(args, format);
	n = text->bad ? -1 : vsnprintf(text->at, text->left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= text->left) {
		text->bad = true;
		return;
	}
	text->at += n;
	text->left -= (size_t)n;
}

static bool is_remote(const struct policy_decision *decision) {
	return decision->target.kind == TARGET_DOMAIN &&
	       !strcmp(decision->target.domain->type, "RemoteVM");
}

int policy_relay_call(const struct policy_system *system, const struct policy_request *request,
	const struct policy_decision *decision, const struct policy_domain **ret_relay, char *ret,
	size_t size) {
	struct text text = {ret, size, false};
	const struct policy_domain *relay;

	if (decision->outcome != POLICY_ALLOW || !is_remote(decision))
		return 1;
	relay = policy_system_find(system, decision->target.domain->relayvm);
	if (!relay)
		return 1;
	put(&text, "%s+%s+%s%s", decision->target.domain->transport_rpc, decision->requested_target,
		request->service, request->argument);
	if (text.bad)
		return 1;
	*ret_relay = relay;
	return 0;
}

static void put_target(struct text *text, const struct policy_decision *decision,
	const struct policy_domain *relay) {
	const struct policy_target *target = &decision->target;

	if (target->kind == TARGET_ADMIN)
		put(text, "target=%s\n", POLICY_ADMIN_NAME);
	else if (target->kind == TARGET_DISPOSABLE)
		put(text, "target=%s\ntarget_uuid=@dispvm:uuid:%s\n", target->text,
			target->domain->uuid ? target->domain->uuid : "");
	else if (relay)
		put(text, "target=%s\ntarget_uuid=uuid:%s\n", relay->name,
			relay->uuid ? relay->uuid : "");
	else
		put(text, "target=%s\ntarget_uuid=uuid:%s\n", target->text,
			target->domain->uuid ? target->domain->uuid : "");
}

int policy_reply(const struct policy_system *system, const struct policy_request *request,
	const struct policy_decision *decision, char *ret, size_t size) {
	struct text text = {ret, size, false};
	const struct policy_domain *relay = NULL;
	char service[4096];

	if (decision->outcome != POLICY_ALLOW)
		return 1;
	if (is_remote(decision) &&
		policy_relay_call(system, request, decision, &relay, service, sizeof(service)))
		return 1;
	put(&text, "user=%s\nresult=allow\n",
		decision->user && !relay ? decision->user : "DEFAULT");
	put_target(&text, decision, relay);
	put(&text, "autostart=%s\nrequested_target=%s", decision->autostart ? "True" : "False",
		decision->requested_target);
	if (relay)
		put(&text, "\nservice=%s", service);
	if (request->requested_source && *request->requested_source &&
		decision->target.kind != TARGET_ADMIN)
		put(&text, "\npolicy_source=%s", decision->source->name);
	return text.bad;
}

bool policy_reason_is_request(enum policy_reason reason) {
	return reason == POLICY_BAD_TARGET || reason == POLICY_BAD_TEMPLATE ||
	       reason == POLICY_UNKNOWN_SOURCE || reason == POLICY_BAD_CALL ||
	       reason == POLICY_BAD_REQUESTED_SOURCE;
}

const char *policy_outcome_word(enum policy_outcome outcome) {
	static const char *const words[] = {"deny", "allow", "ask"};

	return words[outcome];
}

const char *policy_decision_word(const struct policy_decision *decision) {
	if (decision->reason == POLICY_NO_POLICY)
		return "policy-syntax-error";
	if (decision->reason == POLICY_BAD_TARGET)
		return "request-syntax-error";
	if (decision->reason == POLICY_BAD_TEMPLATE)
		return "request-denied";
	if (policy_reason_is_request(decision->reason))
		return "request-error";
	return policy_outcome_word(decision->by_rules);
}

const char *policy_miss_words(enum policy_miss miss) {
	static const char *const words[] = {"it is for another service",
		"it is for another argument", "it is for another source",
		"it is for another target"};

	return words[miss];
}

const char *policy_reason_words(enum policy_reason reason) {
	static const char *const words[] = {
		[POLICY_BY_RULE] = "the rule says so",
		[POLICY_NO_RULE] = "no rule fits, and what no rule allows is denied",
		[POLICY_NO_POLICY] = "there is no valid policy, so everything is denied",
		[POLICY_BAD_TARGET] =
			"the target is neither a name nor a word that a caller may use "
			"(@default @adminvm @dispvm @dispvm:NAME)",
		[POLICY_BAD_TEMPLATE] =
			"the target is a disposable of a domain that does not exist "
			"or is no disposable template",
		[POLICY_UNKNOWN_SOURCE] = "there is no source domain of that name",
		[POLICY_BAD_CALL] =
			"the service or its argument holds a character that cannot be in "
			"one, or the service is empty",
		[POLICY_BAD_REQUESTED_SOURCE] = "the requested source is not a RemoteVM that this "
						"domain relays for",
		[POLICY_NO_TARGET] =
			"the rule allows, but neither it nor the caller names a target "
			"that exists",
		[POLICY_NO_DISPOSABLE] =
			"the caller has no default disposable template that exists",
		[POLICY_REDIRECT_TEMPLATE] = "the rule's target= is a disposable of a domain that "
					     "does not exist or is no disposable template",
		[POLICY_NOT_RUNNING] = "the rule says autostart=no and the target is not running",
		[POLICY_NOTHING_TO_ASK] = "the rule says ask, but no target is left to choose from",
		[POLICY_GHOST_TEMPLATE] = "a rule for this call names a disposable template that "
					  "does not exist",
		[POLICY_LOOPBACK] = "the rules allow it, but a domain cannot call itself",
		[POLICY_NO_RELAY] = "the rules allow it, but the remote domain has no relay or no "
				    "transport service",
		[POLICY_NOT_OFFERED] = "the answer is not among the targets that were offered",
		[POLICY_INTERNAL] = "the decision could not be made",
	};

	return words[reason];
}
