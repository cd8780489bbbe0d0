/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Answers that hold for a while: 15 minutes, or until the session ends. A lease answers a question
 * and nothing else: the rules are asked first each time, so a deny that is written later wins, and
 * the lease is void when the rule that asked has changed, when its choice is not offered any more,
 * or when one of its domains is another than then (bug class E12). Time comes from the caller.
 */
#include "policy/decide.h"

struct policy_lease {
	uint64_t id;
	const char *source, *service, *argument, *requested_target, *chosen;
	const char *rule; /* the text of the rule that asked */
	int64_t until;    /* POLICY_LEASE_SESSION, or the caller's clock */
};

#define POLICY_LEASE_SESSION INT64_MAX
#define POLICY_LEASE_QUARTER (15 * 60 * INT64_C(1000000)) /* of a clock in microseconds */
#define POLICY_LEASES_EACH   64                           /* of one source domain */

struct policy_leases;

struct policy_leases *policy_leases_new(void);
struct policy_leases *policy_leases_free(struct policy_leases *leases);

enum {
	POLICY_LEASES_E_FULL = 1,    /* the source has POLICY_LEASES_EACH already */
	POLICY_LEASES_E_NOT_OFFERED, /* `chosen` is not among the targets of the question */
};

/* Takes the place of an older lease for the same call. 0, an answer above, or -ENOMEM. */
MUST_USE int policy_leases_add(struct policy_leases *leases, const struct policy_request *request,
	const struct policy_decision *ask, const char *chosen, int64_t until, uint64_t *ret_id);

/* What the person chose for this very question, or NULL: ask. Void leases are dropped. */
const char *policy_leases_find(struct policy_leases *leases, const struct policy_request *request,
	const struct policy_decision *ask, int64_t now);

/* False if there is no such lease (any more). */
bool policy_leases_revoke(struct policy_leases *leases, uint64_t id);

/* A domain has gone: drops every lease from or to it. Returns how many. */
size_t policy_leases_forget(struct policy_leases *leases, const char *domain);

/* Those that hold, oldest first; ret has room for `room`. Returns how many there are. */
size_t policy_leases_list(
	struct policy_leases *leases, int64_t now, struct policy_lease *ret, size_t room);

/* When the next one ends; POLICY_LEASE_SESSION if none does by itself. */
int64_t policy_leases_next(const struct policy_leases *leases);
