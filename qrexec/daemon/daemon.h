/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The admin side's end of one domain's control channel. It turns the domain's bytes into checked
 * messages for the broker and the broker's messages into bytes; it decides nothing.
 */
#include "common/quota.h"
#include "proto/qrexec.h"
#include "qrexec/lib/link.h"
#include "qrexec/lib/packets.h"

#include <glib.h>

#define DAEMON_PENDING_MAX 256

struct daemon {
	GMainLoop *loop;
	int domain;
	int exit_code;
	struct link *control; /* NULL until the agent was there */
	struct packets *broker;
	GHashTable *pending; /* id -> struct pending */
	struct quota quota;
	uint64_t next_id;
	unsigned refused; /* requests over the quota, told once */
};

/* v is connected, or an agent's HELLO is to come; owned. */
void daemon_start(struct daemon *d, libvchan_t *v, int broker_fd);
void daemon_stop(struct daemon *d);
