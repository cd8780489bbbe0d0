/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/ext-port.h"

#include "gui-daemon/link.h"

#include <glib.h>

#define QUEUE_MAX      (256u << 10)
#define FRAMES_BACKLOG (16u << 10)

struct ext_port {
	struct link *link;
	const struct ext_port_user *user;
	void *data;
	struct ext_header header;
	bool in_body, hello;
};

enum { EXT_PORT_E_LENGTH = 1, EXT_PORT_E_RANGE };

static size_t need(void *data) {
	const struct ext_port *p = data;

	return p->in_body ? p->header.length : EXT_HEADER_SIZE;
}

static int take_body(struct ext_port *p, struct span body) {
	struct ext_msg m;
	int r = ext_decode_body(&p->header, body, &m);

	p->in_body = false;
	if (r == EXT_E_TYPE) /* a later version's: skipped */
		return 0;
	if (r)
		return EXT_PORT_E_RANGE;
	if (m.type == EXT_HELLO && !p->hello) {
		p->hello = true;
		p->user->on_hello(p->data);
	}
	return 0;
}

static int take(void *data, struct span piece) {
	struct ext_port *p = data;

	if (p->in_body)
		return take_body(p, piece);
	if (ext_decode_header(piece, &p->header))
		return EXT_PORT_E_LENGTH;
	if (p->header.length == 0)
		return take_body(p, span_over(NULL, 0));
	p->in_body = true;
	return 0;
}

static int64_t never_wait(void *data) {
	return 0;
}

static void send_raw(struct ext_port *p, const struct ext_msg *m) {
	uint8_t out[EXT_HEADER_SIZE + EXT_BODY_MAX];
	size_t size = ext_encode(m, out, sizeof(out));

	if (size > 0)
		link_write(p->link, out, size);
}

static void on_open(void *data) {
	struct ext_msg hello = {.type = EXT_HELLO, .version = EXT_VERSION};

	send_raw(data, &hello);
}

static void on_turn(void *data) {
}

static void on_end(void *data, int why) {
	struct ext_port *p = data;

	p->hello = false;
	if (why == LINK_E_CLOSED)
		p->user->on_end(p->data, NULL);
	else if (why == LINK_E_FULL)
		p->user->on_end(p->data, "does not read its second port: it is closed");
	else if (why < 0)
		p->user->on_end(p->data, "its second port failed: it is closed");
	else
		p->user->on_end(p->data, "broke the protocol of its second port: it is closed");
}

static const struct link_user link_user = {need, take, never_wait, on_open, on_turn, on_end};

int ext_port_new(int domain, const struct ext_port_user *user, void *data, struct ext_port **ret) {
	struct ext_port *p = g_new0(struct ext_port, 1);
	int r;

	p->user = user;
	p->data = data;
	r = link_new(domain, EXT_PORT, EXT_BODY_MAX, QUEUE_MAX, &link_user, p, &p->link);
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
	link_free(p->link);
	g_free(p);
	return NULL;
}

void ext_port_send(struct ext_port *p, const struct ext_msg *m) {
	if (p && p->hello)
		send_raw(p, m);
}

void ext_port_frame_done(struct ext_port *p, uint32_t window) {
	struct ext_msg m = {.type = EXT_FRAME_DONE, .window = window};

	if (p && p->hello && link_backlog(p->link) < FRAMES_BACKLOG)
		send_raw(p, &m);
}
