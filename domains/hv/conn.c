/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv/conn.h"

#include "common/packet.h"
#include "domains/hv/foreign.h"
#include "domains/hv/memory.h"
#include "domains/hv/share.h"
#include "domains/hv/vchans.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define CONN_FDS   2 /* itself, and memory on its way to it */
#define SWEEP_EACH 4 /* held ones looked at with every request */

int answer_send(int socket, const struct hv_answer *a, const int *fds, unsigned n) {
	uint8_t data[HV_MESSAGE_SIZE];

	hv_encode_answer(a, data);
	return packet_send(socket, data, sizeof(data), fds, n, MSG_DONTWAIT);
}

bool conn_answer(struct conn *c, uint32_t id, enum hv_status status, uint32_t value, int send_fd) {
	struct hv_answer a = {.id = id, .status = status, .value = value};

	if (answer_send(c->watch.fd, &a, &send_fd, send_fd >= 0 ? 1 : 0) == 0)
		return true;
	conn_free(c);
	return false;
}

void conn_drop(struct conn *c, const char *why) {
	if (c->only || c->domain)
		domain_refused(c->only ? c->only : c->domain, why);
	conn_free(c);
}

static void on_domain_create(struct conn *c, const struct hv_request *r, int fd) {
	enum hv_status status = HV_E_REQUEST;
	uint32_t id = 0;

	if (foreign_is_seqpacket(fd, true))
		status = domain_create(c->watch.hv, r, fd, &id);
	else
		close(fd);
	conn_answer(c, r->id, status, id, -1);
}

static void on_domain_destroy(struct conn *c, const struct hv_request *r, int fd) {
	struct domain *d = domain_find(c->watch.hv, r->peer);

	if (d)
		domain_destroy(c->watch.hv, d);
	conn_answer(c, r->id, d ? HV_OK : HV_E_NO_DOMAIN, 0, -1);
}

static void on_admit(struct conn *c, const struct hv_request *r, int fd) {
	struct hv *hv = c->watch.hv;
	struct domain *d = domain_find(hv, r->peer);
	enum hv_status status = HV_OK;

	if (!d || !foreign_is_seqpacket(fd, false)) {
		status = d ? HV_E_REQUEST : HV_E_NO_DOMAIN;
		close(fd);
	} else {
		int e = conn_new(hv, fd, ADMITTED, &hv->admin, d);

		status = e == -EDQUOT ? HV_E_QUOTA : e < 0 ? HV_E_HOST : HV_OK;
	}
	conn_answer(c, r->id, status, 0, -1);
}

static void on_domain_next(struct conn *c, const struct hv_request *r, int fd) {
	uint32_t found = 0;

	for (struct domain *d = c->watch.hv->domains; d; d = d->next)
		if (d->id > r->peer && (found == 0 || d->id < found))
			found = d->id;
	conn_answer(c, r->id, found ? HV_OK : HV_E_NO_DOMAIN, found, -1);
}

/* Who may ask what, and whether a descriptor comes with it. No row, no service. */
static const struct {
	unsigned speakers;
	bool with_fd;
	void (*fn)(struct conn *c, const struct hv_request *r, int fd);
} services[] = {
	[HV_VCHAN_SERVER] = {DOMAIN | ADMITTED, true, vchans_on_server},
	[HV_VCHAN_CLIENT] = {DOMAIN | ADMITTED, true, vchans_on_client},
	[HV_PAGES_SHARE] = {DOMAIN | ADMITTED, false, share_on_share},
	[HV_PAGES_UNSHARE] = {DOMAIN | ADMITTED, false, share_on_unshare},
	[HV_PAGES_MAP] = {DOMAIN | ADMITTED, false, share_on_map},
	[HV_DOMAIN_CREATE] = {MANAGER, true, on_domain_create},
	[HV_DOMAIN_DESTROY] = {MANAGER, false, on_domain_destroy},
	[HV_ADMIT] = {MANAGER, true, on_admit},
	[HV_DOMAIN_NEXT] = {MANAGER, false, on_domain_next},
};

