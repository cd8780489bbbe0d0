/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/channel.h"

#include "common/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_MAX      256
#define PACKETS_A_TURN 32

struct packet {
	int fd;
	size_t size;
	uint8_t data[];
};

struct channel {
	int fd;
	size_t packet_max;
	bool accept_fds, closed;
	const struct channel_handler *handler;
	void *user;
	guint in, out, close_idle;
	GQueue queue;
	uint8_t *buffer;
	bool *freed; /* set while a handler runs */
};

static void packet_free(struct packet *p) {
	auto_close(&p->fd);
	g_free(p);
}

static gboolean on_close_idle(gpointer data) {
	struct channel *c = data;

	c->close_idle = 0;
	c->handler->closed(c->user);
	return G_SOURCE_REMOVE;
}

static void channel_close(struct channel *c) {
	if (c->closed)
		return;
	c->closed = true;
	g_clear_handle_id(&c->in, g_source_remove);
	g_clear_handle_id(&c->out, g_source_remove);
	c->close_idle = g_idle_add_full(G_PRIORITY_DEFAULT, on_close_idle, c, NULL);
}

/* 1 go on, 0 nothing more now, -1 closed or freed. */
static int read_packet(struct channel *c) {
	int fds[CHANNEL_FDS_MAX];
	bool freed = false;
	unsigned n_fds = c->accept_fds ? CHANNEL_FDS_MAX : 0;
	ssize_t n = packet_receive(c->fd, c->buffer, c->packet_max, fds, &n_fds, MSG_DONTWAIT);

	if (n == -EAGAIN)
		return 0;
	if (n <= 0 || (size_t)n > c->packet_max) {
		for (unsigned i = 0; i < n_fds; i++)
			close(fds[i]);
		channel_close(c);
		return -1;
	}
	c->freed = &freed;
	c->handler->packet(c->user, c->buffer, (size_t)n, fds, n_fds);
	if (freed)
		return -1;
	c->freed = NULL;
	return c->closed ? -1 : 1;
}

static gboolean on_readable(gint fd, GIOCondition cond, gpointer data) {
	for (int i = 0; i < PACKETS_A_TURN; i++) {
		int more = read_packet(data);

		if (more < 0)
			return G_SOURCE_REMOVE;
		if (more == 0)
			break;
	}
	return G_SOURCE_CONTINUE;
}

/* 0 sent, 1 would block, -1 broken. */
static int send_now(struct channel *c, const void *data, size_t size, int fd) {
	int r = packet_send(c->fd, data, size, &fd, fd >= 0 ? 1 : 0, MSG_DONTWAIT);

	return r == -EAGAIN || r == -ENOBUFS ? 1 : r < 0 ? -1 : 0;
}

static gboolean on_writable(gint fd, GIOCondition cond, gpointer data) {
	struct channel *c = data;
	struct packet *p;

	while ((p = g_queue_peek_head(&c->queue))) {
		int r = send_now(c, p->data, p->size, p->fd);

		if (r == 1)
			return G_SOURCE_CONTINUE;
		if (r < 0) {
			c->out = 0;
			channel_close(c);
			return G_SOURCE_REMOVE;
		}
		packet_free(g_queue_pop_head(&c->queue));
	}
	c->out = 0;
	return G_SOURCE_REMOVE;
}

static int enqueue(struct channel *c, const void *data, size_t size, int fd) {
	struct packet *p;

	if (c->queue.length >= QUEUE_MAX)
		return -1;
	p = g_malloc(sizeof(*p) + size);
	p->size = size;
	memcpy(p->data, data, size);
	p->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	g_queue_push_tail(&c->queue, p);
	if (!c->out)
		c->out = g_unix_fd_add(c->fd, G_IO_OUT, on_writable, c);
	return fd >= 0 && p->fd < 0 ? -1 : 0;
}

int channel_send(struct channel *c, const void *data, size_t size, int fd) {
	int r;

	if (c->closed)
		return -1;
	r = c->queue.length > 0 ? 1 : send_now(c, data, size, fd);
	if (r == 1)
		r = enqueue(c, data, size, fd);
	if (r < 0)
		channel_close(c);
	return r;
}

int channel_fd(const struct channel *c) {
	return c->fd;
}

struct channel *channel_new(int fd, size_t packet_max, bool accept_fds,
	const struct channel_handler *handler, void *user) {
	struct channel *c = g_new0(struct channel, 1);

	c->fd = fd;
	c->packet_max = packet_max;
	c->accept_fds = accept_fds;
	c->handler = handler;
	c->user = user;
	c->buffer = g_malloc(packet_max);
	g_queue_init(&c->queue);
	c->in = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, c);
	return c;
}

struct channel *channel_free(struct channel *c) {
	if (!c)
		return NULL;
	if (c->freed)
		*c->freed = true;
	g_clear_handle_id(&c->in, g_source_remove);
	g_clear_handle_id(&c->out, g_source_remove);
	g_clear_handle_id(&c->close_idle, g_source_remove);
	g_queue_clear_full(&c->queue, (GDestroyNotify)packet_free);
	auto_close(&c->fd);
	g_free(c->buffer);
	g_free(c);
	return NULL;
}
