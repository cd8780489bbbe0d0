/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls that block; see caller.h. */
#include "qrexec/lib/caller.h"
#include "common/text-filter.h"
#include "proto/qrexec.h"
#include "qrexec/lib/answer.h"
#include "vchan/backend.h"
#include "vchan/libvchan.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define REPLY_RING 65536

struct caller {
	int agent; /* open as long as the call lasts */
	libvchan_t *vchan;
	uint32_t version;
	bool gone, answered, broken, have_code;
	int exit_code;
	size_t in_len, reply_len;
	uint8_t in[QREXEC_HEADER_SIZE + QREXEC_CHUNK_MAX];
	uint8_t reply[CALLER_REPLY_MAX];
};

static int connect_agent(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	return TAKE_FD(fd);
}

static int ask(const struct caller *c, const struct caller_plan *plan, struct qrexec_peer *ret) {
	static struct qrexec_msg m = {.type = QREXEC_TRIGGER_SERVICE4};
	static uint8_t buf[QREXEC_MESSAGE_MAX];
	ssize_t n;
	int r;

	if (strlen(plan->service) >= QREXEC_SERVICE_MAX || strlen(plan->target) >= QREXEC_NAME_SIZE)
		return -ENAMETOOLONG;
	memcpy(m.trigger.target, plan->target, strlen(plan->target) + 1);
	memcpy(m.trigger.service, plan->service, strlen(plan->service) + 1);
	memcpy(m.trigger.ident.b, "SOCKET", strlen("SOCKET"));
	n = (ssize_t)qrexec_encode(&m, buf, sizeof(buf));
	if (send(c->agent, buf, (size_t)n, MSG_NOSIGNAL) != n)
		return -errno;
	r = answer_read(c->agent, ret);
	return r == ANSWER_E_REFUSED ? CALLER_E_REFUSED : r ? CALLER_E_PROTOCOL : 0;
}

/* The server's object waits for its client. */
static int wait_for_client(struct caller *c, unsigned seconds) {
	time_t end = time(NULL) + (time_t)seconds;
	int open;

	while ((open = libvchan_is_open(c->vchan)) == VCHAN_WAITING) {
		struct pollfd p = {.fd = libvchan_fd_for_select(c->vchan), .events = POLLIN};
		time_t left = end - time(NULL);

		if (left <= 0 || poll(&p, 1, (int)left * 1000) == 0)
			return CALLER_E_TIMEOUT;
		if (libvchan_wait(c->vchan) < 0)
			return CALLER_E_PROTOCOL;
	}
	return open == VCHAN_CONNECTED || libvchan_data_ready(c->vchan) > 0 ? 0 : CALLER_E_STOP;
}

static void take_stderr(const struct qrexec_msg *m) {
	char shown[4096];
	size_t at = 0;

	while (at < m->data.left) {
		size_t n = m->data.left - at < sizeof(shown) - 1 ? m->data.left - at
								 : sizeof(shown) - 1;

		text_filter_ascii((const char *)m->data.at + at, n, shown, n + 1);
		fprintf(stderr, "%s\n", shown);
		at += n;
	}
}

static void take_stdout(struct caller *c, const struct qrexec_msg *m) {
	size_t room = sizeof(c->reply) - c->reply_len;
	size_t n = m->data.left < room ? m->data.left : room;

	if (n)
		memcpy(c->reply + c->reply_len, m->data.at, n);
	c->reply_len += n;
	c->answered = true;
}

static void take_message(struct caller *c, const struct qrexec_msg *m) {
	switch ((unsigned)m->type) {
	case QREXEC_HELLO:
		c->version = qrexec_agree(QREXEC_VERSION, m->version);
		break;
	case QREXEC_STDERR:
		take_stderr(m);
		break;
	case QREXEC_EXIT_CODE:
		c->have_code = c->answered = true;
		c->exit_code = m->exit_code;
		break;
	default: /* STDOUT, or STDIN in its place; its end alone is no answer */
		if (m->data.left)
			take_stdout(c, m);
		break;
	}
}

/* One whole frame of the buffer; 0 there is none. */
static size_t take_frame(struct caller *c) {
	struct span in = span_over(c->in, c->in_len);
	struct qrexec_header h;
	struct qrexec_msg m;

	if (in.left < QREXEC_HEADER_SIZE)
		return 0;
	if (qrexec_header_decode(QREXEC_FROM_SERVICE, c->version,
		    span_over(span_take(&in, QREXEC_HEADER_SIZE), QREXEC_HEADER_SIZE), &h)) {
		c->broken = true;
		return 0;
	}
	if (in.left < h.len)
		return 0;
	if (qrexec_decode(QREXEC_FROM_SERVICE, &h, span_over(in.at, h.len), &m)) {
		c->broken = true;
		return 0;
	}
	take_message(c, &m);
	return QREXEC_HEADER_SIZE + (size_t)h.len;
}

