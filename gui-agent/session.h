/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The agent's side of one connection with a GUI daemon (gui-protocol 2): our version out, theirs
 * and the screen in, then framed messages. Pure: bytes in, decoded items out. A new connection is a
 * new session_init.
 */
#include "proto/gui.h"

enum session_phase { SESSION_WAITS_VERSION, SESSION_WAITS_XCONF, SESSION_RUNS };

struct session {
	enum session_phase phase;
	unsigned minor; /* negotiated; meaningful from SESSION_WAITS_XCONF on */
	uint32_t skip;  /* bytes of a message of unknown type that are still to come */
};

enum session_kind { SESSION_NOTHING, SESSION_STARTED, SESSION_MESSAGE };

struct session_item {
	enum session_kind kind; /* NOTHING: something was skipped */
	union {
		struct gui_xconf xconf;         /* STARTED */
		struct gui_from_daemon message; /* MESSAGE; points into the bytes taken */
	};
};

#define SESSION_E_MORE    1 /* nothing whole is there yet */
#define SESSION_E_VERSION 2 /* the daemon speaks a version that cannot be spoken with */
#define SESSION_E_BROKEN  3 /* not the protocol: end the connection */

void session_init(struct session *s);
/* What the agent sends first. Returns its length. */
size_t session_hello(void *buf, size_t size);
/* Takes one item from the front of `in`. *used: how many bytes it had; both only written on 0. */
MUST_USE int session_take(
	struct session *s, struct span in, size_t *used, struct session_item *ret);
