/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/link.h"

#include <errno.h>
#include <glib.h>

#define TURN_PIECES 128
#define TURN_BYTES  (512u << 10)
#define PIECE_KEPT  (16u << 10) /* a larger buffer is given back after its piece */

struct link {
	libvchan_t *vchan;
	GSource *source;
	gpointer poll_tag;
	const struct link_user *user;
	void *data;
	size_t piece_max, queue_max;
	uint8_t *piece;
	size_t piece_size, piece_have;
	GByteArray *queue;
	size_t queue_sent;
	bool open, more, over;
};

struct link_source {
	GSource source;
	struct link *link;
};

size_t link_backlog(const struct link *l) {
	return l->queue->len - l->queue_sent;
}

bool link_is_open(const struct link *l) {
	return l->open && !l->over;
}

static void end(struct link *l, int why) {
	if (l->over)
		return;
	l->over = true;
	g_source_remove_unix_fd(l->source, l->poll_tag);
	l->user->on_end(l->data, why);
}

/* As much of the queue as the ring takes. */
static void drain(struct link *l) {
	while (link_backlog(l) > 0) {
		size_t chunk = MIN(link_backlog(l), (size_t)1 << 20);
		int n = libvchan_write(l->vchan, l->queue->data + l->queue_sent, chunk);

		if (n < 0) {
			end(l, LINK_E_CLOSED);
			return;
		}
		/* Asking for the room also asks the peer to tell when there is some. */
		if (n == 0 && libvchan_buffer_space(l->vchan) <= 0)
			break;
		l->queue_sent += (size_t)n;
	}
	if (l->queue_sent == l->queue->len) {
		g_byte_array_set_size(l->queue, 0);
		l->queue_sent = 0;
	} else if (l->queue_sent > l->queue_max / 4) {
		g_byte_array_remove_range(l->queue, 0, (guint)l->queue_sent);
		l->queue_sent = 0;
	}
}

void link_write(struct link *l, const void *bytes, size_t size) {
	if (l->over)
		return;
	if (size > l->queue_max - link_backlog(l)) {
		end(l, LINK_E_FULL);
		return;
	}
	g_byte_array_append(l->queue, bytes, (guint)size);
}

static bool room_for_piece(struct link *l, size_t need) {
	uint8_t *p;

	g_assert(need >= 1 && need <= l->piece_max);
	if (need <= l->piece_size)
		return true;
	p = g_try_realloc(l->piece, need);
	if (!p)
		return false;
	l->piece = p;
	l->piece_size = need;
	return true;
}

static void give_back_piece(struct link *l) {
	l->piece_have = 0;
	if (l->piece_size <= PIECE_KEPT)
		return;
	g_clear_pointer(&l->piece, g_free);
	l->piece_size = 0;
}

/* Reads what is missing of the piece. 1: it is whole, 0: the ring is empty, < 0 ended. */
static int fill_piece(struct link *l, size_t need) {
	int n;

	if (!room_for_piece(l, need)) {
		end(l, -ENOMEM);
		return -1;
	}
	n = libvchan_read(l->vchan, l->piece + l->piece_have, need - l->piece_have);
	if (n < 0) {
		end(l, LINK_E_CLOSED);
		return -1;
	}
	l->piece_have += (size_t)n;
	return l->piece_have == need;
}

/* Is there more to read now? Asks the peer for a notification otherwise. */
static bool must_wait(struct link *l) {
	if (libvchan_data_ready(l->vchan) > 0)
		return false;
	if (libvchan_is_open(l->vchan) != VCHAN_DISCONNECTED)
		return true;
	if (libvchan_data_ready(l->vchan) > 0) /* came just before the end */
		return false;
	end(l, LINK_E_CLOSED);
	return true;
}

