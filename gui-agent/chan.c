/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Must never block on a peer, nor read more than its share in one turn. */
#include "gui-agent/chan.h"

#include "vchan/libvchan.h"

#include <errno.h>
#include <glib.h>
#include <sys/param.h>

#define CHAN_READ_TURN 65536 /* at most so many bytes in one turn */

struct chan_source {
	GSource base;
	struct chan *chan;
};

struct chan {
	int peer, port;
	size_t size, in_max;
	const struct chan_events *events;
	void *user;
	libvchan_t *v;
	bool connected;
	GSource *source;
	gpointer fd_tag;
	GByteArray *in, *out;
	size_t out_at; /* of out, sent already */
	size_t room;   /* free in the ring at least */
};

static int serve(struct chan *c);

static void watch(struct chan *c) {
	if (c->fd_tag)
		g_source_remove_unix_fd(c->source, c->fd_tag);
	c->fd_tag = g_source_add_unix_fd(c->source, libvchan_fd_for_select(c->v), G_IO_IN);
}

/* Small again after a large message. */
static void empty(GByteArray **a) {
	if ((*a)->len > CHAN_READ_TURN) {
		g_byte_array_free(*a, TRUE);
		*a = g_byte_array_new();
	}
	g_byte_array_set_size(*a, 0);
}

static void flush_out(struct chan *c) {
	while (c->connected && c->out_at < c->out->len) {
		int n = libvchan_write(c->v, c->out->data + c->out_at, c->out->len - c->out_at);

		if (n <= 0)
			return;
		c->out_at += (size_t)n;
		c->room -= MIN(c->room, (size_t)n);
	}
	c->out_at = 0;
	empty(&c->out);
}

static void end_connection(struct chan *c) {
	bool was = c->connected;

	c->connected = false;
	c->out_at = c->room = 0;
	empty(&c->out);
	empty(&c->in);
	g_source_remove_unix_fd(c->source, c->fd_tag);
	c->fd_tag = NULL;
	libvchan_close(c->v);
	c->v = NULL;
	if (serve(c))
		g_warning("vchan port %d cannot be served again: %s", c->port, g_strerror(errno));
	if (was)
		c->events->gone(c->user);
}

static int serve(struct chan *c) {
	c->v = libvchan_server_init(c->peer, c->port, c->size, c->size);
	if (!c->v)
		return errno ? -errno : -EIO;
	watch(c);
	return 0;
}

static gboolean prepare(GSource *source, gint *timeout) {
	struct chan *c = ((struct chan_source *)source)->chan;

	*timeout = -1;
	if (!c->v || !c->connected)
		return FALSE;
	flush_out(c);
	if (c->out_at < c->out->len)
		(void)libvchan_buffer_space(c->v); /* asks for a wake-up when there is room */
	return libvchan_data_ready(c->v) > 0;
}

static gboolean check(GSource *source) {
	struct chan *c = ((struct chan_source *)source)->chan;

	return (c->fd_tag && g_source_query_unix_fd(source, c->fd_tag)) ||
	       (c->connected && libvchan_data_ready(c->v) > 0);
}

static void read_in(struct chan *c) {
	size_t ready = (size_t)MAX(libvchan_data_ready(c->v), 0);
	size_t most = MIN(MIN(ready, CHAN_READ_TURN), c->in_max + CHAN_READ_TURN - c->in->len);
	guint old = c->in->len;
	int n;

	if (most == 0)
		return;
	g_byte_array_set_size(c->in, old + (guint)most);
	n = libvchan_read(c->v, c->in->data + old, most);
	g_byte_array_set_size(c->in, old + (guint)MAX(n, 0));
}

/* False: the connection was ended. */
static bool hand_on(struct chan *c) {
	size_t at = 0;

	while (at < c->in->len) {
		long n = c->events->bytes(c->user, span_over(c->in->data + at, c->in->len - at));

		if (!c->connected)
			return false;
		if (n < 0 || (n == 0 && c->in->len - at > c->in_max)) {
			end_connection(c);
			return false;
		}
		if (n == 0)
			break;
		at += (size_t)n;
	}
	if (at == c->in->len)
		empty(&c->in);
	else if (at > 0)
		g_byte_array_remove_range(c->in, 0, (guint)at);
	return true;
}

static gboolean dispatch(GSource *source, GSourceFunc unused, gpointer user) {
	struct chan *c = ((struct chan_source *)source)->chan;

	if (!c->v)
		return G_SOURCE_CONTINUE;
	if (c->fd_tag && g_source_query_unix_fd(source, c->fd_tag))
		(void)libvchan_wait(c->v);
	if (!c->connected && libvchan_is_open(c->v) == VCHAN_CONNECTED) {
		c->connected = true;
		watch(c);
		c->events->connected(c->user);
	}
	if (c->connected) {
		read_in(c);
		if (!hand_on(c))
			return G_SOURCE_CONTINUE;
	}
	if (libvchan_is_open(c->v) == VCHAN_DISCONNECTED && libvchan_data_ready(c->v) <= 0)
		end_connection(c);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs funcs = {prepare, check, dispatch, NULL};

int chan_new(int peer, int port, size_t size, size_t in_max, const struct chan_events *events,
	void *user, struct chan **ret) {
	struct chan *c = g_new0(struct chan, 1);
	int r;

	*c = (struct chan){.peer = peer, .port = port, .size = size, .in_max = in_max};
	c->events = events;
	c->user = user;
	c->in = g_byte_array_new();
	c->out = g_byte_array_new();
	c->source = g_source_new(&funcs, sizeof(struct chan_source));
	((struct chan_source *)c->source)->chan = c;
	r = serve(c);
	if (r) {
		chan_free(c);
		return r;
	}
	/* GLib takes a source's descriptors out while it runs, and wakes the loop for that, unless
	 * it may recurse: five system calls a turn. */
	g_source_set_can_recurse(c->source, TRUE);
	g_source_attach(c->source, NULL);
	*ret = c;
	return 0;
}

struct chan *chan_free(struct chan *c) {
	if (!c)
		return NULL;
	g_source_destroy(c->source);
	g_source_unref(c->source);
	if (c->v)
		libvchan_close(c->v);
	g_byte_array_free(c->in, TRUE);
	g_byte_array_free(c->out, TRUE);
	g_free(c);
	return NULL;
}

bool chan_connected(const struct chan *c) {
	return c->connected;
}

bool chan_serving(const struct chan *c) {
	return c->v != NULL;
}

bool chan_room(struct chan *c, size_t want) {
	want += c->out->len - c->out_at;
	if (!c->connected)
		return false;
	if (c->room < want) /* asking makes the peer wake us at its next read: only when needed */
		c->room = (size_t)MAX(libvchan_buffer_space(c->v), 0);
	return c->room >= want;
}

void chan_send(struct chan *c, const void *data, size_t len) {
	if (c->connected)
		g_byte_array_append(c->out, data, (guint)len);
}

void chan_drop(struct chan *c) {
	if (c->connected)
		end_connection(c);
}
