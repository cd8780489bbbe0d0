/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A vchan that is a ring in mapped memory and a bell: one pipe each way. What the local and the
 * memory backend have in common.
 *
 * Pipes, because nothing but bytes fits through them: a Unix socket would carry descriptors, and
 * merely discarding one (a TCP socket that lingers) can block its receiver for as long as the peer
 * likes. Each end's file description is held by that end alone, so its O_NONBLOCK is safe.
 */
#include "vchan/backend-ops.h"
#include "vchan/ring.h"

struct ring_vchan {
	struct libvchan base; /* first */
	struct ring ring;
	void *area; /* NULL: not attached yet */
	size_t area_size;
	int ear, bell; /* pipe to read, pipe to write; -1 if not attached */
	bool hung_up;  /* the other end of a pipe is closed */
	int waiting;   /* where a client's answer comes before it is attached, else -1 */
	void *waits;   /* the backend's own record of that, if it has one */
	void (*strike)(struct ring_vchan *v); /* rings where the bell is no pipe, else NULL */
};

/* All but unattached ends; the backend fills in the rest. NULL: out of memory. */
struct ring_vchan *ring_vchan_new(const struct vchan_ops *ops);

/* Maps the memory and begins. Takes the three descriptors, also on failure. -EPROTO: its size does
 * not fit its orders. orders NULL: those that the server wrote (the client's way). */
MUST_USE int ring_vchan_attach(
	struct ring_vchan *v, int memfd, int ear, int bell, const struct ring_orders *orders);

/* Entries for a table of operations. */
int ring_vchan_read(struct libvchan *v, void *data, size_t size, bool all);
int ring_vchan_drain(struct libvchan *v, void *data, size_t size);
int ring_vchan_write(struct libvchan *v, const void *data, size_t size, bool all);
int ring_vchan_take_events(struct libvchan *v);
int ring_vchan_is_open(struct libvchan *v);
int ring_vchan_data_ready(struct libvchan *v);
int ring_vchan_buffer_space(struct libvchan *v);
int ring_vchan_fd(struct libvchan *v);
void ring_vchan_close(struct libvchan *v);
