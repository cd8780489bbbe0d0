/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/channel.h"

#include "common/packet.h"
#include "proto/view.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>

#define TURN_PACKETS 32

struct out_packet {
	int fd;
	size_t size;
	uint8_t bytes[VIEW_PACKET_MAX];
};

struct channel {
	int socket;
	GSource *source;
	gpointer poll_tag;
	GIOCondition polled;
	const struct channel_user *user;
	void *data;
	GQueue out; /* struct out_packet; more is put into the last */
	size_t queue_max;
	bool full;    /* the socket took no more */
	bool deaf;    /* the other end takes nothing any more; what it said may still be there */
	bool waiting; /* what comes in waits for us */
	bool over;
};

struct channel_source {
	GSource source;
	struct channel *channel;
};

static void out_packet_free(void *data) {
	struct out_packet *p = data;

	auto_close(&p->fd);
	g_free(p);
}

static void end(struct channel *c, int why) {
	if (c->over)
		return;
	c->over = true;
	g_source_remove_unix_fd(c->source, c->poll_tag);
	g_queue_clear_full(&c->out, out_packet_free);
	c->user->on_end(c->data, why);
}

size_t channel_backlog(const struct channel *c) {
	return (size_t)c->out.length * VIEW_PACKET_MAX;
}

void channel_flush(struct channel *c) {
	struct out_packet *p;

	c->full = false;
	while (!c->over && (p = g_queue_peek_head(&c->out))) {
		int r = packet_send(
			c->socket, p->bytes, p->size, &p->fd, p->fd >= 0 ? 1 : 0, MSG_DONTWAIT);

		if (r == -EAGAIN) {
			c->full = true;
			return;
		}
		if (r == -EPIPE || r == -ECONNRESET) {
			c->deaf = true;
			g_queue_clear_full(&c->out, out_packet_free);
			return;
		}
		if (r < 0) {
			end(c, r);
			return;
		}
		out_packet_free(g_queue_pop_head(&c->out));
	}
}

/* Where a message of that size goes; NULL: the channel is over. */
static struct out_packet *packet_for(struct channel *c, size_t size) {
	struct out_packet *p = g_queue_peek_tail(&c->out);

	if (p && p->fd < 0 && size <= sizeof(p->bytes) - p->size)
		return p;
	if (p && !c->full)
		channel_flush(c);
	if (c->over || c->deaf)
		return NULL;
	if (channel_backlog(c) >= c->queue_max) {
		end(c, CHANNEL_E_FULL);
		return NULL;
	}
	p = g_new(struct out_packet, 1);
	p->fd = -1;
	p->size = 0;
	g_queue_push_tail(&c->out, p);
	return p;
}

void channel_put(struct channel *c, const void *bytes, size_t size, int fd) {
	struct out_packet *p;

	g_assert(size > 0 && size <= VIEW_PACKET_MAX); /* else: a message that cannot be written */
	if (c->over || c->deaf)
		return;
	p = packet_for(c, size);
	if (!p)
		return;
	memcpy(p->bytes + p->size, bytes, size);
	p->size += size;
	if (fd < 0)
		return;
	p->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (p->fd < 0)
		end(c, -errno);
}

static int64_t wait_us(const struct channel *c) {
	return c->user->wait_us ? c->user->wait_us(c->data) : 0;
}

/* One packet, if there is one. False: no more now. */
static bool take_packet(struct channel *c) {
	uint8_t bytes[VIEW_PACKET_MAX];
	AUTO(auto_close) int fd = -1;
	unsigned n_fds = 1;
	ssize_t n = packet_receive(c->socket, bytes, sizeof(bytes), &fd, &n_fds, MSG_DONTWAIT);
	int r;

	if (n == -EAGAIN)
		return false;
	if (n == 0 || n == -ECONNRESET)
		r = CHANNEL_E_CLOSED;
	else if (n < 0)
		r = (int)n;
	else if ((size_t)n > sizeof(bytes))
		r = -EMSGSIZE;
	else
		r = c->user->take(c->data, span_over(bytes, (size_t)n), &fd);
	if (r)
		end(c, r);
	return r == 0;
}

static void take_packets(struct channel *c) {
	bool any = false;

	for (int i = 0; i < TURN_PACKETS && !c->over; i++) {
		if (wait_us(c) > 0 || !take_packet(c))
			break;
		any = true;
	}
	if (any && !c->over && c->user->on_turn)
		c->user->on_turn(c->data);
}

static void set_polled(struct channel *c) {
	GIOCondition wanted = (c->waiting ? 0 : G_IO_IN) | (c->full ? G_IO_OUT : 0);

	if (wanted == c->polled)
		return;
	c->polled = wanted;
	g_source_modify_unix_fd(c->source, c->poll_tag, wanted);
}

static gboolean source_prepare(GSource *source, gint *timeout) {
	struct channel *c = ((struct channel_source *)source)->channel;
	int64_t wait;

	*timeout = -1;
	if (c->over)
		return FALSE;
	if (!c->full && c->out.length > 0)
		channel_flush(c);
	if (c->over)
		return FALSE;
	wait = wait_us(c);
	c->waiting = wait > 0;
	if (wait > 0 && wait != CHANNEL_BUSY)
		*timeout = (gint)(wait / 1000 + 1);
	set_polled(c);
	return FALSE;
}

static gboolean source_check(GSource *source) {
	struct channel *c = ((struct channel_source *)source)->channel;

	return !c->over && g_source_query_unix_fd(source, c->poll_tag) != 0;
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data) {
	struct channel *c = ((struct channel_source *)source)->channel;
	GIOCondition got = g_source_query_unix_fd(source, c->poll_tag);

	if (got & G_IO_OUT)
		channel_flush(c);
	/* An end that went while we were busy: what it had said is not waited for. */
	if (!c->over && c->waiting && (got & (G_IO_HUP | G_IO_ERR)))
		end(c, CHANNEL_E_CLOSED);
	if (!c->over && !c->waiting)
		take_packets(c);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
	.prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};

struct channel *channel_new(
	int socket, size_t queue_max, const struct channel_user *user, void *data) {
	struct channel *c = g_new0(struct channel, 1);

	c->socket = socket;
	c->user = user;
	c->data = data;
	c->queue_max = queue_max;
	g_queue_init(&c->out);
	c->source = g_source_new(&source_funcs, sizeof(struct channel_source));
	((struct channel_source *)c->source)->channel = c;
	g_source_set_name(c->source, "channel");
	/* Nothing here runs the loop again; without this GLib wakes itself after every dispatch. */
	g_source_set_can_recurse(c->source, TRUE);
	c->polled = G_IO_IN;
	c->poll_tag = g_source_add_unix_fd(c->source, socket, c->polled);
	g_source_attach(c->source, NULL);
	return c;
}

struct channel *channel_free(struct channel *c) {
	if (!c)
		return NULL;
	c->over = true;
	g_source_destroy(c->source);
	g_source_unref(c->source);
	g_queue_clear_full(&c->out, out_packet_free);
	auto_close(&c->socket);
	g_free(c);
	return NULL;
}
