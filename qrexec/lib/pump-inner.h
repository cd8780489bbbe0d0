/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the halves of the pump share: pump.c (life, connecting, the loop), pump-frames.c (frames).
 */
#include "proto/qrexec.h"
#include "qrexec/lib/local-fd.h"
#include "qrexec/lib/pump.h"
#include "vchan/libvchan.h"

#include <glib.h>

#define PUMP_BUFFER   (QREXEC_HEADER_SIZE + QREXEC_CHUNK_MAX)
#define PUMP_PER_TURN (8 * PUMP_BUFFER) /* then the other work of the process has its turn */

struct pump_watch {
	int fd;
	gpointer tag;
	GIOCondition want;
};

struct pump {
	GSource source; /* first: GLib allocates the whole */
	struct pump_plan plan;
	libvchan_t *vchan;
	int connect_fd;   /* readable while connecting; -1 */
	uint32_t version; /* agreed; 0 before their HELLO */
	bool hello_sent, exit_sent;
	bool joined;
	bool err_turn; /* stderr goes next */
	bool gone;     /* the other side went: its descriptor says so for ever */
	char *prefix, *greeting;
	size_t prefix_at, greeting_at;
	struct local_fd in, in_err, out, out_err;
	bool in_eof_sent, err_eof_sent; /* STDIN or STDOUT; STDERR */
	bool got_exit;
	int exit_code, local_code;
	/* Received bytes that are not dealt with yet: rest of a frame's payload, then frames. */
	size_t begin, end;
	uint32_t payload_left;
	uint32_t payload_type;
	/* One encoded frame of ours that the ring did not take whole. */
	size_t send_at, send_end;
	struct pump_watch w_vchan, w_in, w_err, w_out, w_out_err, w_child, w_connect;
	gint64 deadline;
	uint8_t receive[2 * PUMP_BUFFER];
	uint8_t send[PUMP_BUFFER];
};

enum { PUMP_IDLE = 0, PUMP_MOVED = 1, PUMP_BROKEN = -1, PUMP_GONE = -2 };

/* Each moves what can be moved now and says PUMP_MOVED or PUMP_IDLE, or PUMP_BROKEN: the other
 * side broke the protocol, or PUMP_GONE: it went away. */
int pump_receive(struct pump *p);
int pump_transmit(struct pump *p);

/* Puts one whole frame in the send buffer; the buffer must be empty. */
void pump_frame(struct pump *p, const struct qrexec_msg *m);
