/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/backoff.h"

void backoff_started(struct backoff *b, int64_t now_ms) {
	b->started_ms = now_ms;
}

unsigned backoff_ended(struct backoff *b, int64_t now_ms) {
	unsigned wait = 0;

	if (now_ms - b->started_ms >= BACKOFF_STABLE_MS)
		b->failures = 0;
	if (b->failures > 0) {
		unsigned doublings = b->failures - 1 < 16 ? b->failures - 1 : 16;

		wait = BACKOFF_FIRST_MS << doublings;
		if (wait > BACKOFF_MAX_MS)
			wait = BACKOFF_MAX_MS;
	}
	b->failures++;
	return wait;
}
