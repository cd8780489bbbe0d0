/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The socket between the two processes of a gui-daemon in the main loop: gathers what goes out into
 * packets (proto/view.h), sends them before the loop sleeps, and hands on what comes in. Never
 * blocks; works a bounded share per turn; what it holds for an end that does not read is bounded,
 * then the channel ends (bug class D8).
 */
#include "common/cleanup.h"
#include "common/span.h"

struct channel;

struct channel_user {
	/* One packet. *fd: the descriptor that came with it, or -1; whoever keeps it sets -1. 0, or
	 * whatever ends the channel. */
	int (*take)(void *data, struct span packet, int *fd);
	/* 0: go on; else no packets for so many microseconds, or CHANNEL_BUSY: until the loop wakes
	 * for another reason. NULL: never wait. */
	int64_t (*wait_us)(void *data);
	/* After a turn in which packets were taken. May be NULL. */
	void (*on_turn)(void *data);
	/* Once: take's answer, CHANNEL_E_CLOSED, CHANNEL_E_FULL or -errno. Do not free the channel
	 * in here. */
	void (*on_end)(void *data, int why);
};

#define CHANNEL_BUSY     INT64_MAX

#define CHANNEL_E_CLOSED 1001 /* the other end went */
#define CHANNEL_E_FULL   1002 /* the other end does not read */

/* socket: SOCK_SEQPACKET, the channel's from now on. queue_max: bytes. */
struct channel *channel_new(
	int socket, size_t queue_max, const struct channel_user *user, void *data);
struct channel *channel_free(struct channel *c);

/* A message of at most VIEW_PACKET_MAX bytes. The descriptor stays the caller's; -1: none. */
void channel_put(struct channel *c, const void *bytes, size_t size, int fd);
/* Sends what the socket takes now. */
void channel_flush(struct channel *c);
/* Bytes that the other end has not read and that found no room in the socket, roughly: whole
 * packets count. */
size_t channel_backlog(const struct channel *c);
