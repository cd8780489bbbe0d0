/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows beyond number, size and reason; titles, hints, flags, cursors, icons. */
#include "tests/hostile/attacks.h"

#include <stdio.h>

static void window(struct wire *w, uint32_t id, struct rect at, bool popup) {
	wire_create(w, id, at, popup);
	wire_map(w, id, popup);
}

static void windows_without_end(struct wire *w, char **a) {
	uint32_t count = attack_number(a, 0, 100000);

	for (uint32_t i = 0; i < count && !w->ended; i++)
		window(w, 100 + i, (struct rect){700 + (int)i % 500, 10, 40, 40}, false);
}

static void map_storm(struct wire *w, char **a) {
	for (uint32_t id = 100; id < 120; id++)
		wire_create(w, id, (struct rect){700, 10, 60, 60}, id % 2);
	for (uint32_t i = attack_number(a, 0, 2000); i > 0 && !w->ended; i--) {
		for (uint32_t id = 100; id < 120; id++)
			wire_map(w, id, id % 2);
		for (uint32_t id = 100; id < 120; id++)
			wire_message(w, GUI_UNMAP, id, 0, NULL, 0);
	}
}

/* Each as large as it may be, at every place. */
static void giants(struct wire *w, char **a) {
	window(w, 100, (struct rect){0, 0, GUI_MAX_W, GUI_MAX_H}, false);
	window(w, 101, (struct rect){-GUI_MAX_W, -GUI_MAX_H, GUI_MAX_W, GUI_MAX_H}, false);
	window(w, 102, (struct rect){GUI_MAX_W, GUI_MAX_H, 1, 1}, false);
	window(w, 103, (struct rect){700, 600, 1, 1}, false);
	window(w, 104, (struct rect){0, 0, GUI_MAX_W, GUI_MAX_H}, true);
	window(w, 105, (struct rect){-2000, 5, GUI_MAX_W, 1}, true);
}

/* Tiles over all of the screen, none of them large. */
static void popups(struct wire *w, char **a) {
	uint32_t id = 100;

	for (int y = 0; y < 1000; y += 100)
		for (int x = 0; x < 1400; x += 100)
			window(w, id++, (struct rect){x, y, 100, 100}, true);
}

/* Ordinary while it is looked at, a pop-up afterwards, and back. */
static void turncoat(struct wire *w, char **a) {
	const struct rect small = {700, 300, 100, 100}, large = {0, 0, 4000, 4000};

	window(w, 100, small, true);
	wire_words(w, GUI_CONFIGURE, 100, 0, 0, large.w, large.h, 1);
	window(w, 101, large, false);
	wire_words(w, GUI_CONFIGURE, 101, 0, 0, large.w, large.h, 1);
	wire_map(w, 101, true);
	wire_create(w, 102, large, true);
	wire_message(w, GUI_DOCK, 102, 0, NULL, 0);
	wire_map(w, 102, true);
}

static void docks(struct wire *w, char **a) {
	for (uint32_t id = 100; id < 1100; id++) {
		wire_create(w, id, (struct rect){0, 0, 2000, 2000}, true);
		wire_message(w, GUI_DOCK, id, 0, NULL, 0);
		wire_words(w, GUI_CONFIGURE, id, 0, 0, 3000, 3000, 1);
		wire_message(w, GUI_UNMAP, id, 0, NULL, 0);
		wire_map(w, id, true);
	}
}

