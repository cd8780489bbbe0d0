/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What bulkhead-local-domain (outside) and bulkhead-domain-init (process 1 of a sandbox) say to
 * each other over an inherited SOCK_SEQPACKET socketpair, one message a packet. Events come from
 * the domain and are believed about that domain only.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define INIT_VERSION     1
#define INIT_EVENT_SIZE  16
#define INIT_HEAD_SIZE   16
#define INIT_REQUEST_MAX 65536
#define INIT_ARGS_MAX    1024

enum init_service {
	INIT_X_SERVER = 1,
	INIT_SESSION_BUS,
	INIT_GUI_AGENT,
	INIT_QREXEC_AGENT,
	INIT_NOTIFY_AGENT,
	INIT_SERVICE_MAX = INIT_NOTIFY_AGENT
};

enum init_event_type {
	INIT_HELLO = 1,       /* value: INIT_VERSION; id 0 */
	INIT_READY,           /* clients can connect to the X server; id and value 0 */
	INIT_SERVICE_STARTED, /* id: enum init_service; value 0 */
	INIT_SERVICE_ENDED,   /* id: enum init_service; value: wait status, 0..0xffff */
	INIT_COMMAND_STARTED, /* id: the request's, at least 1; value 0 */
	INIT_COMMAND_FAILED,  /* id: the request's; value: errno, 1..4095 */
	INIT_COMMAND_ENDED    /* id: the request's; value: wait status, 0..0xffff */
};

struct init_event {
	enum init_event_type type;
	uint32_t id, value;
};

enum init_request_type {
	INIT_RUN = 1, /* a command: at least one argument, the first is not empty; id at least 1 */
	INIT_STOP     /* end everything in order; id and arguments none */
};

struct init_request {
	enum init_request_type type;
	uint32_t id, n_args;
	const char *args; /* n_args strings one after the other, each with its NUL; points into the
			     packet */
};

/* 0, or 1: not such a message. */
MUST_USE int init_decode_event(struct span in, struct init_event *ret);
MUST_USE int init_decode_request(struct span in, struct init_request *ret);

void init_encode_event(const struct init_event *e, uint8_t ret[INIT_EVENT_SIZE]);

/* The packet's length, or 0: it does not fit or is not a request. args may be NULL for none; size
 * is that of ret. */
size_t init_encode_request(enum init_request_type type, uint32_t id, const char *const *args,
	uint8_t *ret, size_t size);

const char *init_service_name(enum init_service service);
