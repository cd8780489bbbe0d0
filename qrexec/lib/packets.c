/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Broker messages over sockets; see packets.h. */
#include "qrexec/lib/packets.h"

#include "common/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/socket.h>

#define QUEUE_MAX 4096
#define PER_TURN  64

struct packet {
	int fd;
	size_t size;
	uint8_t data[];
};

struct packets {
	GSource source;
	struct packets_plan plan;
	gpointer tag;
	GQueue waiting; /* struct packet */
	bool ended, freed, full;
};

static struct broker_msg incoming; /* one thread, one loop; too large for a stack frame */
static uint8_t in_buf[BROKER_PACKET_MAX], out_buf[BROKER_PACKET_MAX];

static void packet_free(void *data) {
	struct packet *k = data;

	if (k->fd >= 0)
		close(k->fd);
	g_free(k);
}

static void end(struct packets *p, bool bad) {
	if (p->ended)
		return;
	p->ended = true;
	g_source_remove_unix_fd(&p->source, p->tag);
	g_source_set_ready_time(&p->source, -1);
	p->plan.ended(p->plan.data, bad);
}

static int send_now(struct packets *p, const void *data, size_t size, int fd) {
	return packet_send(p->plan.fd, data, size, &fd, fd >= 0 ? 1 : 0, MSG_DONTWAIT);
}

static void flush(struct packets *p) {
	struct packet *k;

	while ((k = g_queue_peek_head(&p->waiting))) {
		int r = send_now(p, k->data, k->size, k->fd);

		if (r == -EAGAIN)
			break;
		packet_free(g_queue_pop_head(&p->waiting));
	}
	if (!p->ended)
		g_source_modify_unix_fd(&p->source, p->tag, k ? G_IO_IN | G_IO_OUT : G_IO_IN);
}

void packets_send(struct packets *p, const struct broker_msg *m, int fd) {
	size_t size = broker_encode(m, out_buf, sizeof(out_buf));
	struct packet *k;

	if (p->ended || size == 0)
		return;
	if (g_queue_is_empty(&p->waiting) && send_now(p, out_buf, size, fd) != -EAGAIN)
		return;
	if (g_queue_get_length(&p->waiting) >= QUEUE_MAX) {
		p->full = true;
		g_source_set_ready_time(&p->source, 0);
		return;
	}
	k = g_malloc(sizeof(*k) + size);
	k->fd = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
	k->size = size;
	memcpy(k->data, out_buf, size);
	g_queue_push_tail(&p->waiting, k);
	g_source_modify_unix_fd(&p->source, p->tag, G_IO_IN | G_IO_OUT);
}

/* One packet: 1 taken, 0 none there, -1 the channel is over. */
static int take_packet(struct packets *p) {
	unsigned n_fds = 1;
	int fd;
	ssize_t n = packet_receive(p->plan.fd, in_buf, sizeof(in_buf), &fd, &n_fds, MSG_DONTWAIT);

	if (n < 0)
		return n == -EAGAIN ? 0 : -1;
	if (n_fds == 0)
		fd = -1;
	if (fd >= 0 && !p->plan.accept_fd) {
		close(fd);
		fd = -1;
	}
	if (n == 0)
		return -1;
	if ((size_t)n > sizeof(in_buf) ||
		broker_decode(p->plan.theirs, span_over(in_buf, (size_t)n), &incoming)) {
		if (fd >= 0)
			close(fd);
		end(p, true);
		return 1;
	}
	p->plan.message(p->plan.data, &incoming, fd);
	return 1;
}

static gboolean packets_dispatch(GSource *source, GSourceFunc callback, gpointer data) {
	struct packets *p = (struct packets *)source;
	int r = 1;

	(void)callback;
	(void)data;
	if (p->ended)
		return G_SOURCE_CONTINUE;
	g_source_ref(source);
	flush(p);
	for (unsigned i = 0; i < PER_TURN && r > 0 && !p->ended; i++)
		r = take_packet(p);
	if (!p->ended && (r < 0 || p->full))
		end(p, false);
	g_source_unref(source);
	return G_SOURCE_CONTINUE;
}

static void packets_finalize(GSource *source) {
	struct packets *p = (struct packets *)source;

	close(p->plan.fd);
	g_queue_clear_full(&p->waiting, packet_free);
}

struct packets *packets_new(const struct packets_plan *plan) {
	static GSourceFuncs funcs = {.dispatch = packets_dispatch, .finalize = packets_finalize};
	struct packets *p = (struct packets *)g_source_new(&funcs, sizeof(struct packets));

	p->plan = *plan;
	g_queue_init(&p->waiting);
	p->tag = g_source_add_unix_fd(&p->source, plan->fd, G_IO_IN);
	g_source_set_can_recurse(
		&p->source, TRUE); /* nothing recurses: saves GLib's wake-ups of each turn */
	g_source_attach(&p->source, g_main_context_get_thread_default());
	return p;
}

struct packets *packets_free(struct packets *p) {
	if (!p || p->freed)
		return NULL;
	p->freed = p->ended = true;
	g_source_destroy(&p->source);
	g_source_unref(&p->source);
	return NULL;
}
