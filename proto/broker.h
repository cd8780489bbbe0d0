/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the parts of the call path on the admin side say to each other: bulkhead-qrexec-broker with
 * its qrexec-daemons, with the manager, with a question's dialog and with qrexec-client. One packet
 * of a SOCK_SEQPACKET socket is one message. Who speaks is known from the socket
 * (docs/protocols/broker.md).
 *
 * A qrexec-daemon may have been taken over by its domain: what it says is checked like a domain's.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define BROKER_PACKET_MAX 131072u
#define BROKER_TEXTS_MAX  1024
#define BROKER_HEAD_SIZE  32

enum broker_type {
	/* qrexec-daemon -> broker */
	BROKER_READY = 1,      /* value: protocol version of the agent */
	BROKER_CALL = 2,       /* id; texts: source ("" or on whose behalf), target, service */
	BROKER_TERMINATED = 3, /* domain, port */
	BROKER_FAULT = 4,      /* text: what the domain did; the daemon ends after it */
	/* broker -> qrexec-daemon */
	BROKER_EXEC = 16,    /* domain, port, value: 1 just start it; text: command */
	BROKER_CONNECT = 17, /* id, domain, port */
	BROKER_REFUSE = 18,  /* id */
	/* manager -> broker */
	BROKER_DOMAIN = 32,      /* a domain as it is now; domain: its id, 0 not running; value:
				  * BROKER_IS_*; texts: BROKER_ABOUT_* in that order, then its tags */
	BROKER_DOMAIN_GONE = 33, /* text: name; its definition is no more */
	BROKER_DAEMON = 34,      /* domain; text: name. Carries the socket of its qrexec-daemon */
	BROKER_DONE = 35, /* id, value: 0 or an errno; text: name of the domain (START, DISPOSABLE)
			   * or why not. VCHAN: carries a connection */
	BROKER_PASTE =
		36, /* id; texts: source, target: may the person paste? Answered by PASTE_DECIDED
		     */
	BROKER_CLIPBOARD = 37, /* id (of the PASTE, or of a copy), value: bytes; texts: event,
				* source, target, outcome, reason: for the audit file, once */
	/* broker -> manager */
	BROKER_START = 48,      /* id; text: name. Answered by DONE when it was started or is up */
	BROKER_DISPOSABLE = 49, /* id; text: template */
	BROKER_KILL = 50,       /* text: name of a disposable whose call is over */
	BROKER_VCHAN = 51,      /* id, domain: a connection of the admin domain's to bulkhead-hv for
				 * this domain only */
	BROKER_NOTE = 52,       /* value: BROKER_NOTE_*; texts: source, target, service, sentence */
	BROKER_PASTE_DECIDED = 53, /* id, value: BROKER_PASTE_*; text: why not */
	/* broker -> dialog and back */
	BROKER_QUESTION = 64, /* id, value: place of the default among the targets plus 1, or 0;
			       * texts: source, service, argument, target asked for, rule
			       * (file:line), the source's label, then for each target its text,
			       * its label ("": not known) and the exact rule that "always" would
			       * write ("": there is none) */
	BROKER_CHOICE = 65,   /* id, value: enum broker_choice; text: target, "" with DENY */
	/* qrexec-client -> broker and back */
	BROKER_RUN = 80,     /* value: 1 just start it; texts: domain, command */
	BROKER_RUNNING = 81, /* domain, port. Carries a connection for the vchan */
	BROKER_FAILED = 82,  /* value: exit code for the client; text: why */
	BROKER_LEASES = 83,  /* client: value 0: tell all leases; 1: take back the lease `id` */
	BROKER_LEASE =
		84, /* one lease: id, value: seconds left, BROKER_LEASE_SESSION; texts: source,
		     * service, argument, target asked for, target chosen, rule that asked */
	BROKER_LEASES_END = 85, /* value: how many LEASE came, or were taken back */
};

enum {
	BROKER_ABOUT_NAME,
	BROKER_ABOUT_UUID,
	BROKER_ABOUT_TYPE,
	BROKER_ABOUT_USER,
	BROKER_ABOUT_DEFAULT_DISPVM,
	BROKER_ABOUT_LABEL,
	BROKER_ABOUT_NETVM,
	BROKER_ABOUT_TAGS
};

enum { BROKER_IS_TEMPLATE = 1, BROKER_IS_INTERNAL = 2, BROKER_IS_DISPOSABLE = 4 };

enum broker_choice {
	BROKER_DENY = 0,
	BROKER_ONCE,
	BROKER_MINUTES, /* a quarter of an hour */
	BROKER_SESSION,
	BROKER_ALWAYS,
	BROKER_CHOICES
};

#define BROKER_LEASE_SESSION UINT32_MAX

/* The last is a flag beside the second and the third: the text goes as it is. */
enum { BROKER_PASTE_DENY, BROKER_PASTE_ALLOW, BROKER_PASTE_ASK, BROKER_PASTE_RAW = 4 };

enum { BROKER_NOTE_DENIED = 1, BROKER_NOTE_FAILED, BROKER_NOTE_POLICY };

struct broker_msg {
	enum broker_type type;
	uint64_t id;
	uint32_t domain, port, value;
	uint32_t count;                      /* texts */
	const char *texts[BROKER_TEXTS_MAX]; /* decoded: in the packet; NUL-terminated, no NUL
						inside */
};

/* Who may say it: one of these is what a socket is for. */
enum broker_from {
	BROKER_FROM_DAEMON = 1,
	BROKER_TO_DAEMON = 2,
	BROKER_FROM_MANAGER = 4,
	BROKER_TO_MANAGER = 8,
	BROKER_TO_DIALOG = 16,
	BROKER_FROM_DIALOG = 32,
	BROKER_FROM_CLIENT = 64,
	BROKER_TO_CLIENT = 128
};

/* 0, or 1: not a message that belongs here. A CALL's texts are in the alphabet of
 * proto/qrexec.h's sanitised requests. */
MUST_USE int broker_decode(enum broker_from from, struct span in, struct broker_msg *ret);

/* The packet's size, or 0 if it does not fit. */
size_t broker_encode(const struct broker_msg *m, void *buf, size_t size);
