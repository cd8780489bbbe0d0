/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The sending half of a copy: the call, the stream, the receipt; speaks to the person on stderr. */
#include "common/cleanup.h"

#include <stdint.h>

struct send_plan {
	char *const *paths;
	int count;
	uint64_t total, entries; /* bytes, and files, folders and links */
	const uint8_t *id;       /* COPYRESUME_DIGEST bytes: the same for the same things */
	const char *argument;    /* of the service, with its '+', or "" */
	const char *target;      /* "": the person is asked */
};

/* A copy of so many bytes can go on after it broke off, if the other end is one of ours, too. */
#define SEND_RESUME_FROM (16u << 20)

/* A name is taken and the call was not for that (on-clash-refuse). */
#define SEND_TAKEN       17

/* The exit code: 0 everything arrived, 126 refused, SEND_TAKEN. */
MUST_USE int send_files(const struct send_plan *plan);
