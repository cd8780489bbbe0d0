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

/* A name is taken and the call was not for that (on-clash-refuse). */
#define SEND_TAKEN 17

/* The exit code: 0 everything arrived, 126 refused, SEND_TAKEN. */
MUST_USE int send_files(const struct send_plan *plan);