/* NULL: may be served. Otherwise what is wrong with it. */
static const char *objection(const struct conn *c, const struct hv_request *r, bool with_fd) {
	if (!(services[r->type].speakers & c->speaker))
		return "a request that it may not make";
	if (services[r->type].with_fd != with_fd)
		return with_fd ? "a descriptor that nobody asked for" : "no descriptor";
	if (c->domain && r->type != HV_PAGES_UNSHARE && r->peer == c->domain->id)
		return "a request about itself";
	if (c->only && r->type != HV_PAGES_UNSHARE && r->peer != c->only->id)
		return "a request about another domain than its own";
	return NULL;
}

static void serve(struct conn *c, const uint8_t *data, size_t size, int fd, unsigned fds) {
	struct hv_request r;
	const char *wrong = NULL;
	int unread = 0;

	if (fds > 1)
		wrong = "more than one descriptor";
	else if (hv_decode_request(span_over(data, size), &r))
		wrong = "a malformed request";
	else if (ioctl(c->watch.fd, SIOCOUTQ, &unread) < 0 || unread > 0)
		wrong = "a request before it read the last answer";
	else
		wrong = objection(c, &r, fds == 1);
	if (wrong) {
		foreign_close(fd);
		conn_drop(c, wrong);
		return;
	}
	if (c->account)
		memory_sweep(c->account, SWEEP_EACH);
	services[r.type].fn(c, &r, fd);
}

static void on_ready(struct watch *w, uint32_t events) {
	struct conn *c = (struct conn *)(void *)w;
	uint8_t data[HV_MESSAGE_SIZE];
	unsigned fds;
	ssize_t n;
	int fd;

	if (!(events & EPOLLIN)) {
		conn_free(c);
		return;
	}
	n = foreign_receive(w->fd, data, sizeof(data), &fd, &fds);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0) {
		if (n == 0)
			foreign_close(fd);
		conn_free(c);
		return;
	}
	if (n != sizeof(data)) {
		foreign_close(fd);
		conn_drop(c, "a message of another length than 32 bytes");
		return;
	}
	serve(c, data, sizeof(data), fd, fds);
}

static struct conn **list_for(struct hv *hv, enum speaker speaker, struct domain *d) {
	return speaker == MANAGER ? &hv->managers : &d->conns;
}

int conn_new(
	struct hv *hv, int fd, enum speaker speaker, struct domain *domain, struct domain *only) {
	struct conn *c = calloc(1, sizeof(*c));
	struct domain *of = only ? only : domain;
	int r = 0;

	if (!c) {
		foreign_close(fd);
		return -ENOMEM;
	}
	c->watch = (struct watch){.hv = hv, .fd = -1, .ready = on_ready};
	c->speaker = speaker;
	c->domain = domain;
	c->only = only;
	if (of)
		c->account = only ? &of->admin : &of->own;
	if (c->account && (quota_take(&c->account->connections, 1, &c->slot) ||
				  quota_take(&c->account->fds, CONN_FDS, &c->fds)))
		r = -EDQUOT;
	if (r == 0)
		r = watch_start(&c->watch, hv, fd, EPOLLIN);
	if (r < 0) {
		foreign_close(fd);
		conn_free(c);
		return r;
	}
	c->list = list_for(hv, speaker, of);
	c->next = *c->list;
	*c->list = c;
	hv->manager_count += speaker == MANAGER;
	return 0;
}

struct conn *conn_free(struct conn *c) {
	struct hv *hv = c->watch.hv;
	struct domain *of = c->only ? c->only : c->domain;

	if (c->list) {
		struct conn **at = c->list;

		while (*at != c)
			at = &(*at)->next;
		*at = c->next;
		hv->manager_count -= c->speaker == MANAGER;
	}
	share_free_all(c);
	foreign_close(watch_stop(&c->watch));
	charge_release(&c->slot);
	charge_release(&c->fds);
	if (of && !c->only)
		domain_resume(of);
	if (c->account && c->account->held)
		hv_sweep_soon(hv);
	free(c);
	return NULL;
}
