/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vchan over Xen. Nothing here waits for a peer.
 *
 * The rings say nothing when the peer's whole domain is gone: its kernel is no more there to clear
 * the live byte. So one descriptor (epoll) carries event channel and xenstore watch, and
 * take_events asks whether the domain still lives.
 */
#include "vchan/vchan-xen.h"

#include "vchan/backend.h"
#include "vchan/libvchan.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/gntdev.h>
#include <xentoollog.h>

static void say_nothing(struct xentoollog_logger *logger, xentoollog_level level, int errnoval,
	const char *context, const char *format, va_list al) {
}

static void show_nothing(struct xentoollog_logger *logger, const char *context, const char *what,
	int percent, unsigned long done, unsigned long total) {
}

struct xentoollog_logger *xen_quiet(void) {
	static struct xentoollog_logger quiet = {.vmessage = say_nothing, .progress = show_nothing};

	return &quiet;
}

xengnttab_handle *xen_gnttab(void) {
	static xengnttab_handle *handle;

	if (!handle)
		handle = xengnttab_open(xen_quiet(), 0);
	return handle;
}

xengntshr_handle *xen_gntshr(void) {
	static xengntshr_handle *handle;

	if (!handle)
		handle = xengntshr_open(xen_quiet(), 0);
	return handle;
}

int xen_error(void) {
	return errno > 0 ? -errno : -EIO;
}

static struct xen_vchan *from_base(struct libvchan *v) {
	return (struct xen_vchan *)(void *)v;
}

static int add_to_poll(struct xen_vchan *x, int fd) {
	struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(x->epoll, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static void xen_close(struct libvchan *v) {
	struct xen_vchan *x = from_base(v);

	xen_unpublish(x);
	xen_detach(x);
	if (x->event)
		xenevtchn_close(x->event);
	store_free(x->store);
	auto_close(&x->again);
	auto_close(&x->epoll);
	free(x);
}

static void xen_close_p(struct xen_vchan **x) {
	if (*x)
		xen_close(&(*x)->base.base);
}

static void strike(struct ring_vchan *v) {
	struct xen_vchan *x = from_base(&v->base);

	(void)xenevtchn_notify(x->event, x->port);
}

/* Everything that has to be opened: a client may confine itself before it is connected. */
static int open_all(struct xen_vchan *x) {
	int r = store_open(&x->store);

	if (r < 0)
		return r;
	x->epoll = epoll_create1(EPOLL_CLOEXEC);
	x->again = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	x->event = xenevtchn_open(xen_quiet(), 0);
	if (x->epoll < 0 || x->again < 0 || !x->event)
		return xen_error();
	r = add_to_poll(x, store_fd(x->store));
	if (r == 0)
		r = add_to_poll(x, x->again);
	if (r == 0)
		r = add_to_poll(x, xenevtchn_fd(x->event));
	return r;
}

/* Who we are, and when the other end's domain goes: the admin domain does not before us. */
static int introduce(struct xen_vchan *x) {
	int r = x->peer == 0 ? 0 : store_watch(x->store, "@releaseDomain");

	if (r < 0)
		return r;
	x->own = store_own_domain(x->store);
	return x->own < 0 ? x->own : 0;
}

static int xen_new(int domain, int port, bool is_server, struct xen_vchan **ret) {
	AUTO(xen_close_p) struct xen_vchan *x = NULL;
	int r;

	if (domain > XEN_DOMAIN_MOST)
		return -EINVAL;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->base = (struct ring_vchan){
		.base.ops = &vchan_xen_ops, .ear = -1, .bell = -1, .waiting = -1, .strike = strike};
	x->epoll = x->again = -1;
	x->peer = domain;
	x->is_server = is_server;
	r = open_all(x);
	if (r == 0)
		r = introduce(x);
	if (r < 0)
		return r;
	if (x->own == domain)
		return -EINVAL; /* to oneself: refused, as Xen's own users expect */
	if (is_server)
		(void)snprintf(x->path, sizeof(x->path), "data/vchan/%d/%d", domain, port);
	else
		(void)snprintf(x->path, sizeof(x->path), "/local/domain/%d/data/vchan/%d/%d",
			domain, x->own, port);
	*ret = TAKE(x);
	return 0;
}

/* A request may take in a watch event, even the one that the kernel fires for a new watch before it
 * answers: it must end the next poll all the same. */
static void keep_awake(struct xen_vchan *x) {
	eventfd_t n;

	if (store_changed(x->store))
		(void)eventfd_write(x->again, 1);
	else
		(void)eventfd_read(x->again, &n);
}

static int xen_server_new(
	int domain, int port, size_t read_min, size_t write_min, struct libvchan **ret) {
	AUTO(xen_close_p) struct xen_vchan *x = NULL;
	int r = xen_new(domain, port, true, &x);

	if (r == 0)
		r = xen_serve(x, read_min, write_min);
	if (r < 0)
		return r;
	keep_awake(x);
	*ret = &TAKE(x)->base.base;
	return 0;
}

/* The watch on the leaf fires once at once, so the first poll ends. */
static int xen_client_new(int domain, int port, struct libvchan **ret, int *ret_watch) {
	AUTO(xen_close_p) struct xen_vchan *x = NULL;
	char leaf[STORE_PATH_MAX + 16];
	int r = xen_new(domain, port, false, &x);

	if (r < 0)
		return r;
	if (!xen_gnttab())
		return xen_error();
	(void)snprintf(leaf, sizeof(leaf), "%s/event-channel", x->path);
	r = store_watch(x->store, leaf);
	if (r < 0)
		return r;
	keep_awake(x);
	x->base.waiting = *ret_watch = x->epoll;
	*ret = &TAKE(x)->base.base;
	return 0;
}

static void take_channel_event(struct xen_vchan *x) {
	struct pollfd p = {.fd = xenevtchn_fd(x->event), .events = POLLIN};
	xenevtchn_port_or_error_t port;

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLIN))
		return;
	port = xenevtchn_pending(x->event);
	if (port >= 0)
		(void)xenevtchn_unmask(x->event, (evtchn_port_t)port);
}

