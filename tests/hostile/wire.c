/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/hostile/wire.h"

#include <err.h>
#include <poll.h>

#define SYNC_ID 0x7ffffffeu

static void on_message(struct wire *w, const struct gui_from_daemon *m) {
	switch ((int)m->type) {
	case GUI_WINDOW_DUMP_ACK:
		w->acks++;
		break;
	case GUI_DESTROY:
		w->last_destroyed = m->window;
		break;
	case GUI_CONFIGURE:
		w->configure = m->configure.at;
		w->configures++;
		break;
	default:
		break;
	}
}

/* One message from the buffer; false if it is not whole yet. */
static bool take(struct wire *w) {
	struct gui_from_daemon m;
	struct gui_header h;
	int r;

	if (w->in_have < GUI_HEADER_SIZE)
		return false;
	r = gui_decode_daemon_header(span_over(w->in, GUI_HEADER_SIZE), &h);
	if (r != 0)
		errx(3, "the daemon sent a malformed header");
	if (w->in_have < GUI_HEADER_SIZE + h.length)
		return false;
	if (!gui_decode_daemon_body(&h, span_over(w->in + GUI_HEADER_SIZE, h.length), &m))
		on_message(w, &m);
	w->in_have -= GUI_HEADER_SIZE + h.length;
	memmove(w->in, w->in + GUI_HEADER_SIZE + h.length, w->in_have);
	return true;
}

void wire_listen(struct wire *w) {
	int n = 0;

	while (!w->deaf && !w->ended) {
		n = libvchan_read(w->vchan, w->in + w->in_have, sizeof(w->in) - w->in_have);
		if (n < 0)
			w->ended = true;
		if (n <= 0)
			break;
		w->in_have += (size_t)n;
		while (w->greeted && take(w))
			;
	}
	if (libvchan_is_open(w->vchan) == VCHAN_DISCONNECTED)
		w->ended = true;
}

void wire_wait(struct wire *w, int milliseconds) {
	struct pollfd p = {.fd = libvchan_fd_for_select(w->vchan), .events = POLLIN};

	if (w->ended)
		return;
	if (!w->deaf)
		libvchan_data_ready(w->vchan); /* asks to be told */
	if (poll(&p, 1, milliseconds) > 0 && libvchan_wait(w->vchan) < 0)
		w->ended = true;
	wire_listen(w);
}

void wire_send(struct wire *w, const void *bytes, size_t size) {
	while (size > 0 && !w->ended) {
		int n = libvchan_write(w->vchan, bytes, size);

		if (n < 0)
			w->ended = true;
		if (n <= 0) {
			if (n == 0 && libvchan_buffer_space(w->vchan) <= 0)
				wire_wait(w, 100);
			continue;
		}
		bytes = (const uint8_t *)bytes + n;
		size -= (size_t)n;
	}
	wire_listen(w);
}

void wire_message(struct wire *w, uint32_t type, uint32_t window, uint32_t length, const void *body,
	size_t size) {
	const uint32_t header[3] = {type, window, length};

	wire_send(w, header, sizeof(header));
	wire_send(w, body, size);
}

void wire_open(struct wire *w, uint32_t ring) {
	*w = (struct wire){.vchan = libvchan_server_init(0, GUI_PORT, ring, ring)};
	if (!w->vchan)
		err(3, "cannot serve the GUI port");
	while (libvchan_is_open(w->vchan) == VCHAN_WAITING)
		if (libvchan_wait(w->vchan) < 0)
			err(3, "nobody came");
}

void wire_greet(struct wire *w, unsigned major, unsigned minor) {
	size_t answer = GUI_XCONF_SIZE + (minor >= GUI_MINOR_TWO_WAY ? 4 : 0);
	uint32_t version = major << 16 | minor;

	wire_send(w, &version, sizeof(version));
	while (!w->ended && w->in_have < answer)
		wire_wait(w, -1);
	if (w->ended)
		return;
	w->in_have -= answer;
	memmove(w->in, w->in + answer, w->in_have);
	w->greeted = true;
}

void wire_create(struct wire *w, uint32_t id, struct rect at, bool popup) {
	wire_words(w, GUI_CREATE, id, (uint32_t)at.x, (uint32_t)at.y, at.w, at.h, 0, popup);
}

void wire_map(struct wire *w, uint32_t id, bool popup) {
	wire_words(w, GUI_MAP, id, 0, popup);
}

void wire_damage(struct wire *w, uint32_t id, struct size size) {
	wire_words(w, GUI_SHMIMAGE, id, 0, 0, size.w, size.h);
}

void wire_dump(struct wire *w, uint32_t id, struct size size, const uint32_t *refs, uint32_t n) {
	const uint32_t head[] = {GUI_WINDOW_DUMP, id, 16 + 4 * n, 0, size.w, size.h, 32};

	wire_send(w, head, sizeof(head));
	wire_send(w, refs, 4 * (size_t)n);
}

struct pages_share *wire_image(struct size size, uint32_t rgb) {
	uint32_t count = (size.w * size.h * 4 + GUI_PAGE - 1) / GUI_PAGE, *p;
	struct pages_share *s = NULL;

	if (pages_share_new(0, count, &s))
		errx(3, "cannot share %u pages", count);
	p = pages_share_data(s);
	for (uint32_t i = 0; i < size.w * size.h; i++)
		p[i] = rgb;
	return s;
}

void wire_sync(struct wire *w) {
	w->last_destroyed = 0;
	wire_create(w, SYNC_ID, (struct rect){0, 0, 1, 1}, false);
	wire_message(w, GUI_DESTROY, SYNC_ID, 0, NULL, 0);
	while (!w->ended && w->last_destroyed != SYNC_ID)
		wire_wait(w, -1);
}
