/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* One call on its way through the broker; shared by calls.c (decision) and call-run.c (the rest).
 */
#include "qrexec/broker/broker.h"

#define CALLS_PER_DOMAIN 512
#define ADMIN_NAME       "dom0"
#define ADMIN_ID         0

enum call_state {
	CALL_ASKING,
	CALL_STARTING, /* the manager starts the target */
	CALL_WAITING,  /* for the target's agent */
	CALL_VCHAN,    /* for a connection of the admin domain */
	CALL_RUNNING
};

struct calls {
	struct broker *broker;
	GHashTable *by_id;   /* own id -> struct call */
	GHashTable *by_port; /* pair and port -> struct call, running ones */
	uint64_t next_id;
};

struct call {
	uint64_t id;
	struct calls *in;
	enum call_state state;
	/* Who calls. */
	char *source;
	uint32_t source_id;
	uint64_t theirs;        /* the daemon's number of it */
	struct packets *client; /* the admin domain's: qrexec-client */
	/* What was asked for. */
	char *asked_source, *asked_target, *service, *name, *argument;
	char *command; /* the admin domain's own */
	bool just_exec;
	/* What was decided. */
	struct policy *policy;
	struct picture *picture;
	struct policy_decision decision;
	char *target, *user, *run_service;
	uint32_t target_id;
	bool disposable, admin_target;
	char *choice;
	uint64_t ticket;
	guint timer;
	/* Running. */
	uint32_t port;
	uint64_t port_key;
	bool source_done, target_done;
	int pidfd; /* of a service in the admin domain */
	guint pid_watch;
	gint64 began, decided, asked, started, connected;
};

/* call-run.c */
/* The target is chosen (target, user, disposable ...): start it if need be, then connect. */
void call_go(struct call *c);
/* The target's agent is there. */
void call_launch(struct call *c);
void call_started(struct call *c, const struct broker_msg *m);
void call_vchan(struct call *c, int error, int fd);

/* calls.c */
/* Ends a call that does not run: the caller learns no more than "refused". */
void call_refuse(struct call *c, const char *outcome, const char *reason);
void call_free(struct call *c);

/* audit.c */
void call_audit(struct call *c, const char *outcome, const char *reason);
/* Both sides said that it is over. */
void call_audit_end(struct call *c);

/* calls.c */
uint64_t call_port_key(uint32_t a, uint32_t b, uint32_t port);
