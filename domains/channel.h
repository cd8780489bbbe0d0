/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A SOCK_SEQPACKET socket in the GLib loop: whole packets in, whole packets out, never blocking.
 * What the other side does not read is queued up to a bound and then the channel closes. It knows
 * no message: bytes are decoded by whoever owns it.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CHANNEL_FDS_MAX 4

struct channel;

struct channel_handler {
	/* One packet. The descriptors are the handler's to close. The channel may be freed in it.
	 */
	void (*packet)(
		void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds);
	/* The other side went or cannot keep up; called once, never from channel_send. */
	void (*closed)(void *user);
};

/* Takes over the descriptor. Packets longer than packet_max are a reason to close. Descriptors
 * that come along are dropped unless accept_fds. */
struct channel *channel_new(int fd, size_t packet_max, bool accept_fds,
	const struct channel_handler *handler, void *user);

/* The descriptor (or -1) is duplicated when it has to wait. 0, or -1: the channel is closed. */
int channel_send(struct channel *c, const void *data, size_t size, int fd);

/* The descriptor below, still owned by the channel. */
int channel_fd(const struct channel *c);

/* Takes NULL, returns NULL. */
struct channel *channel_free(struct channel *c);
