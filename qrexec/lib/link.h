/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A stream of qrexec messages with a HELLO at its beginning: a control vchan or a local socket,
 * inside the main loop. Decodes each message, bounds what waits, never blocks.
 */
#include "common/cleanup.h"
#include "proto/qrexec.h"
#include "vchan/libvchan.h"

enum link_hello {
	LINK_NO_HELLO, /* an agent's local socket */
	LINK_SPEAK,    /* ours goes first */
	LINK_ANSWER    /* ours follows theirs */
};

enum link_end {
	LINK_CLOSED, /* the other side went; answer: ECONNRESET if it had not read all, or 0 */
	LINK_BAD,    /* it broke the protocol: `answer` is a QREXEC_E_* */
	LINK_FULL    /* it does not read what we send */
};

struct link_plan {
	libvchan_t *vchan; /* owned; or */
	int fd;            /* a stream socket, owned */
	enum qrexec_from theirs;
	enum link_hello hello;
	uint32_t version; /* ours */
	/* refused: a request that must be answered with SERVICE_REFUSED (only its ident is there).
	 * The message is valid during the call. The link may be freed in it. */
	void (*message)(void *data, const struct qrexec_msg *m, bool refused);
	void (*ready)(void *data); /* versions are agreed; may be NULL */
	/* Once; free the link then or later. */
	void (*ended)(void *data, enum link_end end, int answer);
	void *data;
};

struct link;

struct link *link_new(const struct link_plan *plan);
/* Takes NULL, returns NULL. */
struct link *link_free(struct link *l);

/* Agreed version; 0 before their HELLO. */
uint32_t link_version(const struct link *l);
/* Queued if it cannot go at once; a queue that grows too long ends the link in the next turn. */
void link_send(struct link *l, const struct qrexec_msg *m);
void link_send_peer(struct link *l, const struct qrexec_peer *p);
