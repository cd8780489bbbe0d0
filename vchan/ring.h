/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The two rings of a vchan over one mapped area: a control page in libxenvchan's layout
 * (gui-protocol 1.3), then the pages of the left ring, then those of the right. Pure: maps nothing,
 * wakes nobody.
 *
 * The peer writes into the same memory while we look. So: orders are read once, at attach; our own
 * index is kept here and only written to the page; the peer's index is read once per call and
 * bounded; whoever breaks the bounds is `broken` for good (bug classes D1, D3).
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_PAGE        4096u
#define RING_ORDER_LEAST 10
#define RING_ORDER_MOST  20
#define RING_HEADER_SIZE 24

enum { RING_WRITTEN = 1, RING_CONSUMED = 2 }; /* VCHAN_NOTIFY_WRITE, VCHAN_NOTIFY_READ */
enum { RING_GONE = 0, RING_LIVE = 1, RING_WAITING = 2 };

struct ring_orders {
	uint16_t left, right; /* left: the client writes, the server reads */
};

/* The server's choice for its smallest read and write size. 0; 1: a size is 0 or too large. */
MUST_USE int ring_choose(size_t server_read, size_t server_write, struct ring_orders *ret);
bool ring_orders_valid(struct ring_orders o);
/* Pages of the whole area; o must be valid. */
size_t ring_pages(struct ring_orders o);
/* What the control page begins with before either end looks; the rest is zero. */
void ring_header(struct ring_orders o, uint8_t ret[RING_HEADER_SIZE]);

struct ring_half {
	uint32_t *cons, *prod; /* in the control page */
	uint8_t *data;
	uint32_t size;
	uint32_t own; /* our index: cons of what we read, prod of what we write */
};

struct ring {
	struct ring_half in, out;
	uint8_t *own_live, *peer_live;
	uint8_t *own_notify;  /* what the peer wants to hear of */
	uint8_t *peer_notify; /* what we want to hear of */
	bool is_server;
	bool was_live; /* the peer was there once */
	bool gone;     /* and has left; what it wrote before can still be read */
	bool broken;   /* it wrote what cannot be: nothing moves any more */
};

/* The orders that the control page claims. For the client; the server knows what it chose. */
struct ring_orders ring_untrusted_orders(const void *area);

/* area has ring_pages(o) pages. The client's attach makes it live and asks to be told of writes. */
void ring_attach(void *area, struct ring_orders o, bool is_server, struct ring *ret);

/* Ready to read, free to write; 0 if broken. Asks nobody for anything. */
uint32_t ring_ready(struct ring *r);
uint32_t ring_space(struct ring *r);

/* Asks the peer to tell us when it has written or consumed. Look again afterwards. */
void ring_request(struct ring *r, uint8_t what);

/* Move n bytes, at most what ring_ready or ring_space answered last: the peer's index is not read
 * again in between, so that it cannot change its mind. Then ring_owes. */
void ring_read(struct ring *r, void *data, uint32_t n);
void ring_write(struct ring *r, const void *data, uint32_t n);

/* Did the peer ask to be told of this? Forgets that it did. */
bool ring_owes(struct ring *r, uint8_t what);

/* RING_GONE, _LIVE or, for a server, _WAITING. Never live again after it was gone. */
int ring_peer(struct ring *r);
void ring_leave(struct ring *r);
