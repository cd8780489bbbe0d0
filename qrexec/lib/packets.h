/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A SOCK_SEQPACKET socket of broker messages in the main loop; never blocks. What the other side
 * does not read waits up to a bound, then the channel ends.
 */
#include "common/cleanup.h"
#include "proto/broker.h"

struct packets;

struct packets_plan {
	int fd; /* owned */
	enum broker_from theirs;
	bool accept_fd; /* else descriptors that come along are closed */
	/* fd: a descriptor that came along, the handler's to close, or -1. The channel may be freed
	 * in both. */
	void (*message)(void *data, const struct broker_msg *m, int fd);
	/* Once. bad: it sent what does not belong here. */
	void (*ended)(void *data, bool bad);
	void *data;
};

struct packets *packets_new(const struct packets_plan *plan);
struct packets *packets_free(struct packets *p);

/* fd (or -1) is lent: it is duplicated if it has to wait. */
void packets_send(struct packets *p, const struct broker_msg *m, int fd);
