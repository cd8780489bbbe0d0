/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second port: whatever is said there, at most that port ends. */
#include "proto/ext.h"
#include "tests/hostile/attacks.h"

#include <err.h>
#include <poll.h>

static void send_all(libvchan_t *port, const void *bytes, size_t size) {
	while (size > 0) {
		int n = libvchan_write(port, bytes, size);
		struct pollfd p = {.fd = libvchan_fd_for_select(port), .events = POLLIN};

		if (n < 0)
			return;
		if (n == 0 && libvchan_buffer_space(port) <= 0 &&
			(poll(&p, 1, 1000) < 0 || libvchan_wait(port) < 0))
			return;
		bytes = (const uint8_t *)bytes + n;
		size -= (size_t)n;
	}
}

static void message(libvchan_t *port, uint32_t type, uint32_t length, size_t sent) {
	static const uint8_t body[EXT_BODY_MAX] = {1};
	const uint32_t header[2] = {type, length};

	send_all(port, header, sizeof(header));
	send_all(port, body, sent);
}

/* Frames of many windows are shown, and it never takes the word for it. */
static void frames_untold(struct wire *w) {
	const struct size size = {20, 20};
	struct pages_share *image = wire_image(size, 0x00ff00);

	for (uint32_t id = 100; id < 164; id++) {
		wire_create(w, id, (struct rect){700, 300, size.w, size.h}, false);
		wire_map(w, id, false);
		wire_dump(w, id, size, pages_share_refs(image), pages_share_count(image));
	}
	for (int i = 0; i < 500 && !w->ended; i++) {
		for (uint32_t id = 100; id < 164; id++)
			wire_damage(w, id, size);
		wire_sync(w); /* else many damages are one frame */
	}
}

/* HOW: 0 a length beyond all, 1 a wrong length, 2 types of another time, 3 names of a keyboard with
 * anything in them, 4 hello without end, 5 a version of 0, 6 nothing is read, 7 half a message. */
static void second_port(struct wire *w, char **a) {
	libvchan_t *port = libvchan_server_init(0, EXT_PORT, 4096, 4096);
	uint32_t how = attack_number(a, 0, 0);

	if (!port)
		err(3, "cannot serve the second port");
	while (libvchan_is_open(port) == VCHAN_WAITING)
		if (libvchan_wait(port) < 0)
			err(3, "nobody came to the second port");
	for (int i = 0; i < (how == 2 || how == 4 ? 20000 : 1); i++) {
		static const uint32_t types[] = {
			99, EXT_HELLO, 1000, EXT_KEYBOARD, EXT_HELLO, EXT_HELLO, EXT_HELLO, 99};
		static const uint32_t lengths[] = {
			0xffffffff, 3, 64, 5 * EXT_XKB_TEXT, 4, 4, 4, 4096};
		uint32_t length = lengths[how % 8];

		message(port, types[how % 8] + (how == 2 ? (uint32_t)i : 0), length,
			how == 0 || how == 7 ? 100 : length);
	}
	if (how == 5)
		send_all(port, (const uint32_t[]){EXT_HELLO, 4, 0}, 12);
	if (how == 6)
		frames_untold(w);
}

const struct attack attacks_on_second_port[] = {
	{"second-port", second_port},
	{NULL, NULL},
};
