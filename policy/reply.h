/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A decision in words for people, and in the lines that programs of other makers expect. */
#include "policy/decide.h"

/* The lines of policy.sock (qrexec-protocol 3.10), separated by '\n' without a last one. Only for
 * an allow; 0, or 1 if there is none or it does not fit. */
MUST_USE int policy_reply(const struct policy_system *system, const struct policy_request *request,
	const struct policy_decision *decision, char *ret, size_t size);

/* The service that the relay of a RemoteVM is called with: TRANSPORT+TARGET+SERVICE+ARGUMENT. 0, or
 * 1 if the target is no RemoteVM or it does not fit. *ret_relay is the domain to call. */
MUST_USE int policy_relay_call(const struct policy_system *system,
	const struct policy_request *request, const struct policy_decision *decision,
	const struct policy_domain **ret_relay, char *ret, size_t size);

/* One English sentence: why it came out so. Never holds a byte that the caller chose. */
const char *policy_reason_words(enum policy_reason reason);
const char *policy_outcome_word(enum policy_outcome outcome);

/* deny, allow, ask; request-syntax-error, request-denied, request-error; policy-syntax-error. What
 * the rules say: a call that only the answer's building refuses is "allow" here. */
const char *policy_decision_word(const struct policy_decision *decision);
const char *policy_miss_words(enum policy_miss miss);

/* A bad request: another kind of deny, with its own exit code. */
bool policy_reason_is_request(enum policy_reason reason);
