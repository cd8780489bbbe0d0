/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * qrexec messages: control vchan, local sockets and data vchans, protocol 2 to 4
 * (docs/protocols/qrexec.md). Pure: opens nothing, allocates nothing, logs nothing.
 *
 * A message is a header of 8 bytes and a body. The reader asks qrexec_header_check before it reads
 * a body, so that it never holds more than the type allows, and qrexec_decode when the body is
 * whole.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define QREXEC_VERSION       4u
#define QREXEC_VERSION_MIN   2u
#define QREXEC_VERSION_LOCAL 3u /* local sockets of a daemon, whatever the rest speaks */
#define QREXEC_CONTROL_PORT  512
#define QREXEC_PORT_FIRST    513
#define QREXEC_PORT_LAST     768

#define QREXEC_HEADER_SIZE   8
#define QREXEC_IDENT_SIZE    32
#define QREXEC_NAME_SIZE     64
#define QREXEC_COMMAND_MAX   65535u /* with its NUL */
#define QREXEC_SERVICE_MAX   3936u  /* with its NUL: what the 4096 bytes of a control ring carry */
#define QREXEC_BODY_MAX      (8 + QREXEC_COMMAND_MAX)
#define QREXEC_CHUNK_V2      4096u
#define QREXEC_CHUNK_MAX     65536u
#define QREXEC_PEER_SIZE     8 /* the bare answer to a caller on the agent's socket */
#define QREXEC_MESSAGE_MAX   (QREXEC_HEADER_SIZE + QREXEC_BODY_MAX)
#define QREXEC_CONTROL_RING  4096

enum qrexec_type {
	QREXEC_STDIN = 0x190,
	QREXEC_STDOUT = 0x191,
	QREXEC_STDERR = 0x192,
	QREXEC_EXIT_CODE = 0x193,
	QREXEC_EXEC_CMDLINE = 0x200,
	QREXEC_JUST_EXEC = 0x201,
	QREXEC_SERVICE_CONNECT = 0x202,
	QREXEC_SERVICE_REFUSED = 0x203,
	QREXEC_TRIGGER_SERVICE = 0x210,
	QREXEC_CONNECTION_TERMINATED = 0x211,
	QREXEC_TRIGGER_SERVICE3 = 0x212,
	QREXEC_TRIGGER_SERVICE4 = 0x213,
	QREXEC_HELLO = 0x300
};

/* Who wrote the message. The channel says it, never the message. */
enum qrexec_from {
	QREXEC_FROM_AGENT = 1,    /* control vchan, to the daemon */
	QREXEC_FROM_DAEMON = 2,   /* control vchan, to the agent */
	QREXEC_FROM_ADMIN = 4,    /* a daemon's local socket, to the daemon */
	QREXEC_TO_ADMIN = 8,      /* the same, the daemon's answers */
	QREXEC_FROM_CALLER = 16,  /* the agent's socket, to the agent */
	QREXEC_FROM_CLIENT = 32,  /* data vchan, the calling side */
	QREXEC_FROM_SERVICE = 64, /* data vchan, the executing side */
};

enum {
	QREXEC_E_TYPE = 1, /* unknown, or not for this channel or version */
	QREXEC_E_LENGTH,
	QREXEC_E_FORMAT,
	QREXEC_E_REFUSE /* a request that is answered with SERVICE_REFUSED; ret->trigger.ident is
			   written */
};

struct qrexec_header {
	uint32_t type, len;
};

struct qrexec_peer {
	uint32_t domain, port;
};

struct qrexec_ident {
	uint8_t b[QREXEC_IDENT_SIZE];
};

/* From an agent: checked and rewritten as qrexec.md says, so that policy and services see the same
 * text. From a caller: as it came, NUL-terminated; ident too. */
struct qrexec_trigger {
	struct qrexec_ident ident;
	char source[QREXEC_NAME_SIZE]; /* "" unless protocol 4 gave one */
	char target[QREXEC_NAME_SIZE];
	char service[QREXEC_SERVICE_MAX];
};

struct qrexec_msg {
	enum qrexec_type type;
	struct qrexec_peer peer; /* EXEC*, SERVICE_CONNECT, CONNECTION_TERMINATED */
	bool bare;               /* an answer TO_ADMIN: only the peer */
	union {
		uint32_t version;          /* HELLO, at least QREXEC_VERSION_MIN */
		int32_t exit_code;         /* EXIT_CODE */
		struct qrexec_ident ident; /* SERVICE_CONNECT, SERVICE_REFUSED */
		struct qrexec_trigger trigger;
		struct {
			const char *text; /* in the body; NUL at text[len], none before */
			size_t len;
		} command;        /* EXEC_CMDLINE, JUST_EXEC */
		struct span data; /* STDIN, STDOUT, STDERR */
	};
};

/* Header of 8 bytes exactly; 0 or an answer above. `version` is the agreed one, 0 before HELLO
 * (then only HELLO passes where a channel begins with it). */
MUST_USE int qrexec_header_decode(
	enum qrexec_from from, uint32_t version, struct span in, struct qrexec_header *ret);

/* The body that belongs to a header that passed. *ret is written on 0 and, in part, on E_REFUSE. */
MUST_USE int qrexec_decode(enum qrexec_from from, const struct qrexec_header *header,
	struct span body, struct qrexec_msg *ret);

/* Header and body; returns the size, or 0 if it does not fit. Fields not used are zero on the wire
 * (bug class D5). */
size_t qrexec_encode(const struct qrexec_msg *m, void *buf, size_t size);

/* Only the header, for data that stands elsewhere. */
void qrexec_header_encode(enum qrexec_type type, uint32_t len, uint8_t ret[QREXEC_HEADER_SIZE]);

/* The answer to a caller: 8 bytes without header. */
MUST_USE int qrexec_peer_decode(struct span in, struct qrexec_peer *ret);
void qrexec_peer_encode(const struct qrexec_peer *p, uint8_t ret[QREXEC_PEER_SIZE]);

/* A job for a user's fork server (a local socket between two of one domain's processes): what to
 * run without "USER:". ret->command points into `in`, which holds header and text. 0, or an answer
 * above; QREXEC_E_LENGTH also while bytes are missing (*want tells how many there must be). */
#define QREXEC_JOB_HEADER 16
MUST_USE int qrexec_job_decode(struct span in, struct qrexec_msg *ret, size_t *want);
size_t qrexec_job_encode(const struct qrexec_msg *m, void *buf, size_t size);

/* min(ours, theirs) of a HELLO; 0 if theirs is older than anything spoken here. */
uint32_t qrexec_agree(uint32_t ours, uint32_t theirs);

/* Payload of one data frame at most. */
uint32_t qrexec_chunk(uint32_t version);
