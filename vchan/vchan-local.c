/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vchans whose rings and bells bulkhead-hv makes (docs/protocols/hv.md). */
#include "vchan/vchan-local.h"

#include "vchan/hv-link.h"
#include "vchan/ring-vchan.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

static struct hv_link *the_link;

void vchan_local_set_link(struct hv_link *link) {
	hv_link_free(the_link);
	the_link = link;
}

struct hv_link *vchan_local_link(void) {
	return the_link;
}

/* Sends the request; its answer will come on *ret. */
static int send_request(struct hv_request *r, int *ret) {
	int pair[2], answer;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	answer = hv_link_send(the_link, r, pair[1]);
	close(pair[1]);
	if (answer < 0)
		close(pair[0]);
	else
		*ret = pair[0];
	return answer;
}

/* 0 with descriptors for ring_vchan_attach; -EAGAIN: not yet. */
static int receive_ends(int reply, int fds[HV_LINK_FDS]) {
	struct hv_answer a;
	int r = hv_link_receive(reply, &a, fds);

	if (r == 0)
		r = hv_link_errno(a.status);
	if (r == 0 && fds[HV_LINK_FDS - 1] < 0)
		r = -EPROTO;
	for (unsigned i = 0; r < 0 && i < HV_LINK_FDS; i++)
		auto_close(&fds[i]);
	return r;
}

/* hv answers a server at once. */
static int await_ends(int reply, int fds[HV_LINK_FDS]) {
	struct pollfd p = {.fd = reply, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, HV_LINK_PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : -ETIMEDOUT;
	return receive_ends(reply, fds);
}

static int server_new(
	int domain, int port, size_t read_min, size_t write_min, struct libvchan **ret) {
	struct hv_request r = {.type = HV_VCHAN_SERVER, .peer = (uint32_t)domain};
	int reply, fds[HV_LINK_FDS], answer;
	struct ring_orders orders;
	struct ring_vchan *v;

	if (ring_choose(read_min, write_min, &orders))
		return -EINVAL;
	r.vchan.port = (uint32_t)port;
	r.vchan.read_min = (uint32_t)read_min;
	r.vchan.write_min = (uint32_t)write_min;
	answer = send_request(&r, &reply);
	if (answer < 0)
		return answer;
	answer = await_ends(reply, fds);
	close(reply);
	if (answer < 0)
		return answer;
	v = ring_vchan_new(&vchan_local_ops);
	if (!v) {
		for (unsigned i = 0; i < HV_LINK_FDS; i++)
			close(fds[i]);
		return -ENOMEM;
	}
	answer = ring_vchan_attach(v, fds[0], fds[1], fds[2], &orders);
	if (answer < 0)
		ring_vchan_close(&v->base);
	else
		*ret = &v->base;
	return answer;
}

static int client_new(int domain, int port, struct libvchan **ret, int *ret_watch) {
	struct hv_request r = {.type = HV_VCHAN_CLIENT, .peer = (uint32_t)domain};
	struct ring_vchan *v = ring_vchan_new(&vchan_local_ops);
	int answer;

	if (!v)
		return -ENOMEM;
	r.vchan.port = (uint32_t)port;
	answer = send_request(&r, &v->waiting);
	if (answer < 0) {
		ring_vchan_close(&v->base);
		return answer;
	}
	*ret_watch = v->waiting;
	*ret = &v->base;
	return 0;
}

static int client_finish(struct libvchan *base) {
	struct ring_vchan *v = (struct ring_vchan *)(void *)base;
	int fds[HV_LINK_FDS], r;

	if (v->area)
		return 0;
	r = receive_ends(v->waiting, fds);
	if (r == -EAGAIN)
		return 1;
	auto_close(&v->waiting);
	v->waiting = -1;
	return r < 0 ? r : ring_vchan_attach(v, fds[0], fds[1], fds[2], NULL);
}

const struct vchan_ops vchan_local_ops = {
	.server_new = server_new,
	.client_new = client_new,
	.client_finish = client_finish,
	.read = ring_vchan_read,
	.drain = ring_vchan_drain,
	.write = ring_vchan_write,
	.take_events = ring_vchan_take_events,
	.is_open = ring_vchan_is_open,
	.data_ready = ring_vchan_data_ready,
	.buffer_space = ring_vchan_buffer_space,
	.fd = ring_vchan_fd,
	.close = ring_vchan_close,
};
