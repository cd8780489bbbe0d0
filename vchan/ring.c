/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vchan/ring.h"

#include <assert.h>
#include <string.h>

/* Offsets in the control page. */
enum {
	AT_LEFT_CONS = 0,
	AT_LEFT_PROD = 4,
	AT_RIGHT_CONS = 8,
	AT_RIGHT_PROD = 12,
	AT_LEFT_ORDER = 16,
	AT_RIGHT_ORDER = 18,
	AT_CLIENT_LIVE = 20,
	AT_SERVER_LIVE = 21,
	AT_CLIENT_NOTIFY = 22,
	AT_SERVER_NOTIFY = 23
};

#define ORDER_PAGED 12 /* from here on a ring has pages of its own */

static uint16_t order_for(size_t size) {
	uint16_t order = ORDER_PAGED;

	while (((size_t)1 << order) < size)
		order++;
	return order;
}

int ring_choose(size_t server_read, size_t server_write, struct ring_orders *ret) {
	const size_t most = (size_t)1 << RING_ORDER_MOST;
	size_t l = server_read, r = server_write;

	if (l == 0 || l > most || r == 0 || r > most)
		return 1;
	if (l <= 1024 && r <= 2048)
		*ret = (struct ring_orders){10, 11};
	else if (l <= 2048 && r <= 1024)
		*ret = (struct ring_orders){11, 10};
	else if (l <= 2048)
		*ret = (struct ring_orders){11, order_for(r)};
	else if (r <= 2048)
		*ret = (struct ring_orders){order_for(l), 11};
	else
		*ret = (struct ring_orders){order_for(l), order_for(r)};
	return 0;
}

bool ring_orders_valid(struct ring_orders o) {
	if (o.left < RING_ORDER_LEAST || o.left > RING_ORDER_MOST)
		return false;
	if (o.right < RING_ORDER_LEAST || o.right > RING_ORDER_MOST)
		return false;
	return o.left != o.right || o.left >= ORDER_PAGED;
}

static size_t half_pages(uint16_t order) {
	return order < ORDER_PAGED ? 0 : (size_t)1 << (order - ORDER_PAGED);
}

size_t ring_pages(struct ring_orders o) {
	return 1 + half_pages(o.left) + half_pages(o.right);
}

void ring_header(struct ring_orders o, uint8_t ret[RING_HEADER_SIZE]) {
	memset(ret, 0, RING_HEADER_SIZE);
	ret[AT_LEFT_ORDER] = (uint8_t)o.left;
	ret[AT_RIGHT_ORDER] = (uint8_t)o.right;
	ret[AT_CLIENT_LIVE] = RING_WAITING;
	ret[AT_SERVER_LIVE] = RING_LIVE;
	ret[AT_CLIENT_NOTIFY] = RING_WRITTEN;
}

struct ring_orders ring_untrusted_orders(const void *area) {
	const uint8_t *page = area;

	return (struct ring_orders){
		__atomic_load_n(
			(const uint16_t *)(const void *)(page + AT_LEFT_ORDER), __ATOMIC_RELAXED),
		__atomic_load_n(
			(const uint16_t *)(const void *)(page + AT_RIGHT_ORDER), __ATOMIC_RELAXED)};
}

/* Orders below 12 lie in the control page, at the offset that is their size. */
static struct ring_half half_at(
	uint8_t *page, unsigned index_at, uint16_t order, size_t first_page) {
	size_t at = order < ORDER_PAGED ? (size_t)1 << order : first_page * RING_PAGE;

	return (struct ring_half){.cons = (uint32_t *)(void *)(page + index_at),
		.prod = (uint32_t *)(void *)(page + index_at + 4),
		.data = page + at,
		.size = 1u << order};
}

