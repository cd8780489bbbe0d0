/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One data channel: moves a call's streams between a vchan and local descriptors, inside the
 * process's main loop, and never blocks. The calling side is the vchan's server, the executing
 * side its client.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum pump_role { PUMP_CLIENT, PUMP_SERVICE };

enum pump_end {
	PUMP_DONE,    /* an exit code was received or sent */
	PUMP_CLOSED,  /* the other side went away without one */
	PUMP_BAD,     /* the other side broke the protocol */
	PUMP_TIMEOUT, /* nobody came */
	PUMP_FAILED   /* no vchan: see error */
};

struct pump_result {
	enum pump_end end;
	int exit_code;  /* DONE, client: the remote's. service: what was sent */
	int local_code; /* of the local program; -1 there was none, or it lives */
	int error;      /* FAILED: -errno */
};

struct pump_plan {
	enum pump_role role;
	int domain, port;
	size_t ring;       /* client: ring size in bytes; 0: the default */
	unsigned timeout;  /* seconds to wait for the other side */
	bool hello_second; /* read the other side's HELLO before sending ours */
	bool just_exec;    /* service: only the exit code */
	/* Owned by the pump from the call on; -1: none. in and out may be one socket. */
	int in;             /* what is sent: a caller's stdin, a service's stdout */
	int in_err;         /* a service's stderr */
	int out;            /* where received data goes */
	int out_err;        /* where a caller's received stderr goes */
	int pidfd;          /* the service, or a caller's local program */
	int exit_code;      /* service without program: what is told */
	const char *prefix; /* sent before anything of in, prefix_len bytes, copied */
	size_t prefix_len;
	const char *greeting; /* written to out before anything received, copied */
	size_t greeting_len;
	bool filter_out, filter_err; /* printable ASCII only, for terminals */
	bool exit_on_in_eof, exit_on_out_eof;
	/* The other side is there; nothing of it was read yet. Called once; may be NULL. */
	void (*met)(void *data);
	/* Called once; the pump is already gone. */
	void (*done)(void *data, const struct pump_result *result);
	void *data;
};

struct pump;

#define PUMP_RING_DEFAULT (256 * 1024)

/* 0 or -errno (then `done` is not called; the descriptors are closed all the same). */
MUST_USE int pump_start(const struct pump_plan *plan, struct pump **ret);

/* Ends it now, without `done`. Takes NULL. */
void pump_cancel(struct pump *p);

/* A caller's local program asked for one socket in both directions. */
void pump_join_streams(struct pump *p);
