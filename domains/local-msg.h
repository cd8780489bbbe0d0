/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What bulkheadd and bulkhead-local-domain say to each other over the domain's control socket
 * (SOCK_SEQPACKET, one message a packet, both ends of the same user and both ours). The socket
 * outlives bulkheadd: a new one connects to it and asks for the state.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define LOCAL_TEXT_SIZE  512
#define LOCAL_HEAD_SIZE  (16 + LOCAL_TEXT_SIZE)
#define LOCAL_KEEP_MAX   4
#define LOCAL_PACKET_MAX (LOCAL_HEAD_SIZE + 65536)

enum local_type {
	/* bulkheadd -> domain */
	LOCAL_QUERY = 1, /* answered by LOCAL_MARK, LOCAL_KEPTs, LOCAL_FACTs, LOCAL_STATE */
	LOCAL_SET_ID, /* id: the domain id from bulkhead-hv; value: which bulkhead-hv (its mark) */
	LOCAL_RUN,    /* id; followed by a request of proto/init.h */
	LOCAL_STOP,   /* value: milliseconds until it is killed */
	LOCAL_KILL,
	LOCAL_PAUSE,
	LOCAL_UNPAUSE,
	LOCAL_BEGIN, /* if it was told to wait: the process stands in its cgroup now */
	LOCAL_KEEP,  /* id: which (enum machine_kept); carries a descriptor to keep for the next
			bulkheadd */
	LOCAL_FOCUS, /* value: 1 the person works in it now, 0 no more */
	/* domain -> bulkheadd */
	LOCAL_STATE = 32,      /* id: domain id; value: enum local_state; text: why it failed */
	LOCAL_MARK,            /* value: the mark of LOCAL_SET_ID; carries the listening socket */
	LOCAL_KEPT,            /* id: which; carries the descriptor of LOCAL_KEEP */
	LOCAL_FACT,            /* id: enum local_fact; text: in words for a person */
	LOCAL_COMMAND_STARTED, /* id */
	LOCAL_COMMAND_FAILED,  /* id, value: errno */
	LOCAL_COMMAND_ENDED,   /* id, value: wait status */
	LOCAL_REFUSED          /* value: enum local_type of the request; text: why */
};

enum local_state {
	LOCAL_STARTING = 1,
	LOCAL_RUNNING,
	LOCAL_PAUSED,
	LOCAL_STOPPING,
	LOCAL_ENDED,  /* the sandbox is gone as was asked for; the process exits after it */
	LOCAL_FAILED, /* the same, and it was not asked for */
	LOCAL_STATE_COUNT
};

enum local_fact {
	LOCAL_FACT_NETWORK = 1, /* "none", "connected", "missing: ..." */
	LOCAL_FACT_USER,        /* which host user the sandbox runs as */
	LOCAL_FACT_CGROUP,      /* its folder, or why there is none */
	LOCAL_FACT_SERVICE,     /* a service in the domain ended and starts anew */
	LOCAL_FACT_X_SERVER,    /* which one */
	LOCAL_FACT_COUNT
};

struct local_msg {
	enum local_type type;
	uint32_t id;
	int32_t value;
	char text[LOCAL_TEXT_SIZE];
	const uint8_t *more; /* LOCAL_RUN: what follows the head */
	size_t n_more;
};

/* 0, or 1: not such a message. `more` points into `in`. */
MUST_USE int local_msg_decode(struct span in, struct local_msg *ret);

/* The packet's length; longer text is cut. ret has LOCAL_HEAD_SIZE + m->n_more bytes. */
size_t local_msg_encode(const struct local_msg *m, uint8_t *ret);
