/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/progress.h"

#include <stdio.h>
#include <unistd.h>

#define EVERY 0.1 /* seconds */

static double between(const struct timespec *a, const struct timespec *b) {
	return (double)(b->tv_sec - a->tv_sec) + (double)(b->tv_nsec - a->tv_nsec) / 1e9;
}

void progress_begin(struct progress *p, uint64_t total) {
	*p = (struct progress){.total = total, .shown = isatty(STDERR_FILENO)};
	clock_gettime(CLOCK_MONOTONIC, &p->began);
	p->last = p->began;
}

void progress_skip(struct progress *p, uint64_t bytes) {
	p->done += bytes;
	p->before += bytes;
	/* Reading it once more took its time. */
	clock_gettime(CLOCK_MONOTONIC, &p->began);
}

void progress_add(struct progress *p, uint64_t bytes) {
	struct timespec now;
	double took, rate;

	p->done += bytes;
	if (!p->shown)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (between(&p->last, &now) < EVERY)
		return;
	p->last = now;
	took = between(&p->began, &now);
	rate = (double)(p->done - p->before) / took;
	fprintf(stderr, "\r\033[K%.1f", (double)p->done / 1e6);
	if (p->total)
		fprintf(stderr, " of %.1f MB, %.0f %%", (double)p->total / 1e6,
			100.0 * (double)p->done / (double)p->total);
	fprintf(stderr, ", %.1f MB/s", rate / 1e6);
	if (p->total > p->done)
		fprintf(stderr, ", %.0f s left", (double)(p->total - p->done) / rate);
}

double progress_seconds(const struct progress *p) {
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return between(&p->began, &now);
}

void progress_end(struct progress *p) {
	if (p->shown && p->done)
		fprintf(stderr, "\r\033[K");
}
