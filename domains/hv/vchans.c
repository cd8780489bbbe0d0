/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv/vchans.h"

#include "domains/hv/foreign.h"
#include "domains/hv/memory.h"
#include "vchan/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

struct key {
	uint32_t server, client, port;
};

/* A server, from its request until a client came. */
struct offer {
	struct watch
		watch; /* first; the reply socket while the ring is made, then the client's ear */
	struct offer *next;
	struct key key;
	uint32_t request;
	struct ring_orders orders;
	struct memory *memory;
	int bell; /* the client's; -1 while the ring is made */
};

/* A client, until there is a server. */
struct wait {
	struct watch watch; /* first; the reply socket */
	struct wait *next;
	struct key key;
	uint32_t request;
	struct charge slot, fds;
};

static bool same(struct key a, struct key b) {
	return a.server == b.server && a.client == b.client && a.port == b.port;
}

static void reply_and_close(int reply, uint32_t id, enum hv_status status) {
	struct hv_answer a = {.id = id, .status = status};

	/* Who does not take the answer sees the socket close. */
	if (answer_send(reply, &a, NULL, 0) < 0)
		errno = 0;
	foreign_close(reply);
}

static void wait_free(struct wait *w) {
	struct wait **at = &w->watch.hv->waits;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
	foreign_close(watch_stop(&w->watch));
	charge_release(&w->slot);
	charge_release(&w->fds);
	free(w);
}

static void offer_free(struct offer *o) {
	struct offer **at = &o->watch.hv->offers;

	while (*at && *at != o)
		at = &(*at)->next;
	if (*at)
		*at = o->next;
	foreign_close(watch_stop(&o->watch));
	auto_close(&o->bell);
	if (o->memory && o->memory->state == MEMORY_READY)
		memory_let_go(o->memory);
	else if (o->memory)
		memory_free(o->memory);
	free(o);
}

/* The other side closed its end: of a reply socket, or of the pipe that the client would hear. */
static void on_offer_ready(struct watch *w, uint32_t events) {
	offer_free((struct offer *)(void *)w);
}

static void on_wait_ready(struct watch *w, uint32_t events) {
	wait_free((struct wait *)(void *)w);
}

static struct offer *find_offer(struct hv *hv, struct key key) {
	struct offer *o = hv->offers;

	while (o && !same(o->key, key))
		o = o->next;
	return o;
}

