/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The network between a domain and the driver domain that serves it: the addresses of their link,
 * and what the admin domain writes into xenstore for the driver domain to enforce
 * (NETWORK_PLAN_PATH, docs/xen.md). Addresses are in network byte order.
 *
 * Each link is a point-to-point one: the domain has 10.137.x.y, the driver domain's end is
 * 10.138.x.y, so a driver domain may itself be served by another. 10.137/16 and the IPv6 prefix are
 * those of the reference (qrexec-protocol 6.4).
 */
#include "common/cleanup.h"
#include "common/span.h"

#define NETWORK_SLOTS      4096 /* domains that can have addresses */
#define NETWORK_PREFIX4    "10.137.0.0/16"
#define NETWORK_PREFIX6    "fd09:24ef:4179::/48"
/* The driver domain's end, of every link: made from fe:ff:ff:ff:ff:ff, the kernel's address for it.
 */
#define NETWORK_GATEWAY6   "fe80::fcff:ffff:feff:ffff"
/* The driver domain turns these into its own name servers. */
#define NETWORK_DNS1       "10.139.1.1"
#define NETWORK_DNS2       "10.139.1.2"
#define NETWORK_PLACES_MAX 128
#define NETWORK_PLAN_SIZE  3900 /* what a value in xenstore may have */
#define NETWORK_TEXT_SIZE  46

/* Below the driver domain's folder; %u: the domain that it serves. */
#define NETWORK_PLAN_PATH  "bulkhead-network/%u"
/* Below a domain's folder: "1" in one that shall serve others. */
#define NETWORK_ASKED_PATH "bulkhead-provides-network"
/* Below a domain's folder, its own to write: "ready" when it can serve others. */
#define NETWORK_READY_PATH "data/bulkhead-network"

struct network_link {
	uint8_t ip4[4], gateway4[4];
	uint8_t ip6[16];
	uint8_t link6[16]; /* the domain's own link-local address */
	uint8_t mac[6];
};

/* The link of the domain with this slot (below NETWORK_SLOTS). */
void network_link_of(unsigned slot, struct network_link *ret);

struct network_place {
	bool v6;
	uint8_t address[16]; /* v4: the first four */
	uint8_t prefix;      /* bits */
	uint16_t port;       /* of TCP and UDP; 0: all */
};

struct network_plan {
	unsigned slot;
	bool anywhere; /* else only the places */
	unsigned n_places;
	struct network_place places[NETWORK_PLACES_MAX];
};

/* 0, or 1: not exactly what network_plan_encode writes. */
MUST_USE int network_plan_decode(struct span in, struct network_plan *ret);
/* Text, ended by a NUL; its length. 0: it does not fit. */
size_t network_plan_encode(const struct network_plan *plan, char ret[NETWORK_PLAN_SIZE]);

/* As a person writes them. */
void network_text4(const uint8_t address[4], char ret[NETWORK_TEXT_SIZE]);
void network_text6(const uint8_t address[16], char ret[NETWORK_TEXT_SIZE]);
void network_text_mac(const uint8_t mac[6], char ret[NETWORK_TEXT_SIZE]);

/* A backend's place in xenstore, ".../backend/vif/DOMAIN/DEVICE", and the interface's name there.
 * 0, or 1: it is not one. */
MUST_USE int network_vif_decode(const char *path, unsigned *ret_domain, unsigned *ret_device);
