/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * When to start something again that ended: at once after a long life, later and later after short
 * ones. Knows no clock: the caller says what time it is.
 */
#include <stdint.h>

#define BACKOFF_FIRST_MS  100
#define BACKOFF_MAX_MS    30000
#define BACKOFF_STABLE_MS 60000 /* who lived that long is forgiven everything */

struct backoff {
	int64_t started_ms;
	unsigned failures;
};

void backoff_started(struct backoff *b, int64_t now_ms);
/* It ended: how many milliseconds to wait before it is started again. */
unsigned backoff_ended(struct backoff *b, int64_t now_ms);