/* A server that just died may not have come to our ears yet. */
static bool is_dead(const struct offer *o) {
	struct pollfd p = {.fd = o->watch.fd};

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

/* Sends ring and pipes; the offer ends when the client took it. */
static bool hand_over(struct offer *o, int reply, uint32_t request) {
	struct hv_answer a = {.id = request};
	int fds[3] = {o->memory->rw, o->watch.fd, o->bell};

	if (answer_send(reply, &a, fds, 3) < 0)
		return false;
	offer_free(o);
	return true;
}

/* The one that has waited longest stands last. */
static struct wait *find_wait(struct hv *hv, struct key key) {
	struct wait *found = NULL;

	for (struct wait *w = hv->waits; w; w = w->next)
		if (same(w->key, key))
			found = w;
	return found;
}

static void serve_waiting(struct offer *o) {
	struct hv *hv = o->watch.hv;
	struct key key = o->key;
	bool taken = false;
	struct wait *w;

	while (!taken && (w = find_wait(hv, key))) {
		taken = hand_over(o, w->watch.fd, w->request);
		wait_free(w);
	}
}

/* Two pipes: ret[0], ret[1] the server's ear and bell, ret[2], ret[3] the client's. */
static bool make_bells(int ret[4]) {
	int to_server[2], to_client[2];

	if (pipe2(to_server, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	if (pipe2(to_client, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(to_server[0]);
		close(to_server[1]);
		return false;
	}
	fcntl(to_server[1], F_SETPIPE_SZ, RING_PAGE);
	fcntl(to_client[1], F_SETPIPE_SZ, RING_PAGE);
	ret[0] = to_server[0];
	ret[1] = to_client[1];
	ret[2] = to_client[0];
	ret[3] = to_server[1];
	return true;
}

/* The server gets its ends, and the watch turns to the client's ear, which hangs up when the server
 * dies. The ring is ready before either end sees it. */
static bool open_offer(struct offer *o) {
	struct hv *hv = o->watch.hv;
	struct hv_answer a = {.id = o->request};
	uint8_t header[RING_HEADER_SIZE];
	int ends[4], sent;

	ring_header(o->orders, header);
	if (pwrite(o->memory->rw, header, sizeof(header), 0) != sizeof(header) || !make_bells(ends))
		return false;
	sent = answer_send(o->watch.fd, &a, (int[]){o->memory->rw, ends[0], ends[1]}, 3);
	close(ends[0]);
	close(ends[1]);
	foreign_close(watch_stop(&o->watch));
	o->bell = ends[3];
	if (sent == 0 && watch_start(&o->watch, hv, ends[2], 0) == 0)
		return true;
	close(ends[2]);
	return false;
}

static void on_filled(struct memory *m, enum hv_status status) {
	struct offer *o = m->owner;

	if (status == HV_OK && open_offer(o)) {
		serve_waiting(o);
		return;
	}
	if (o->watch.fd >= 0)
		reply_and_close(watch_stop(&o->watch), o->request, HV_E_HOST);
	offer_free(o);
}

static enum hv_status offer_new(struct conn *c, const struct hv_request *r, int reply) {
	struct hv *hv = c->watch.hv;
	struct key key = {c->domain->id, r->peer, r->vchan.port};
	struct offer *o = find_offer(hv, key);
	enum hv_status status;

	if (o && !is_dead(o))
		return HV_E_BUSY;
	if (o)
		offer_free(o);
	o = calloc(1, sizeof(*o));
	if (!o)
		return HV_E_HOST;
	o->watch = (struct watch){.hv = hv, .fd = -1, .ready = on_offer_ready};
	o->key = key;
	o->request = r->id;
	o->bell = -1;
	if (ring_choose(r->vchan.read_min, r->vchan.write_min, &o->orders))
		status = HV_E_REQUEST;
	else
		status = memory_new(
			hv, c->account, (uint32_t)ring_pages(o->orders), true, &o->memory);
	if (status == HV_OK && watch_start(&o->watch, hv, reply, 0) < 0)
		status = HV_E_HOST;
	if (status != HV_OK) {
		offer_free(o);
		return status;
	}
	o->memory->filled = on_filled;
	o->memory->owner = o;
	o->next = hv->offers;
	hv->offers = o;
	return HV_OK;
}

static enum hv_status wait_new(
	struct conn *c, const struct hv_request *r, struct key key, int reply) {
	struct hv *hv = c->watch.hv;
	struct wait *w = calloc(1, sizeof(*w));
	enum hv_status status = HV_OK;

	if (!w)
		return HV_E_HOST;
	w->watch = (struct watch){.hv = hv, .fd = -1, .ready = on_wait_ready};
	w->key = key;
	w->request = r->id;
	if (quota_take(&c->account->vchans, 1, &w->slot) ||
		quota_take(&c->account->fds, 1, &w->fds))
		status = HV_E_QUOTA;
	else if (watch_start(&w->watch, hv, reply, 0) < 0)
		status = HV_E_HOST;
	if (status != HV_OK) {
		wait_free(w);
		return status;
	}
	w->next = hv->waits;
	hv->waits = w;
	return HV_OK;
}

static bool reply_is_good(struct conn *c, int reply) {
	if (foreign_is_seqpacket(reply, false))
		return true;
	foreign_close(reply);
	conn_drop(c, "a descriptor of another kind than a reply socket");
	return false;
}

void vchans_on_server(struct conn *c, const struct hv_request *r, int reply) {
	enum hv_status status = HV_E_NO_DOMAIN;

	if (!reply_is_good(c, reply))
		return;
	if (domain_find(c->watch.hv, r->peer))
		status = offer_new(c, r, reply);
	if (status != HV_OK)
		reply_and_close(reply, r->id, status);
}

void vchans_on_client(struct conn *c, const struct hv_request *r, int reply) {
	struct hv *hv = c->watch.hv;
	struct key key = {r->peer, c->domain->id, r->vchan.port};
	enum hv_status status = HV_E_NO_DOMAIN;
	struct offer *o;

	if (!reply_is_good(c, reply))
		return;
	o = find_offer(hv, key);
	if (o && o->bell >= 0 && is_dead(o)) {
		offer_free(o);
		o = NULL;
	}
	if (o && o->bell >= 0 && hand_over(o, reply, r->id)) {
		foreign_close(reply);
		return;
	}
	if (domain_find(hv, r->peer))
		status = wait_new(c, r, key, reply);
	if (status != HV_OK)
		reply_and_close(reply, r->id, status);
}

static bool concerns(struct key k, uint32_t domain) {
	return k.server == domain || k.client == domain;
}

void vchans_end(struct hv *hv, uint32_t domain) {
	struct offer *next_offer;
	struct wait *next_wait;

	for (struct offer *o = hv->offers; o; o = next_offer) {
		next_offer = o->next;
		if (concerns(o->key, domain))
			offer_free(o);
	}
	for (struct wait *w = hv->waits; w; w = next_wait) {
		struct hv_answer a = {.id = w->request, .status = HV_E_NO_DOMAIN};

		next_wait = w->next;
		if (!concerns(w->key, domain))
			continue;
		if (answer_send(w->watch.fd, &a, NULL, 0) < 0)
			errno = 0; /* it sees the socket close */
		wait_free(w);
	}
}
