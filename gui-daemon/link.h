/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One vchan in the main loop: cuts what comes in into the pieces that a step machine asks for and
 * keeps what goes out until the ring has room. Never blocks; works a bounded share per turn; what
 * it holds for a peer that does not read is bounded, then the link ends (bug class D8).
 */
#include "common/cleanup.h"
#include "common/span.h"
#include "vchan/libvchan.h"

struct link;

struct link_user {
	/* The size of the next piece: 1..limit of link_new. */
	size_t (*need)(void *data);
	/* 0, or whatever ends the link. */
	int (*take)(void *data, struct span piece);
	/* 0: go on; else no pieces for so many microseconds, or LINK_BUSY: until the loop wakes for
	 * another reason. */
	int64_t (*wait_us)(void *data);
	/* Connected, nothing was read yet. */
	void (*on_open)(void *data);
	/* After a turn in which pieces were taken. */
	void (*on_turn)(void *data);
	/* Once: take's answer, LINK_E_CLOSED, LINK_E_FULL or -errno. Do not free the link in here.
	 */
	void (*on_end)(void *data, int why);
};

#define LINK_BUSY     INT64_MAX

#define LINK_E_CLOSED 1001 /* the peer went */
#define LINK_E_FULL   1002 /* the peer does not read */

/* Waits in the main loop until the server appears. 0 or -errno. */
MUST_USE int link_new(int domain, int port, size_t piece_max, size_t queue_max,
	const struct link_user *user, void *data, struct link **ret);
struct link *link_free(struct link *l);

/* Takes a copy; sent before the loop sleeps. */
void link_write(struct link *l, const void *bytes, size_t size);
/* Bytes that the peer did not read yet and that found no room in the ring. */
size_t link_backlog(const struct link *l);
bool link_is_open(const struct link *l);
