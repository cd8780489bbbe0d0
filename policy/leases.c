/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short list: at most POLICY_LEASES_EACH for each domain, looked through from front to back. */
#include "policy/leases.h"

#include <errno.h>
#include <string.h>

struct held {
	struct policy_lease is;
	char *source_uuid, *chosen_uuid; /* NULL: the domain had none */
	char *chosen_domain;             /* NULL: the choice is no domain (@dispvm) */
};

struct policy_leases {
	struct held *list;
	size_t count;
	uint64_t last_id;
};

struct policy_leases *policy_leases_new(void) {
	return calloc(1, sizeof(struct policy_leases));
}

static void held_deinit(struct held *h) {
	free((char *)h->is.source);
	free((char *)h->is.service);
	free((char *)h->is.argument);
	free((char *)h->is.requested_target);
	free((char *)h->is.chosen);
	free((char *)h->is.rule);
	free(h->source_uuid);
	free(h->chosen_uuid);
	free(h->chosen_domain);
}

struct policy_leases *policy_leases_free(struct policy_leases *leases) {
	if (!leases)
		return NULL;
	for (size_t i = 0; i < leases->count; i++)
		held_deinit(&leases->list[i]);
	free(leases->list);
	free(leases);
	return NULL;
}

static void drop(struct policy_leases *leases, size_t i) {
	held_deinit(&leases->list[i]);
	leases->count--;
	memmove(&leases->list[i], &leases->list[i + 1],
		(leases->count - i) * sizeof(*leases->list));
}

static void drop_over(struct policy_leases *leases, int64_t now) {
	for (size_t i = leases->count; i-- > 0;)
		if (leases->list[i].is.until <= now)
			drop(leases, i);
}

static bool same_text(const char *a, const char *b) {
	return a && b ? !strcmp(a, b) : a == b;
}

static bool is_for(const struct held *h, const struct policy_request *request,
	const struct policy_decision *ask) {
	return !strcmp(h->is.source, ask->source->name) &&
	       !strcmp(h->is.service, request->service) &&
	       !strcmp(h->is.argument, request->argument) &&
	       !strcmp(h->is.requested_target, ask->requested_target);
}

static const struct policy_target *find_target(
	const struct policy_decision *ask, const char *text) {
	for (size_t i = 0; i < ask->target_count; i++)
		if (!strcmp(ask->targets[i].text, text))
			return &ask->targets[i];
	return NULL;
}

static bool still_holds(const struct held *h, const struct policy_decision *ask) {
	const struct policy_target *target = find_target(ask, h->is.chosen);

	return target && same_text(h->is.rule, ask->rule->text) &&
	       same_text(h->source_uuid, ask->source->uuid) &&
	       same_text(h->chosen_domain, target->domain ? target->domain->name : NULL) &&
	       same_text(h->chosen_uuid, target->domain ? target->domain->uuid : NULL);
}

static char *copy(const char *text, bool *failed) {
	char *fresh = text ? strdup(text) : NULL;

	if (text && !fresh)
		*failed = true;
	return fresh;
}

static int held_init(struct held *h, const struct policy_request *request,
	const struct policy_decision *ask, const struct policy_target *target) {
	bool failed = false;

	*h = (struct held){
		.is = {.source = copy(ask->source->name, &failed),
			.service = copy(request->service, &failed),
			.argument = copy(request->argument, &failed),
			.requested_target = copy(ask->requested_target, &failed),
			.chosen = copy(target->text, &failed),
			.rule = copy(ask->rule->text, &failed)},
		.source_uuid = copy(ask->source->uuid, &failed),
		.chosen_uuid = copy(target->domain ? target->domain->uuid : NULL, &failed),
		.chosen_domain = copy(target->domain ? target->domain->name : NULL, &failed),
	};
	if (failed)
		held_deinit(h);
	return failed ? -ENOMEM : 0;
}

/* Drops an older lease for the same call; true if there is room for one more then. */
static bool make_room(struct policy_leases *leases, const struct policy_request *request,
	const struct policy_decision *ask) {
	size_t same = 0;

	for (size_t i = leases->count; i-- > 0;)
		if (is_for(&leases->list[i], request, ask))
			drop(leases, i);
	for (size_t i = 0; i < leases->count; i++)
		same += !strcmp(leases->list[i].is.source, ask->source->name);
	return same < POLICY_LEASES_EACH;
}

int policy_leases_add(struct policy_leases *leases, const struct policy_request *request,
	const struct policy_decision *ask, const char *chosen, int64_t until, uint64_t *ret_id) {
	const struct policy_target *target = find_target(ask, chosen);
	struct held *fresh;
	int r;

	if (ask->outcome != POLICY_ASK || !target)
		return POLICY_LEASES_E_NOT_OFFERED;
	if (!make_room(leases, request, ask))
		return POLICY_LEASES_E_FULL;
	fresh = realloc(leases->list, (leases->count + 1) * sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	leases->list = fresh;
	r = held_init(&fresh[leases->count], request, ask, target);
	if (r)
		return r;
	fresh[leases->count].is.until = until;
	fresh[leases->count].is.id = *ret_id = ++leases->last_id;
	leases->count++;
	return 0;
}

const char *policy_leases_find(struct policy_leases *leases, const struct policy_request *request,
	const struct policy_decision *ask, int64_t now) {
	drop_over(leases, now);
	if (ask->outcome != POLICY_ASK)
		return NULL;
	for (size_t i = 0; i < leases->count; i++) {
		if (!is_for(&leases->list[i], request, ask))
			continue;
		if (still_holds(&leases->list[i], ask))
			return leases->list[i].is.chosen;
		drop(leases, i);
		return NULL;
	}
	return NULL;
}

bool policy_leases_revoke(struct policy_leases *leases, uint64_t id) {
	for (size_t i = 0; i < leases->count; i++)
		if (leases->list[i].is.id == id) {
			drop(leases, i);
			return true;
		}
	return false;
}

size_t policy_leases_forget(struct policy_leases *leases, const char *domain) {
	size_t before = leases->count;

	for (size_t i = leases->count; i-- > 0;)
		if (!strcmp(leases->list[i].is.source, domain) ||
			same_text(leases->list[i].chosen_domain, domain))
			drop(leases, i);
	return before - leases->count;
}

size_t policy_leases_list(
	struct policy_leases *leases, int64_t now, struct policy_lease *ret, size_t room) {
	drop_over(leases, now);
	for (size_t i = 0; i < leases->count && i < room; i++)
		ret[i] = leases->list[i].is;
	return leases->count;
}

int64_t policy_leases_next(const struct policy_leases *leases) {
	int64_t next = POLICY_LEASE_SESSION;

	for (size_t i = 0; i < leases->count; i++)
		if (leases->list[i].is.until < next)
			next = leases->list[i].is.until;
	return next;
}
