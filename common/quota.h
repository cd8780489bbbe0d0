/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What one peer can make us hold. A charge sits in the object that costs and is released by that
 * object's free; when the peer goes, its account must be back at zero. Over the quota is an answer,
 * never an abort (architecture 2, rule 6).
 */
#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

struct quota {
	uint64_t limit;
	uint64_t used;
};

/* What an object holds of a quota; all zero is "nothing". */
struct charge {
	struct quota *from;
	uint64_t amount;
};

#define QUOTA_E_FULL 1

/* 0, or QUOTA_E_FULL and nothing changes. *charge must hold nothing before. */
MUST_USE int quota_take(struct quota *q, uint64_t amount, struct charge *charge);

/* Change what a charge holds; growing can answer QUOTA_E_FULL and then nothing changes. */
MUST_USE int charge_resize(struct charge *charge, uint64_t amount);

/* Gives everything back; may be called on an empty charge. */
void charge_release(struct charge *charge);
