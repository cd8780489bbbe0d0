/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The qrexec agent of a domain: what its parts share. */
#include "qrexec/lib/link.h"

#include <glib.h>
#include <sys/types.h>

struct agent_options {
	const char *vchan;
	const char *socket; /* where callers connect */
	const char *service_paths, *config_paths;
	const char *user;        /* a name that means "as whom I run"; may be NULL */
	const char *fork_server; /* socket of another user's fork server, %s in place of the user;
				  * NULL: none */
	bool no_session_wait;    /* somebody waited already */
	int ready_fd;
};

struct agent {
	struct agent_options options;
	GMainLoop *loop;
	struct link *control; /* NULL while no daemon is there */
	int exit_code;
	bool leaving; /* no new calls; ends with the last one that runs */
	struct callers *callers;
	struct calls *calls;
	/* A call is over: instead of telling the daemon (a fork server has none). */
	void (*over)(void *data, const struct qrexec_peer *peer);
	void *over_data;
};

/* agent.c */
/* Serves the control vchan, again after a daemon went. 0 or -errno. */
MUST_USE int agent_serve(struct agent *a);
/* Takes no new calls, and ends when those that run are over; said twice: ends now. */
void agent_leave(struct agent *a);
/* A call is over. */
void agent_call_over(struct agent *a);
/* Tells the daemon that a data connection is over. */
void agent_tell_terminated(struct agent *a, const struct qrexec_peer *peer);

/* callers.c: programs of this domain that call others */
MUST_USE int callers_new(struct agent *a, struct callers **ret);
struct callers *callers_free(struct callers *c);
void callers_connect(
	struct callers *c, const struct qrexec_ident *ident, const struct qrexec_peer *peer);
void callers_refuse(struct callers *c, const struct qrexec_ident *ident);
/* A daemon is there: who asked before it came is heard now. */
void callers_daemon_came(struct callers *c);
/* The daemon went: who waits for an answer gets none. */
void callers_refuse_all(struct callers *c);

/* hangup.c */
struct hangup;
/* Ends the waiting of the service that the caller (a process; 0: not known) never met, then tells
 * the daemon. done: once; it frees. */
struct hangup *hangup_new(struct agent *a, const struct qrexec_peer *peer, pid_t caller,
	void (*done)(void *data, struct hangup *h), void *data);
struct hangup *hangup_free(struct hangup *h);

/* calls.c: services that others run here */
struct calls *calls_new(struct agent *a);
struct calls *calls_free(struct calls *c);
void calls_run(struct calls *c, const struct qrexec_msg *m);
unsigned calls_count(const struct calls *c);
