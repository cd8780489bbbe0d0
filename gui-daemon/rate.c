/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/rate.h"

#define SECOND 1000000

static int64_t price(const struct rate *r, uint32_t n) {
	return (int64_t)n * SECOND / r->per_second;
}

static void refill(struct rate *r, int64_t now_us) {
	int64_t most = price(r, r->burst), passed = now_us - r->last_us;

	if (passed > 0)
		r->credit_us = passed > most - r->credit_us ? most : r->credit_us + passed;
	r->last_us = now_us;
}

struct rate rate_new(uint32_t burst, uint32_t per_second, int64_t now_us) {
	struct rate r = {.burst = burst, .per_second = per_second, .last_us = now_us};

	r.credit_us = price(&r, burst);
	return r;
}

bool rate_take(struct rate *r, uint32_t n, int64_t now_us) {
	if (rate_wait_us(r, n, now_us) > 0)
		return false;
	r->credit_us -= price(r, n);
	return true;
}

void rate_spend(struct rate *r, uint32_t n, int64_t now_us) {
	refill(r, now_us);
	r->credit_us -= price(r, n);
}

int64_t rate_wait_us(struct rate *r, uint32_t n, int64_t now_us) {
	int64_t missing;

	refill(r, now_us);
	missing = price(r, n) - r->credit_us;
	return missing > 0 ? missing : 0;
}
