/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The sending half of a copy: the call, the stream, the receipt; speaks to the person on stderr. */
#include "common/cleanup.h"

#include <stdint.h>

struct send_plan {
	char *const *paths;
	const char *service;
	int count;
	uint64_t total;     /* bytes, for the progress; 0: not known */
	const char *target; /* "": the person is asked */
};

/* The exit code: 0 everything arrived, 126 refused. */
MUST_USE int send_files(const struct send_plan *plan);
