/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains: an id that is never given twice, a listening socket, accounts. */
#include "domains/hv/conn.h"
#include "domains/hv/foreign.h"
#include "domains/hv/memory.h"
#include "domains/hv/vchans.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#define REFUSALS_TOLD 8 /* then only every power of two */

struct domain *domain_find(struct hv *hv, uint32_t id) {
	struct domain *d = id == HV_DOMAIN_ADMIN ? &hv->admin : hv->domains;

	while (d && d->id != id)
		d = d->next;
	return d;
}

void domain_refused(struct domain *d, const char *what) {
	struct pollfd log = {.fd = STDERR_FILENO, .events = POLLOUT};
	unsigned n = ++d->refusals;
	char line[160];
	int len;

	if (n > REFUSALS_TOLD && (n & (n - 1)) != 0)
		return;
	len = snprintf(line, sizeof(line),
		"bulkhead-hv: domain %u: connection ended: it sent %s (%u so far)\n", d->id, what,
		n);
	/* A log that nobody reads is not waited for. */
	if (poll(&log, 1, 0) == 1 && log.revents & POLLOUT && write(log.fd, line, (size_t)len) < 0)
		d->refusals = n;
}

/* A domain at its limit is not served: whoever connects waits in the socket's queue. */
static void pause_listener(struct domain *d) {
	d->paused = true;
	watch_events(&d->listener, 0);
}

void domain_resume(struct domain *d) {
	if (!d->paused || d->listener.fd < 0)
		return;
	d->paused = false;
	watch_events(&d->listener, EPOLLIN);
}

static void on_connect(struct watch *w, uint32_t events) {
	struct domain *d = (struct domain *)(void *)w;
	struct quota *q = &d->own.connections;
	int fd;

	if (q->used == q->limit) {
		pause_listener(d);
		return;
	}
	fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0 && conn_new(w->hv, fd, DOMAIN, d, NULL) == 0)
		return;
	if (fd >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		pause_listener(d);
		hv_sweep_soon(w->hv); /* and then listens again */
	}
}

static void account_init(struct account *a, const struct hv_request *r, uint32_t fds) {
	a->pages.limit = r->quota.max_pages;
	a->vchans.limit = r->quota.max_vchans;
	a->connections.limit = r->quota.max_connections;
	a->fds.limit = fds;
}

static void account_deinit(struct hv *hv, struct account *a) {
	memory_free_all(hv, a);
	assert(a->pages.used == 0 && a->vchans.used == 0 && a->connections.used == 0 &&
		a->fds.used == 0);
}

static uint32_t choose_id(struct hv *hv, uint32_t wanted) {
	uint32_t id = wanted ? wanted : hv->last_id + 1;

	return id > hv->last_id && id <= HV_DOMAIN_MAX ? id : 0;
}

enum hv_status domain_create(
	struct hv *hv, const struct hv_request *r, int listener, uint32_t *ret_id) {
	uint32_t id = choose_id(hv, r->peer), fds = hv->fds_per_domain;
	struct domain *d = NULL;
	enum hv_status status = id ? HV_OK : r->peer ? HV_E_BUSY : HV_E_HOST;

	/* every domain can have its share of descriptors at once */
	if (status == HV_OK && (hv->domain_count + 2) * fds > hv->fd_limit)
		status = HV_E_HOST;
	if (status == HV_OK && fcntl(listener, F_SETFL, O_NONBLOCK) < 0)
		status = HV_E_HOST;
	if (status == HV_OK && !(d = calloc(1, sizeof(*d))))
		status = HV_E_HOST;
	if (status == HV_OK) {
		d->listener = (struct watch){.hv = hv, .fd = -1, .ready = on_connect};
		if (watch_start(&d->listener, hv, listener, EPOLLIN) < 0)
			status = HV_E_HOST;
	}
	if (status != HV_OK) {
		free(d);
		close(listener);
		return status;
	}
	d->id = hv->last_id = id;
	account_init(&d->own, r, fds - fds / 4);
	account_init(&d->admin, r, fds / 4);
	d->next = hv->domains;
	hv->domains = d;
	hv->domain_count++;
	*ret_id = id;
	return HV_OK;
}

/* Who stands in the queue may have sent something already. */
static void close_listener(struct domain *d) {
	int fd = watch_stop(&d->listener), waiting;

	while ((waiting = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		foreign_close(waiting);
	close(fd);
}

void domain_destroy(struct hv *hv, struct domain *d) {
	struct domain **at = &hv->domains;

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	hv->domain_count--;
	close_listener(d);
	while (d->conns)
		conn_free(d->conns);
	vchans_end(hv, d->id);
	account_deinit(hv, &d->own);
	account_deinit(hv, &d->admin);
	assert(d->shares.count == 0);
	free(d->shares.at);
	free(d);
}