/* What has come; waits for something if asked to. */
static void take_frames(struct caller *c, bool wait) {
	size_t used;
	int n;

	if (c->gone || c->broken || c->have_code)
		return;
	libvchan_set_blocking(c->vchan, wait);
	n = libvchan_read(c->vchan, c->in + c->in_len, sizeof(c->in) - c->in_len);
	libvchan_set_blocking(c->vchan, 1);
	if (n < 0)
		c->gone = true;
	else
		c->in_len += (size_t)n;
	while (!c->broken && !c->have_code && (used = take_frame(c)) > 0) {
		c->in_len -= used;
		memmove(c->in, c->in + used, c->in_len);
	}
}

static int write_all(struct caller *c, const void *data, size_t size) {
	if (libvchan_write(c->vchan, data, size) == (int)size)
		return 0;
	c->gone = true;
	return CALLER_E_STOP;
}

static int exchange_hello(struct caller *c) {
	uint8_t hello[QREXEC_HEADER_SIZE + 4];
	const struct qrexec_msg m = {.type = QREXEC_HELLO, .version = QREXEC_VERSION};
	size_t n = qrexec_encode(&m, hello, sizeof(hello));

	libvchan_set_blocking(c->vchan, 1);
	if (write_all(c, hello, n))
		return CALLER_E_PROTOCOL;
	while (!c->version && !c->gone && !c->broken)
		take_frames(c, true);
	if (!c->version)
		return CALLER_E_PROTOCOL;
	answer_met(c->agent);
	return 0;
}

static void caller_free_p(struct caller **c) {
	*c = caller_free(*c);
}

int caller_new(const struct caller_plan *plan, struct caller **ret) {
	AUTO(caller_free_p) struct caller *c = calloc(1, sizeof(*c));
	struct qrexec_peer peer;
	int r;

	if (!c)
		return -ENOMEM;
	c->agent = connect_agent(plan->agent_socket);
	if (c->agent < 0)
		return c->agent;
	r = vchan_use(plan->vchan);
	if (!r)
		r = ask(c, plan, &peer);
	if (r)
		return r;
	c->vchan = libvchan_server_init((int)peer.domain, (int)peer.port, REPLY_RING, plan->ring);
	if (!c->vchan)
		return errno ? -errno : -EIO;
	r = wait_for_client(c, plan->seconds);
	if (!r)
		r = exchange_hello(c);
	if (r)
		return r;
	*ret = TAKE(c);
	return 0;
}

struct caller *caller_free(struct caller *c) {
	if (!c)
		return NULL;
	if (c->vchan)
		libvchan_close(c->vchan);
	if (c->agent >= 0)
		close(c->agent);
	free(c);
	return NULL;
}

int caller_write(struct caller *c, const void *data, size_t size) {
	const uint8_t *at = data;
	uint8_t header[QREXEC_HEADER_SIZE];

	while (size > 0) {
		size_t chunk = qrexec_chunk(c->version), n = size < chunk ? size : chunk;

		if (libvchan_data_ready(c->vchan) > 0)
			take_frames(c, false);
		if (c->gone || c->answered || c->broken)
			return CALLER_E_STOP;
		qrexec_header_encode(QREXEC_STDIN, (uint32_t)n, header);
		if (write_all(c, header, sizeof(header)) || write_all(c, at, n))
			return CALLER_E_STOP;
		at += n;
		size -= n;
	}
	return 0;
}

int caller_read(struct caller *c, void *data, size_t size) {
	while (c->reply_len < size && !c->gone && !c->broken && !c->have_code)
		take_frames(c, true);
	if (c->reply_len < size)
		return CALLER_E_STOP;
	memcpy(data, c->reply, size);
	c->reply_len -= size;
	memmove(c->reply, c->reply + size, c->reply_len);
	c->answered = c->reply_len > 0 || c->have_code;
	return 0;
}

int caller_finish(struct caller *c, const void **reply, size_t *size) {
	uint8_t header[QREXEC_HEADER_SIZE];

	qrexec_header_encode(QREXEC_STDIN, 0, header);
	if (!c->gone && !c->broken)
		libvchan_write(c->vchan, header, sizeof(header));
	while (!c->gone && !c->broken && !c->have_code)
		take_frames(c, true);
	*reply = c->reply;
	*size = c->reply_len;
	return c->have_code ? c->exit_code : -1;
}
