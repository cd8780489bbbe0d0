/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A token bucket: so much at once, so much a second. The caller brings the time, in microseconds;
 * a clock that goes backwards gives nothing. */
#include <stdbool.h>
#include <stdint.h>

struct rate {
	uint32_t burst, per_second;
	int64_t credit_us; /* tokens held, in microseconds of waiting */
	int64_t last_us;
};

struct rate rate_new(uint32_t burst, uint32_t per_second, int64_t now_us);

/* Take n tokens if they are there. n is at most burst. */
bool rate_take(struct rate *r, uint32_t n, int64_t now_us);

/* Take n tokens in any case; what was not there is owed. */
void rate_spend(struct rate *r, uint32_t n, int64_t now_us);

/* Microseconds until n tokens are there (n = 0: until nothing is owed): 0 if they are. */
int64_t rate_wait_us(struct rate *r, uint32_t n, int64_t now_us);