static void take_pieces(struct link *l) {
	size_t bytes = 0;
	bool any = false;

	l->more = true;
	for (int i = 0; i < TURN_PIECES && bytes < TURN_BYTES && !l->over; i++) {
		size_t need = l->user->need(l->data);
		int r;

		if (l->user->wait_us(l->data) > 0)
			break;
		r = fill_piece(l, need);
		if (r < 0)
			return;
		if (r == 0) {
			if (!must_wait(l))
				continue;
			l->more = false;
			break;
		}
		bytes += need;
		any = true;
		r = l->user->take(l->data, span_over(l->piece, need));
		if (r) {
			end(l, r);
			return;
		}
		give_back_piece(l);
	}
	if (any && !l->over)
		l->user->on_turn(l->data);
}

static bool finish_connecting(struct link *l) {
	int r = libvchan_client_init_async_finish(l->vchan, 0);

	if (r > 0)
		return false;
	if (r < 0) {
		end(l, errno ? -errno : -EIO);
		return false;
	}
	g_source_remove_unix_fd(l->source, l->poll_tag);
	l->poll_tag = g_source_add_unix_fd(l->source, libvchan_fd_for_select(l->vchan), G_IO_IN);
	l->open = true;
	l->user->on_open(l->data);
	return !l->over;
}

static gboolean source_prepare(GSource *source, gint *timeout) {
	struct link *l = ((struct link_source *)source)->link;
	int64_t wait;

	*timeout = -1;
	if (l->over || !l->open)
		return FALSE;
	if (link_backlog(l) > 0)
		drain(l);
	if (l->over || !l->more)
		return FALSE;
	wait = l->user->wait_us(l->data);
	if (wait > 0 && wait != LINK_BUSY)
		*timeout = (gint)(wait / 1000 + 1);
	return wait == 0;
}

static gboolean source_check(GSource *source) {
	struct link *l = ((struct link_source *)source)->link;

	if (l->over)
		return FALSE;
	return g_source_query_unix_fd(source, l->poll_tag) != 0 ||
	       (l->open && l->more && l->user->wait_us(l->data) == 0);
}

static gboolean source_dispatch(GSource *source, GSourceFunc callback, gpointer data) {
	struct link *l = ((struct link_source *)source)->link;
	bool connected = l->open;

	if (!connected) {
		connected = finish_connecting(l);
	} else if (g_source_query_unix_fd(source, l->poll_tag) && libvchan_wait(l->vchan) < 0) {
		/* What is left in the ring is still read; then reading tells of the end. */
		l->more = true;
	}
	if (connected && !l->over) {
		take_pieces(l);
		if (!l->over && link_backlog(l) > 0)
			drain(l);
	}
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
	.prepare = source_prepare, .check = source_check, .dispatch = source_dispatch};

int link_new(int domain, int port, size_t piece_max, size_t queue_max, const struct link_user *user,
	void *data, struct link **ret) {
	struct link *l = g_new0(struct link, 1);
	EVTCHN watch = -1;
	int r;

	l->vchan = libvchan_client_init_async(domain, port, &watch);
	if (!l->vchan) {
		r = errno ? -errno : -EIO;
		g_free(l);
		return r;
	}
	l->user = user;
	l->data = data;
	l->piece_max = piece_max;
	l->queue_max = queue_max;
	l->queue = g_byte_array_new();
	l->source = g_source_new(&source_funcs, sizeof(struct link_source));
	((struct link_source *)l->source)->link = l;
	g_source_set_name(l->source, "vchan");
	/* Nothing here runs the loop again; without this GLib wakes itself after every dispatch. */
	g_source_set_can_recurse(l->source, TRUE);
	l->poll_tag = g_source_add_unix_fd(l->source, watch, G_IO_IN);
	g_source_attach(l->source, NULL);
	*ret = l;
	return 0;
}

struct link *link_free(struct link *l) {
	if (!l)
		return NULL;
	l->over = true;
	g_source_destroy(l->source);
	g_source_unref(l->source);
	if (l->vchan)
		libvchan_close(l->vchan);
	g_byte_array_unref(l->queue);
	g_free(l->piece);
	g_free(l);
	return NULL;
}
