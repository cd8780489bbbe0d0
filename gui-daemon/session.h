/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The conversation with one GUI agent: handshake 1.0 to 1.8 and which message may come when
 * (gui-protocol 2, 3.1). A step machine: it says how many bytes it wants next and is given exactly
 * those; it reads and waits for nothing itself.
 */
#include "common/cleanup.h"
#include "common/span.h"
#include "proto/gui.h"

struct session;
struct windows;

/* What session_take answers besides 0 and -errno; session_reason tells it in words. */
#define SESSION_E_VIOLATION 1 /* the agent broke the protocol */
#define SESSION_E_VERSION   2 /* no version that both speak */

struct session_config {
	struct windows *windows;
	struct gui_xconf xconf;
	/* Bytes for the agent. */
	void (*write)(void *data, const void *bytes, size_t size);
	void (*on_connected)(void *data, unsigned minor);
	/* A message was dropped: what it was. Called for each. */
	void (*on_dropped)(void *data, const char *what);
	/* The agent's clipboard. NULL, or why it was dropped. */
	const char *(*on_clipboard)(void *data, const struct gui_clipboard *clipboard);
	void *data;
};

/* NULL: out of memory. */
struct session *session_new(const struct session_config *config);
struct session *session_free(struct session *s);

/* The bytes wanted next: at most GUI_BODY_MAX, never 0. */
size_t session_need(const struct session *s);
/* Exactly that many. After an answer other than 0 the session is over. */
MUST_USE int session_take(struct session *s, struct span bytes);
const char *session_reason(const struct session *s);

/* To the agent, if it is of a version that knows this; nothing before the handshake is done. */
void session_send(struct session *s, const struct gui_from_daemon *m);
