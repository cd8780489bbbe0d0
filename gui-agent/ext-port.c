/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Framing of the second port. Must never decode a field itself: that is proto/. */
#include "gui-agent/ext-port.h"

#include "gui-agent/chan.h"

#include <glib.h>

struct ext_port {
	struct chan *chan;
	const struct ext_events *events;
	void *user;
	bool greeted;
};

static void send(struct ext_port *p, const struct ext_msg *m) {
	uint8_t buf[EXT_HEADER_SIZE + EXT_BODY_MAX];
	size_t n = ext_encode(m, buf, sizeof(buf));

	chan_send(p->chan, buf, n);
}

static void on_connected(void *user) {
	struct ext_port *p = user;

	p->greeted = false;
	send(p, &(struct ext_msg){.type = EXT_HELLO, .version = EXT_VERSION});
}

static void on_gone(void *user) {
	struct ext_port *p = user;

	p->greeted = false;
	p->events->gone(p->user);
}

static long on_bytes(void *user, struct span in) {
	struct ext_port *p = user;
	struct ext_header header;
	struct ext_msg m;
	int r;

	if (in.left < EXT_HEADER_SIZE)
		return 0;
	if (ext_decode_header(span_over(in.at, EXT_HEADER_SIZE), &header))
		return -1;
	if (in.left < EXT_HEADER_SIZE + header.length)
		return 0;
	r = ext_decode_body(&header, span_over(in.at + EXT_HEADER_SIZE, header.length), &m);
	if (r == EXT_E_LENGTH)
		return -1;
	if (r == 0 && m.type == EXT_HELLO && !p->greeted) {
		p->greeted = true;
		p->events->greeted(p->user);
	} else if (r == 0 && p->greeted && m.type != EXT_HELLO) {
		p->events->message(p->user, &m);
	}
	return (long)(EXT_HEADER_SIZE + header.length);
}

static const struct chan_events chan_events = {on_connected, on_bytes, on_gone};

int ext_port_new(int peer, const struct ext_events *events, void *user, struct ext_port **ret) {
	struct ext_port *p = g_new0(struct ext_port, 1);
	int r;

	p->events = events;
	p->user = user;
	r = chan_new(
		peer, EXT_PORT, 4096, EXT_HEADER_SIZE + EXT_BODY_MAX, &chan_events, p, &p->chan);
	if (r) {
		g_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

struct ext_port *ext_port_free(struct ext_port *p) {
	if (!p)
		return NULL;
	chan_free(p->chan);
	g_free(p);
	return NULL;
}

void ext_port_say(struct ext_port *p, enum ext_type type) {
	if (p && p->greeted)
		send(p, &(struct ext_msg){.type = type});
}
