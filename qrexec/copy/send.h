/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The sending half of a copy: between the service (stdin, stdout) and the person (stderr). */
#include "common/cleanup.h"

#include <stdint.h>

struct send_plan {
	char *const *paths;
	int count;
	uint64_t total;     /* bytes, for the progress; 0: not known */
	const char *target; /* for the receipt */
};

/* The exit code: 0 everything arrived. */
MUST_USE int send_files(const struct send_plan *plan);
