/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the two ends of a vchan find each other on Xen: granted pages in libxenvchan's layout
 * (vchan/ring.h), an event channel, and the xenstore entry of gui-protocol 1.2. The client believes
 * nothing of it: what the server published is checked, copied once, and may lead nowhere.
 */
#include "vchan/vchan-xen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* In the control page: references of the left ring's pages, then those of the right's. */
#define GRANTS_AT      24
#define GRANTS_MOST    512
#define CLIENT_LIVE_AT 20
#define SERVER_LIVE_AT 21
#define LEAF_MAX       (STORE_PATH_MAX + 16)

static uint32_t own_pages(uint16_t order) {
	return order < 12 ? 0 : 1u << (order - 12);
}

static void unmap(struct xen_vchan *x, void *pages, uint32_t count) {
	if (!pages)
		return;
	/* Xen or the kernel may refuse: then the address range stays lost to us, nothing more. */
	if (x->is_server)
		(void)xengntshr_unshare(xen_gntshr(), pages, count);
	else
		(void)xengnttab_unmap(xen_gnttab(), pages, count);
}

void xen_detach(struct xen_vchan *x) {
	bool attached = x->base.ring.own_live != NULL;

	if (attached)
		ring_leave(&x->base.ring);
	if (attached)
		(void)xenevtchn_notify(x->event, x->port);
	unmap(x, x->left, own_pages(x->orders.left));
	unmap(x, x->right, own_pages(x->orders.right));
	unmap(x, x->base.area, 1);
	if (x->port)
		(void)xenevtchn_unbind(x->event, x->port);
	x->left = x->right = x->base.area = NULL;
	x->port = 0;
	x->base.ring = (struct ring){0};
}

/* Removes our entry, and the client's directory if nothing else is in it. */
void xen_unpublish(struct xen_vchan *x) {
	char above[STORE_PATH_MAX];
	uint32_t tx;
	int r;

	if (!x->published)
		return;
	x->published = false;
	(void)snprintf(above, sizeof(above), "data/vchan/%d", x->peer);
	do {
		if (store_begin(x->store, &tx) < 0)
			return;
		(void)store_erase(x->store, tx, x->path);
		if (store_is_empty(x->store, tx, above) == 1)
			(void)store_erase(x->store, tx, above);
		r = store_commit(x->store, tx);
	} while (r == -EAGAIN);
}

/* Here the larger rings are mappings of their own, not pages behind the control page. */
static void begin_ring(struct xen_vchan *x) {
	struct ring *ring = &x->base.ring;

	ring_attach(x->base.area, x->orders, x->is_server, ring);
	if (x->left)
		*(x->is_server ? &ring->in.data : &ring->out.data) = x->left;
	if (x->right)
		*(x->is_server ? &ring->out.data : &ring->in.data) = x->right;
}

/* ENOSPC is the kernel's limit for the whole domain (xen_gntalloc.limit). */
static int share_error(void) {
	int r = xen_error();

	return r == -ENOSPC ? -EDQUOT : r;
}

static int share_rings(struct xen_vchan *x, uint32_t *ret_ref) {
	uint32_t left = own_pages(x->orders.left), right = own_pages(x->orders.right);
	uint32_t peer = (uint32_t)x->peer, refs[GRANTS_MOST];
	uint8_t *page;

	if (!xen_gntshr())
		return xen_error();
	x->base.area = xengntshr_share_page_notify(
		xen_gntshr(), peer, ret_ref, 1, SERVER_LIVE_AT, x->port);
	if (!x->base.area)
		return share_error();
	if (left)
		x->left = xengntshr_share_pages(xen_gntshr(), peer, (int)left, refs, 1);
	if (left && !x->left)
		return share_error();
	if (right)
		x->right = xengntshr_share_pages(xen_gntshr(), peer, (int)right, refs + left, 1);
	if (right && !x->right)
		return share_error();
	page = x->base.area;
	memset(page, 0, RING_PAGE);
	memcpy(page + GRANTS_AT, refs, (left + right) * sizeof(refs[0]));
	ring_header(x->orders, page);
	return 0;
}

static int write_leaf(struct xen_vchan *x, uint32_t tx, const char *leaf, uint32_t number) {
	char path[LEAF_MAX], value[16];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", x->path, leaf);
	(void)snprintf(value, sizeof(value), "%u", number);
	r = store_write(x->store, tx, path, value);
	return r < 0 ? r : store_share(x->store, tx, path, x->own, x->peer);
}

