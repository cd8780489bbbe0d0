/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What bulkheadd and the helper that drives Xen for one domain (bulkhead-xen-domain) say to each
 * other over an inherited SOCK_SEQPACKET pair: fixed-size messages, one a packet. Every request is
 * answered by HELPER_DONE or HELPER_REFUSED: a helper that owes an answer for too long is replaced.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define HELPER_TEXT_SIZE 512
#define HELPER_SIZE      (16 + HELPER_TEXT_SIZE)

enum helper_type {
	/* bulkheadd -> helper */
	HELPER_BEGIN = 1, /* value: 0 create the domain, 1 take over the one of this name */
	HELPER_STOP,      /* value: milliseconds until it is destroyed */
	HELPER_KILL,
	HELPER_PAUSE,
	HELPER_UNPAUSE,
	HELPER_WEIGHT, /* value: credit2 weight */
	HELPER_MEMORY, /* value: MiB */
	HELPER_NETVM,  /* text: the domain that provides the network; empty: none */
	/* helper -> bulkheadd */
	HELPER_STATE = 32, /* domain: its id; value: enum helper_state; text: why it failed */
	HELPER_FACT,       /* text: about the network, in words for a person */
	HELPER_DONE,       /* serial: of the request */
	HELPER_REFUSED     /* serial: of the request; text: why */
};

enum helper_state {
	HELPER_STARTING = 1,
	HELPER_RUNNING,
	HELPER_PAUSED,
	HELPER_STOPPING,
	HELPER_ENDED,  /* nothing of the domain is left, as was asked for or by its own shutdown */
	HELPER_FAILED, /* the same, and nobody wanted it */
	HELPER_STATE_COUNT
};

struct helper_msg {
	enum helper_type type;
	uint32_t serial, domain;
	int32_t value;
	char text[HELPER_TEXT_SIZE];
};

/* 0, or 1: not such a message. */
MUST_USE int helper_decode(struct span in, struct helper_msg *ret);
/* Longer text is cut. */
void helper_encode(const struct helper_msg *m, uint8_t ret[HELPER_SIZE]);
