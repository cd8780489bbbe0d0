/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a process says to bulkhead-hv, the local backend's hypervisor, over a SOCK_SEQPACKET socket.
 * Who speaks is known from the socket, never from the message. Every request and answer has exactly
 * HV_MESSAGE_SIZE bytes; descriptors travel beside them (SCM_RIGHTS). docs/protocols/hv.md tells
 * who may ask what.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define HV_MESSAGE_SIZE 32
#define HV_DOMAIN_ADMIN 0
#define HV_DOMAIN_MAX   0x7fefu
#define HV_PORT_MAX     0xffffu
#define HV_PAGES_MAX    98304u /* one share: GUI_MAX_REFS */
#define HV_RING_MAX     (1u << 20)

enum hv_type {
	/* Any domain's process. The request of a vchan carries one descriptor, an end of a
	 * SOCK_SEQPACKET socketpair, on which the answer comes: HV_ANSWER with ring memfd, event
	 * pipe to read and event pipe to write, at once for a server, when the server appears for a
	 * client. Closing the socket withdraws the request. */
	HV_VCHAN_SERVER = 1, /* peer, port, read_min, write_min */
	HV_VCHAN_CLIENT = 2, /* peer, port */
	/* Answered on the connection itself, in order. */
	HV_PAGES_SHARE = 3, /* peer, count -> first reference; descriptor: the memfd, read-write */
	HV_PAGES_UNSHARE = 4, /* first */
	HV_PAGES_MAP = 5,     /* peer (the owner), first, count -> descriptor: the memfd, read-only;
				 first: offset in pages */
	/* Only the manager's socket. */
	HV_DOMAIN_CREATE = 6, /* quotas; carries a listening socket -> the new domain's id. peer: 0,
			       * or the id wanted, higher than any so far (else HV_E_BUSY) */
	HV_DOMAIN_DESTROY = 7, /* peer: its connections and unanswered requests end, its pages go
				* when nobody maps them; the manager has ended its processes */
	HV_ADMIT = 8,          /* carries one end of a socketpair: a connection of the admin domain
				* that may only speak about the domain `peer` */
	HV_DOMAIN_NEXT = 9, /* -> the lowest domain id above peer, or HV_E_NO_DOMAIN: so a manager
			     * that was restarted finds what there is */
	HV_ANSWER = 0x80
};

enum hv_status {
	HV_OK = 0,
	HV_E_REQUEST, /* malformed, or not for this socket */
	HV_E_QUOTA,
	HV_E_NO_DOMAIN,
	HV_E_BUSY, /* that port is served already */
	HV_E_REFS, /* not one whole consecutive range shared with the asker */
	HV_E_HOST  /* the host ran out of memory or descriptors */
};

struct hv_request {
	enum hv_type type;
	uint32_t id;   /* the asker's own; comes back in the answer */
	uint32_t peer; /* a domain id, 0..HV_DOMAIN_MAX */
	union {
		struct {
			uint32_t port, read_min, write_min; /* read_min, write_min 1..HV_RING_MAX; 0
							       in a client's request */
		} vchan;
		struct {
			uint32_t first, count; /* count 1..HV_PAGES_MAX for SHARE and MAP, else 0 */
		} pages;
		struct {
			uint32_t max_pages, max_vchans, max_connections; /* each at least 1 */
		} quota;
	};
};

struct hv_answer {
	uint32_t id;
	enum hv_status status;
	uint32_t value; /* first reference, page offset or domain id */
};

/* 0, or 1: not a message that an honest process sends. */
MUST_USE int hv_decode_request(struct span in, struct hv_request *ret);
MUST_USE int hv_decode_answer(struct span in, struct hv_answer *ret);
void hv_encode_request(const struct hv_request *r, uint8_t ret[HV_MESSAGE_SIZE]);
void hv_encode_answer(const struct hv_answer *a, uint8_t ret[HV_MESSAGE_SIZE]);

/* One English sentence for a person. */
const char *hv_status_text(enum hv_status status);
