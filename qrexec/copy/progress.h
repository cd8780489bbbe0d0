/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* How far a copy is, on the person's terminal; nothing if stderr is none. */
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	bool shown;
	uint64_t total, done, before; /* before: there already when it began */
	struct timespec began, last;
};

void progress_begin(struct progress *p, uint64_t total);
/* So many bytes need not be sent. */
void progress_skip(struct progress *p, uint64_t bytes);
void progress_add(struct progress *p, uint64_t bytes);
/* Since it began. */
double progress_seconds(const struct progress *p);
void progress_end(struct progress *p);
