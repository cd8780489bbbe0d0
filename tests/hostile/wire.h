/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * For tests: an agent's end of the GUI port without any manners. Bytes go out as they are given;
 * what comes in is read, counted and thrown away, or not read at all.
 */
#include "proto/gui.h"
#include "vchan/libvchan.h"
#include "vchan/pages.h"

struct wire {
	libvchan_t *vchan;
	bool deaf;     /* read nothing */
	bool ended;    /* the daemon went */
	bool greeted;  /* the handshake's answer was taken */
	uint32_t acks; /* WINDOW_DUMP_ACK heard */
	uint32_t last_destroyed;
	struct rect configure; /* the last one heard */
	uint32_t configures;
	uint8_t in[GUI_HEADER_SIZE + GUI_CLIPBOARD_MAX + 1];
	size_t in_have;
};

/* Serves the GUI port and waits for the daemon to come. Ends the program on failure. */
void wire_open(struct wire *w, uint32_t ring);
/* Sends the version and takes what answers it; minor as in gui-protocol 2. */
void wire_greet(struct wire *w, unsigned major, unsigned minor);

/* All of it, reading meanwhile unless deaf. Nothing once the daemon is gone. */
void wire_send(struct wire *w, const void *bytes, size_t size);
/* A header that may lie, and a body of words. */
#define wire_words(w, type, window, ...)                                                           \
	wire_message(w, type, window, sizeof((const uint32_t[]){__VA_ARGS__}),                     \
		(const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}))
void wire_message(struct wire *w, uint32_t type, uint32_t window, uint32_t length, const void *body,
	size_t size);

void wire_create(struct wire *w, uint32_t id, struct rect at, bool popup);
void wire_map(struct wire *w, uint32_t id, bool popup);
void wire_dump(struct wire *w, uint32_t id, struct size size, const uint32_t *refs, uint32_t n);
void wire_damage(struct wire *w, uint32_t id, struct size size);
/* Pages for an image, all of one colour. Ends the program on failure. */
struct pages_share *wire_image(struct size size, uint32_t rgb);

/* Takes what has come. */
void wire_listen(struct wire *w);
/* Until the daemon did all that was sent so far, or went. */
void wire_sync(struct wire *w);
/* Until something comes, the daemon goes, or so many milliseconds passed. */
void wire_wait(struct wire *w, int milliseconds);
