/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A vchan server port in the GLib loop: serves one client after the other, for ever. Bytes that
 * came wait until they are taken; bytes that go are sent in one write before the loop sleeps.
 */
#include "common/cleanup.h"
#include "common/span.h"

#include <stdbool.h>
#include <stdint.h>

struct chan;

struct chan_events {
	void (*connected)(void *user);
	/* Takes from the front of `in`; returns how many bytes, 0 for "more are needed", or -1 to
	 * end this connection. Called again while bytes are left. */
	long (*bytes)(void *user, struct span in);
	void (*gone)(void *user); /* a new client is waited for already */
};

/* 0 or -errno. size: least ring size of each direction; in_max: the largest piece that `bytes` may
 * ask for. */
MUST_USE int chan_new(int peer, int port, size_t size, size_t in_max,
	const struct chan_events *events, void *user, struct chan **ret);
struct chan *chan_free(struct chan *c);

bool chan_connected(const struct chan *c);
/* False: the port could not be served again after a client left. */
bool chan_serving(const struct chan *c);
/* Can `want` bytes be sent now without making a backlog? */
bool chan_room(struct chan *c, size_t want);
/* Always takes all; beyond chan_room it is kept. Does nothing while nobody is connected. */
void chan_send(struct chan *c, const void *data, size_t len);
/* Ends the connection; `gone` is called. */
void chan_drop(struct chan *c);