static int publish(struct xen_vchan *x, uint32_t ref) {
	uint32_t tx;
	int r;

	do {
		r = store_begin(x->store, &tx);
		if (r == 0)
			r = write_leaf(x, tx, "ring-ref", ref);
		if (r == 0)
			r = write_leaf(x, tx, "event-channel", x->port);
		if (r == 0)
			r = store_commit(x->store, tx);
	} while (r == -EAGAIN);
	x->published = r == 0;
	return r;
}

int xen_serve(struct xen_vchan *x, size_t read_min, size_t write_min) {
	xenevtchn_port_or_error_t bound;
	uint32_t ref;
	int r;

	if (ring_choose(read_min, write_min, &x->orders) != 0)
		return -EINVAL;
	bound = xenevtchn_bind_unbound_port(x->event, (uint32_t)x->peer);
	if (bound < 0)
		return xen_error();
	x->port = (evtchn_port_t)bound;
	(void)xenevtchn_unmask(x->event, x->port);
	r = share_rings(x, &ref);
	if (r < 0)
		return r;
	begin_ring(x);
	return publish(x, ref);
}

/* A positive decimal number and nothing else; 0 if it is not one, or not there. */
static int read_leaf(struct xen_vchan *x, const char *leaf, uint32_t *ret) {
	char path[LEAF_MAX], untrusted[16], *end;
	unsigned long n;
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", x->path, leaf);
	r = store_read(x->store, 0, path, untrusted, sizeof(untrusted));
	*ret = 0;
	if (r == -ENOENT || r == -EACCES || r == -EMSGSIZE)
		return 0;
	if (r < 0)
		return r;
	if (untrusted[0] < '1' || untrusted[0] > '9')
		return 0;
	n = strtoul(untrusted, &end, 10);
	if (*end == '\0' && n <= INT32_MAX)
		*ret = (uint32_t)n;
	return 0;
}

/* Left: we write; right: the server does. The references are copied once, the server may change
 * them as we look. */
static bool map_rings(struct xen_vchan *x) {
	uint32_t left = own_pages(x->orders.left), right = own_pages(x->orders.right);
	uint32_t peer = (uint32_t)x->peer, untrusted_refs[GRANTS_MOST];

	memcpy(untrusted_refs, (uint8_t *)x->base.area + GRANTS_AT,
		(left + right) * sizeof(untrusted_refs[0]));
	if (left)
		x->left = xengnttab_map_domain_grant_refs(
			xen_gnttab(), left, peer, untrusted_refs, PROT_READ | PROT_WRITE);
	if (right)
		x->right = xengnttab_map_domain_grant_refs(
			xen_gnttab(), right, peer, untrusted_refs + left, PROT_READ);
	return (!left || x->left) && (!right || x->right);
}

static int map_all(struct xen_vchan *x, uint32_t untrusted_ref, uint32_t untrusted_port) {
	uint32_t peer = (uint32_t)x->peer;
	xenevtchn_port_or_error_t bound;

	bound = xenevtchn_bind_interdomain(x->event, peer, untrusted_port);
	if (bound < 0)
		return 1;
	x->port = (evtchn_port_t)bound;
	(void)xenevtchn_unmask(x->event, x->port);
	x->base.area = xengnttab_map_grant_ref_notify(
		xen_gnttab(), peer, untrusted_ref, PROT_READ | PROT_WRITE, CLIENT_LIVE_AT, x->port);
	if (!x->base.area)
		return 1;
	x->orders = ring_untrusted_orders(x->base.area);
	if (!ring_orders_valid(x->orders))
		return 1;
	return map_rings(x) ? 0 : 1;
}

int xen_attach_client(struct xen_vchan *x) {
	uint32_t untrusted_ref, untrusted_port;
	int r = read_leaf(x, "event-channel", &untrusted_port);

	if (r == 0)
		r = read_leaf(x, "ring-ref", &untrusted_ref);
	if (r < 0)
		return r;
	if (!untrusted_port || !untrusted_ref)
		return 1;
	r = map_all(x, untrusted_ref, untrusted_port);
	if (r != 0) {
		xen_detach(x);
		return r;
	}
	begin_ring(x);
	(void)xenevtchn_notify(x->event, x->port);
	return 0;
}
