/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that are wrong, handshakes that are odd, silence, and a reader that never reads. */
#include "tests/hostile/attacks.h"

static const uint8_t zeros[GUI_CLIPBOARD_MAX + 2];

/* TYPE LENGTH: a header alone is enough. */
static void wrong_length(struct wire *w, char **a) {
	wire_message(w, attack_number(a, 0, GUI_CREATE), 1, attack_number(a, 1, 0), NULL, 0);
}

static void unknown_type(struct wire *w, char **a) {
	wire_message(w, attack_number(a, 0, 0), 1, attack_number(a, 1, 0), zeros, 64);
}

/* TYPE LENGTH for a window that never was. */
static void unknown_id(struct wire *w, char **a) {
	const uint32_t body[32] = {1, 2, 4, 8, 1}; /* in the range of every type */
	uint32_t length = attack_number(a, 1, 0);

	wire_message(w, attack_number(a, 0, GUI_UNMAP), 77, length, body, length);
}

static void duplicate_id(struct wire *w, char **a) {
	wire_create(w, 1, (struct rect){10, 10, 50, 50}, false);
}

static void stale_id(struct wire *w, char **a) {
	wire_message(w, GUI_DESTROY, 1, 0, NULL, 0);
	wire_damage(w, 1, (struct size){50, 50});
}

/* The same id again and again, before the acknowledgement. */
static void id_reuse(struct wire *w, char **a) {
	for (uint32_t i = attack_number(a, 0, 2000); i > 0; i--) {
		wire_create(w, 50, (struct rect){10, 10, 50, 50}, i % 2);
		wire_map(w, 50, i % 2);
		wire_message(w, GUI_DESTROY, 50, 0, NULL, 0);
	}
}

/* TYPE X Y W H with fields as large as the type can hold them. */
static void huge(struct wire *w, char **a) {
	uint32_t type = attack_number(a, 0, GUI_CONFIGURE);
	const uint32_t body[6] = {attack_number(a, 1, 0), attack_number(a, 2, 0),
		attack_number(a, 3, 0), attack_number(a, 4, 0)};
	uint32_t length = type == GUI_CREATE ? 24 : type == GUI_CONFIGURE ? 20 : 16;

	if (type != GUI_CREATE) {
		wire_create(w, 2, (struct rect){10, 10, 50, 50}, false);
		wire_map(w, 2, false);
	}
	wire_message(w, type, 2, length, body, length);
}

static void clipboard(struct wire *w, char **a) {
	uint32_t length = attack_number(a, 0, 100);

	wire_message(w, GUI_CLIPBOARD_DATA, 0, length, zeros, length);
}

/* MAJOR MINOR */
static void version(struct wire *w, char **a) {
	wire_greet(w, attack_number(a, 0, 1), attack_number(a, 1, 0));
	if (w->ended)
		return;
	wire_create(w, 1, (struct rect){700, 300, 50, 50}, false);
	wire_map(w, 1, false);
}

static void half_version(struct wire *w, char **a) {
	wire_send(w, zeros, 2);
}

static void no_version(struct wire *w, char **a) {
}

/* COUNT bytes of a message, then silence. */
static void half_message(struct wire *w, char **a) {
	const uint32_t message[9] = {GUI_CREATE, 9, 24, 0, 0, 50, 50};

	wire_send(w, message, attack_number(a, 0, 20));
}

/* An icon has the place that the screen gives it: each wish for another is answered. */
static void never_reading(struct wire *w, char **a) {
	wire_create(w, 100, (struct rect){10, 10, 50, 50}, false);
	wire_message(w, GUI_DOCK, 100, 0, NULL, 0);
	wire_sync(w);
	w->deaf = true;
	for (uint32_t i = attack_number(a, 0, 1000000); i > 0 && !w->ended; i--)
		wire_words(w, GUI_CONFIGURE, 100, 20 + i % 2, 20, 50, 50, 0);
}

static void random_bytes(struct wire *w, char **a) {
	uint32_t state = attack_number(a, 0, 1);

	for (int i = 0; i < 10000 && !w->ended; i++) {
		uint32_t words[16];

		for (int k = 0; k < 16; k++) {
			state = state * 1664525 + 1013904223;
			words[k] = k == 0 ? 130 + state % 20 : state;
		}
		wire_send(w, words, sizeof(words));
	}
}

const struct attack attacks_on_protocol[] = {
	{"wrong-length", wrong_length},
	{"unknown-type", unknown_type},
	{"unknown-id", unknown_id},
	{"duplicate-id", duplicate_id},
	{"stale-id", stale_id},
	{"id-reuse", id_reuse},
	{"huge", huge},
	{"clipboard", clipboard},
	{"version", version, true},
	{"half-version", half_version, true},
	{"no-version", no_version, true},
	{"half-message", half_message},
	{"never-reading", never_reading},
	{"random-bytes", random_bytes},
	{NULL, NULL},
};