static int xen_client_finish(struct libvchan *v) {
	struct xen_vchan *x = from_base(v);
	int r;

	if (x->base.area)
		return 0;
	take_channel_event(x); /* of an attempt that came to nothing */
	(void)store_changed(x->store);
	r = store_domain_lives(x->store, x->peer);
	if (r >= 0)
		r = r ? xen_attach_client(x) : -ENOENT;
	keep_awake(x);
	if (r == 0)
		x->base.waiting = -1;
	return r;
}

static int xen_take_events(struct libvchan *v) {
	struct xen_vchan *x = from_base(v);
	bool again;
	eventfd_t n;

	if (!x->base.area)
		return -1;
	take_channel_event(x);
	if (x->is_server && ring_vchan_is_open(v) != VCHAN_WAITING)
		xen_unpublish(x);
	again = eventfd_read(x->again, &n) == 0;
	if (!store_changed(x->store) && !again)
		return 0;
	if (store_domain_lives(x->store, x->peer) == 0)
		x->base.hung_up = true;
	keep_awake(x);
	return 0;
}

static int xen_fd(struct libvchan *v) {
	return from_base(v)->epoll;
}

const struct vchan_ops vchan_xen_ops = {
	.server_new = xen_server_new,
	.client_new = xen_client_new,
	.client_finish = xen_client_finish,
	.read = ring_vchan_read,
	.drain = ring_vchan_drain,
	.write = ring_vchan_write,
	.take_events = xen_take_events,
	.is_open = ring_vchan_is_open,
	.data_ready = ring_vchan_data_ready,
	.buffer_space = ring_vchan_buffer_space,
	.fd = xen_fd,
	.close = xen_close,
};

/* Connecting, waking the peer, mapping and unmapping its pages. */
static const unsigned long ioctls[] = {IOCTL_EVTCHN_BIND_INTERDOMAIN, IOCTL_EVTCHN_UNBIND,
	IOCTL_EVTCHN_NOTIFY, IOCTL_GNTDEV_MAP_GRANT_REF, IOCTL_GNTDEV_UNMAP_GRANT_REF,
	IOCTL_GNTDEV_GET_OFFSET_FOR_VADDR, IOCTL_GNTDEV_SET_UNMAP_NOTIFY, 0};

int vchan_use_xen(void) {
	if (!xen_gnttab())
		return xen_error();
	backend = (struct backend){
		.vchan = &vchan_xen_ops, .pages = &pages_xen_ops, .ioctls = ioctls};
	return 0;
}
