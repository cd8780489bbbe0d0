/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A call made by a program that has nothing else to do meanwhile: it blocks. (What serves several
 * things at once uses pump.h.)
 */
#include "common/cleanup.h"

#include <stddef.h>

struct caller_plan {
	const char *agent_socket, *vchan;
	const char *target, *service;
	size_t ring;      /* of what is sent, in bytes */
	unsigned seconds; /* for the other side to come, once the call is allowed */
};

enum {
	CALLER_E_REFUSED = 1,
	CALLER_E_TIMEOUT,
	CALLER_E_PROTOCOL,
	CALLER_E_STOP /* the other side has answered, or went: nothing more need be sent */
};

struct caller;

/* Waits for the decision, however long it takes, and for the other side. 0, an answer above, or
 * -errno. */
MUST_USE int caller_new(const struct caller_plan *plan, struct caller **ret);
struct caller *caller_free(struct caller *c);

/* 0, or an answer above. */
MUST_USE int caller_write(struct caller *c, const void *data, size_t size);

/* Waits for the next size bytes (CALLER_REPLY_MAX at most) of what the service says: they are not
 * its reply then. 0, or CALLER_E_STOP: it ended or went before. */
MUST_USE int caller_read(struct caller *c, void *data, size_t size);

/* Nothing more is sent; waits for the end. The service's stdout so far is at *reply, owned by c (at
 * most CALLER_REPLY_MAX bytes are kept); its stderr went to ours, printable characters only. The
 * exit code, or -1: the other side went without one. */
MUST_USE int caller_finish(struct caller *c, const void **reply, size_t *size);

#define CALLER_REPLY_MAX 65536