void ring_attach(void *area, struct ring_orders o, bool is_server, struct ring *ret) {
	uint8_t *page = area;
	struct ring_half left = half_at(page, AT_LEFT_CONS, o.left, 1);
	struct ring_half right = half_at(page, AT_RIGHT_CONS, o.right, 1 + half_pages(o.left));

	*ret = (struct ring){.in = is_server ? left : right,
		.out = is_server ? right : left,
		.own_live = page + (is_server ? AT_SERVER_LIVE : AT_CLIENT_LIVE),
		.peer_live = page + (is_server ? AT_CLIENT_LIVE : AT_SERVER_LIVE),
		.own_notify = page + (is_server ? AT_SERVER_NOTIFY : AT_CLIENT_NOTIFY),
		.peer_notify = page + (is_server ? AT_CLIENT_NOTIFY : AT_SERVER_NOTIFY),
		.is_server = is_server};
	if (!is_server) {
		__atomic_fetch_or(ret->peer_notify, RING_WRITTEN, __ATOMIC_SEQ_CST);
		__atomic_store_n(ret->own_live, RING_LIVE, __ATOMIC_RELEASE);
	}
}

/* Bytes between the indices, bounded by the size whatever the peer wrote. */
static uint32_t distance(struct ring *r, uint32_t prod, uint32_t cons, uint32_t size) {
	uint32_t n = prod - cons;

	if (n > size)
		r->broken = true;
	return r->broken ? 0 : n;
}

uint32_t ring_ready(struct ring *r) {
	uint32_t untrusted_prod = __atomic_load_n(r->in.prod, __ATOMIC_ACQUIRE);

	return distance(r, untrusted_prod, r->in.own, r->in.size);
}

uint32_t ring_space(struct ring *r) {
	uint32_t untrusted_cons = __atomic_load_n(r->out.cons, __ATOMIC_ACQUIRE);
	uint32_t used = distance(r, r->out.own, untrusted_cons, r->out.size);

	return r->broken ? 0 : r->out.size - used;
}

void ring_request(struct ring *r, uint8_t what) {
	__atomic_fetch_or(r->peer_notify, what, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Where index lies, and how many bytes follow before the end of the ring. */
static uint32_t first_part(const struct ring_half *h, uint32_t n, uint32_t *ret_at) {
	uint32_t at = h->own & (h->size - 1), until_end = h->size - at;

	*ret_at = at;
	return n < until_end ? n : until_end;
}

void ring_read(struct ring *r, void *data, uint32_t n) {
	uint32_t at, part = first_part(&r->in, n, &at);

	assert(n <= r->in.size);
	memcpy(data, r->in.data + at, part);
	memcpy((uint8_t *)data + part, r->in.data, n - part);
	r->in.own += n;
	__atomic_store_n(r->in.cons, r->in.own, __ATOMIC_RELEASE);
}

void ring_write(struct ring *r, const void *data, uint32_t n) {
	uint32_t at, part = first_part(&r->out, n, &at);

	assert(n <= r->out.size);
	memcpy(r->out.data + at, data, part);
	memcpy(r->out.data, (const uint8_t *)data + part, n - part);
	r->out.own += n;
	__atomic_store_n(r->out.prod, r->out.own, __ATOMIC_RELEASE);
}

bool ring_owes(struct ring *r, uint8_t what) {
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(r->own_notify, __ATOMIC_RELAXED) & what))
		return false;
	return __atomic_fetch_and(r->own_notify, (uint8_t)~what, __ATOMIC_SEQ_CST) & what;
}

int ring_peer(struct ring *r) {
	uint8_t untrusted_live = __atomic_load_n(r->peer_live, __ATOMIC_ACQUIRE);

	if (r->broken || r->gone)
		return RING_GONE;
	if (untrusted_live == RING_WAITING && r->is_server && !r->was_live)
		return RING_WAITING;
	r->was_live = true;
	r->gone = untrusted_live != RING_LIVE;
	return r->gone ? RING_GONE : RING_LIVE;
}

void ring_leave(struct ring *r) {
	__atomic_store_n(r->own_live, RING_GONE, __ATOMIC_RELEASE);
}
