/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams of qrexec messages; see link.h. */
#include "qrexec/lib/link.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_MAX (1u << 20)
#define PER_TURN  64 /* messages, then the other work of the process has its turn */

struct link {
	GSource source;
	struct link_plan plan;
	gpointer tag;
	uint32_t version;
	bool hello_sent, ended, freed;
	bool full; /* the next turn ends it */
	GByteArray *out;
	size_t out_at;
	uint8_t *in;
	size_t in_len, in_room;
};

static ssize_t receive(struct link *l, uint8_t *at, size_t size) {
	ssize_t n;

	if (l->plan.vchan) {
		n = libvchan_read(l->plan.vchan, at, size);
		return n < 0 ? -EPIPE : n == 0 ? -EAGAIN : n;
	}
	n = recv(l->plan.fd, at, size, MSG_DONTWAIT);
	if (n == 0)
		return -EPIPE;
	return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

static ssize_t transmit(struct link *l, const uint8_t *at, size_t size) {
	ssize_t n;

	if (l->plan.vchan) {
		n = libvchan_write(l->plan.vchan, at, size);
		return n < 0 ? -EPIPE : n == 0 ? -EAGAIN : n;
	}
	n = send(l->plan.fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n < 0 ? (errno == EINTR ? -EAGAIN : -errno) : n;
}

static void end(struct link *l, enum link_end why, int answer) {
	if (l->ended)
		return;
	l->ended = true;
	if (l->tag)
		g_source_remove_unix_fd(&l->source, l->tag);
	l->tag = NULL;
	g_source_set_ready_time(&l->source, -1);
	l->plan.ended(l->plan.data, why, answer);
}

static void flush(struct link *l) {
	while (l->out_at < l->out->len) {
		ssize_t n = transmit(l, l->out->data + l->out_at, l->out->len - l->out_at);

		if (n < 0 && n != -EAGAIN) /* what it wrote before it went is still read */
			l->out_at = l->out->len;
		if (n < 0)
			break;
		l->out_at += (size_t)n;
	}
	if (l->out_at == l->out->len) {
		g_byte_array_set_size(l->out, 0);
		l->out_at = 0;
	}
}

static void queue(struct link *l, const uint8_t *data, size_t size) {
	if (l->ended)
		return;
	if (l->out->len - l->out_at + size > QUEUE_MAX) {
		g_source_set_ready_time(&l->source, 0);
		l->out_at = l->out->len;
		l->full = true;
		return;
	}
	g_byte_array_append(l->out, data, (guint)size);
	flush(l);
	if (l->out->len && !l->plan.vchan && l->tag)
		g_source_modify_unix_fd(&l->source, l->tag, G_IO_IN | G_IO_OUT);
}

void link_send(struct link *l, const struct qrexec_msg *m) {
	static uint8_t buf[QREXEC_MESSAGE_MAX]; /* one thread, one loop */
	size_t n = qrexec_encode(m, buf, sizeof(buf));

	if (n)
		queue(l, buf, n);
}

void link_send_peer(struct link *l, const struct qrexec_peer *p) {
	uint8_t buf[QREXEC_PEER_SIZE];

	qrexec_peer_encode(p, buf);
	queue(l, buf, sizeof(buf));
}

static void send_hello(struct link *l) {
	uint32_t v = l->plan.version;

	/* The answer of a younger side is what both speak. */
	if (l->plan.hello == LINK_ANSWER && l->version < v)
		v = l->version;
	l->hello_sent = true;
	link_send(l, &(struct qrexec_msg){.type = QREXEC_HELLO, .version = v});
}

static bool on_body(struct link *l, const struct qrexec_header *h, struct span body) {
	struct qrexec_msg m;
	int r = qrexec_decode(l->plan.theirs, h, body, &m);

	if (r && r != QREXEC_E_REFUSE) {
		end(l, LINK_BAD, r);
		return false;
	}
	if (m.type != QREXEC_HELLO) {
		l->plan.message(l->plan.data, &m, r == QREXEC_E_REFUSE);
		return !l->freed && !l->ended;
	}
	l->version = qrexec_agree(l->plan.version, m.version);
	if (!l->hello_sent)
		send_hello(l);
	if (l->plan.ready)
		l->plan.ready(l->plan.data);
	return !l->freed && !l->ended;
}

static bool make_room(struct link *l, size_t want) {
	uint8_t *in;

	if (want <= l->in_room)
		return true;
	in = realloc(l->in, want);
	if (!in) {
		end(l, LINK_FULL, 0);
		return false;
	}
	l->in = in;
	l->in_room = want;
	return true;
}

/* One whole message at the front of the buffer: true, and it is gone from there. */
static bool take_message(struct link *l, size_t *at) {
	struct span in = span_over(l->in + *at, l->in_len - *at);
	struct qrexec_header h;
	const uint8_t *body;
	int r;

	if (in.left < QREXEC_HEADER_SIZE)
		return false;
	r = qrexec_header_decode(l->plan.theirs, l->version,
		span_over(span_take(&in, QREXEC_HEADER_SIZE), QREXEC_HEADER_SIZE), &h);
	if (r) {
		end(l, LINK_BAD, r);
		return false;
	}
	if (in.left < h.len) {
		make_room(l, QREXEC_HEADER_SIZE + (size_t)h.len);
		return false;
	}
	body = span_take(&in, h.len);
	*at += QREXEC_HEADER_SIZE + (size_t)h.len;
	return on_body(l, &h, span_over(body, h.len));
}

static void take_messages(struct link *l) {
	for (unsigned i = 0; i < PER_TURN && !l->ended;) {
		size_t at = 0;
		ssize_t n;

		while (i < PER_TURN && take_message(l, &at))
			i++;
		if (l->freed)
			return;
		if (at) {
			memmove(l->in, l->in + at, l->in_len - at);
			l->in_len -= at;
		}
		if (l->ended)
			return;
		if (i == PER_TURN)
			break;
		n = receive(l, l->in + l->in_len, l->in_room - l->in_len);
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			end(l, LINK_CLOSED, n == -ECONNRESET ? ECONNRESET : 0);
			return;
		}
		l->in_len += (size_t)n;
	}
	if (!l->ended)
		g_source_set_ready_time(&l->source, 0);
}

static gboolean link_dispatch(GSource *source, GSourceFunc callback, gpointer data) {
	struct link *l = (struct link *)source;

	(void)callback;
	(void)data;
	g_source_set_ready_time(source, -1);
	if (l->ended)
		return G_SOURCE_CONTINUE;
	if (l->full) {
		end(l, LINK_FULL, 0);
		return G_SOURCE_CONTINUE;
	}
	if (l->plan.vchan && g_source_query_unix_fd(source, l->tag) &&
		libvchan_wait(l->plan.vchan) < 0) {
		end(l, LINK_CLOSED, 0);
		return G_SOURCE_CONTINUE;
	}
	g_source_ref(source);
	if (!l->hello_sent && l->plan.hello == LINK_SPEAK)
		send_hello(l);
	flush(l);
	take_messages(l);
	if (!l->freed && !l->ended) {
		flush(l);
		if (!l->plan.vchan)
			g_source_modify_unix_fd(
				source, l->tag, l->out->len ? G_IO_IN | G_IO_OUT : G_IO_IN);
	}
	g_source_unref(source);
	return G_SOURCE_CONTINUE;
}

static void link_finalize(GSource *source) {
	struct link *l = (struct link *)source;

	if (l->plan.vchan)
		libvchan_close(l->plan.vchan);
	else
		close(l->plan.fd);
	g_byte_array_free(l->out, TRUE);
	free(l->in);
}

struct link *link_new(const struct link_plan *plan) {
	static GSourceFuncs funcs = {.dispatch = link_dispatch, .finalize = link_finalize};
	struct link *l = (struct link *)g_source_new(&funcs, sizeof(struct link));
	int fd = plan->vchan ? libvchan_fd_for_select(plan->vchan) : plan->fd;

	l->plan = *plan;
	l->hello_sent = plan->hello == LINK_NO_HELLO;
	l->out = g_byte_array_new();
	l->in_room = 4096 + QREXEC_HEADER_SIZE;
	l->in = g_malloc(l->in_room);
	l->tag = g_source_add_unix_fd(&l->source, fd, G_IO_IN);
	g_source_set_ready_time(&l->source, 0);
	g_source_set_can_recurse(
		&l->source, TRUE); /* nothing recurses: saves GLib's wake-ups of each turn */
	g_source_attach(&l->source, g_main_context_get_thread_default());
	return l;
}

struct link *link_free(struct link *l) {
	if (!l || l->freed)
		return NULL;
	l->freed = l->ended = true;
	g_source_destroy(&l->source);
	g_source_unref(&l->source);
	return NULL;
}

uint32_t link_version(const struct link *l) {
	return l->version;
}