static void titles(struct wire *w, char **a) {
	static const char *const texts[] = {"\x1b]0;escape\x07\r\n", "\xe2\x80\xae[private] evil",
		"\xff\xfe\xc0\xaf", "\xcc\xb8\xcc\xb8\xcc\xb8\xcc\xb8\xcc\xb8\xcc\xb8 zalgo",
		"\xf0\x9f\x98\x80\xf3\xa0\x81\x81"};
	char text[128];

	window(w, 100, (struct rect){700, 300, 100, 100}, false);
	for (uint32_t i = attack_number(a, 0, 100000); i > 0 && !w->ended; i--) {
		memset(text, i % 256, sizeof(text));
		wire_message(w, GUI_WMNAME, 100, 128, text, 128);
		wire_message(w, GUI_WMCLASS, 100, 128, text, 128);
	}
	memset(text, 0, sizeof(text));
	snprintf(text, sizeof(text), "%s", texts[attack_number(a, 1, 0) % 5]);
	wire_message(w, GUI_WMNAME, 100, 128, text, 128);
}

static void cursors(struct wire *w, char **a) {
	window(w, 100, (struct rect){700, 300, 100, 100}, false);
	for (uint32_t c = 0; c < 0x1000; c++)
		wire_words(w, GUI_CURSOR, 100, c);
	for (uint32_t bit = 0; bit < 32; bit++)
		wire_words(w, GUI_CURSOR, 100, 0x100 | 1u << bit);
}

static void hints(struct wire *w, char **a) {
	static const uint32_t edges[] = {0, 1, 5, 16384, 16385, 0x7fffffff, 0x80000000, 0xffffffff};

	window(w, 100, (struct rect){700, 300, 100, 100}, false);
	for (uint32_t i = 0; i < 8 * 8 * 8; i++) {
		uint32_t p = edges[i % 8], q = edges[i / 8 % 8], r = edges[i / 64];

		wire_words(w, GUI_WINDOW_HINTS, 100, 0xffffffff, p, q, q, r, r, p, q, p);
	}
}

static void flags(struct wire *w, char **a) {
	window(w, 100, (struct rect){700, 300, 100, 100}, false);
	for (uint32_t bit = 0; bit < 32; bit++) {
		wire_words(w, GUI_WINDOW_FLAGS, 100, 1u << bit, 0);
		wire_words(w, GUI_WINDOW_FLAGS, 100, 0, 1u << bit);
		wire_words(w, GUI_WINDOW_FLAGS, 100, 1u << bit, 1u << bit);
	}
	wire_words(w, GUI_WINDOW_FLAGS, 100, 1, 0);
}

/* Every answer to a CONFIGURE is another place. */
static void contradict(struct wire *w, char **a) {
	uint32_t seen;

	window(w, 100, (struct rect){700, 300, 100, 100}, false);
	for (uint32_t i = attack_number(a, 0, 5000); i > 0 && !w->ended; i--) {
		seen = w->configures;
		wire_words(w, GUI_CONFIGURE, 100, 700 + i % 7, 300, 100 + i % 3, 100, 0);
		if (seen == w->configures)
			wire_listen(w);
	}
}

/* The window is moved by somebody; no answer ever comes. */
static void never_acknowledge(struct wire *w, char **a) {
	window(w, 100, (struct rect){700, 300, 100, 100}, false);
}

static void transients(struct wire *w, char **a) {
	for (uint32_t id = 100; id < 110; id++)
		wire_create(w, id, (struct rect){700, 300, 100, 100}, false);
	for (uint32_t id = 100; id < 110; id++)
		wire_words(w, GUI_MAP, id, id == 109 ? 100 : id + 1, 0); /* a circle */
	wire_create(w, 110, (struct rect){700, 300, 100, 100}, false);
	wire_words(w, GUI_MAP, 110, 110, 0); /* of itself */
}

const struct attack attacks_on_windows[] = {
	{"windows", windows_without_end},
	{"map-storm", map_storm, .windows = 20},
	{"giants", giants},
	{"popups", popups},
	{"turncoat", turncoat},
	{"docks", docks},
	{"titles", titles, .windows = 1},
	{"cursors", cursors},
	{"hints", hints},
	{"flags", flags},
	{"contradict", contradict},
	{"never-acknowledge", never_acknowledge},
	{"transients", transients},
	{NULL, NULL},
};
