/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/quota.h"

#include <assert.h>

/* A limit that was lowered below what is used leaves nothing. */
static uint64_t quota_left(const struct quota *q) {
	return q->used < q->limit ? q->limit - q->used : 0;
}

int quota_take(struct quota *q, uint64_t amount, struct charge *charge) {
	assert(!charge->from);
	if (amount > quota_left(q))
		return QUOTA_E_FULL;
	q->used += amount;
	*charge = (struct charge){.from = q, .amount = amount};
	return 0;
}

int charge_resize(struct charge *charge, uint64_t amount) {
	struct quota *q = charge->from;

	assert(q);
	if (amount > charge->amount && amount - charge->amount > quota_left(q))
		return QUOTA_E_FULL;
	q->used = q->used - charge->amount + amount;
	charge->amount = amount;
	return 0;
}

void charge_release(struct charge *charge) {
	if (!charge->from)
		return;
	assert(charge->from->used >= charge->amount);
	charge->from->used -= charge->amount;
	*charge = (struct charge){0};
}
