/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: what the agents of Qubes OS send, message by message (gui-protocol 3.6), with rings of
 * their size. Each ends with a window of one colour on the screen, and says so.
 */
#include "tests/hostile/attacks.h"

#include <stdio.h>

#define COLOUR 0x2266aa

static const uint32_t first = ATTACK_FIRST;

static void send_text(struct wire *w, uint32_t type, uint32_t id, const char *a, const char *b) {
	char body[128] = {0};

	snprintf(body, type == GUI_WMCLASS ? 64 : 128, "%s", a);
	if (type == GUI_WMCLASS)
		snprintf(body + 64, 64, "%s", b);
	wire_message(w, type, id, sizeof(body), body, sizeof(body));
}

static void await_acks(struct wire *w, uint32_t n) {
	while (!w->ended && w->acks < n)
		wire_wait(w, -1);
}

static void shown(struct wire *w) {
	puts(w->ended ? "ended" : "shown");
	fflush(stdout);
}

static void send_hints(struct wire *w, uint32_t id, uint32_t flags, struct size s) {
	wire_words(w, GUI_WINDOW_HINTS, id, flags, s.w, s.h, s.w, s.h, 0, 0, 0, 0);
}

/* MINOR: 7 as of R4.2, 8 as of R4.3. Every ConfigureNotify, a move too, sends all pages again. */
static void linux_agent(struct wire *w, char **a) {
	uint32_t minor = attack_number(a, 0, 8), dumps = 0;
	struct size small = {160, 100}, large = {200, 140};
	struct pages_share *s;

	wire_greet(w, 1, minor);
	s = wire_image(small, 0x777777);
	wire_create(w, first, (struct rect){300, 200, small.w, small.h}, false);
	send_hints(w, first, GUI_HINT_P_POSITION, small);
	send_text(w, GUI_WMNAME, first, "untitled", "");
	send_text(w, GUI_WMCLASS, first, "xterm", "XTerm");
	wire_words(w, GUI_WINDOW_FLAGS, first, 0, GUI_FLAG_FULLSCREEN);
	wire_map(w, first, false);
	send_text(w, GUI_WMNAME, first, "title", "");
	wire_dump(w, first, small, pages_share_refs(s), pages_share_count(s));
	wire_damage(w, first, small);
	for (dumps = 1; dumps <= 5; dumps++) {
		wire_words(w, GUI_CONFIGURE, first, 300 + dumps, 200, small.w, small.h, 0);
		wire_dump(w, first, small, pages_share_refs(s), pages_share_count(s));
	}
	s = wire_image(large, COLOUR);
	wire_words(w, GUI_CONFIGURE, first, 310, 200, large.w, large.h, 0);
	wire_dump(w, first, large, pages_share_refs(s), pages_share_count(s));
	wire_damage(w, first, large);
	await_acks(w, minor >= GUI_MINOR_DUMP_ACK ? dumps + 1 : 0);
	shown(w);
}

/* Of an HVM domain's device model: 1.0, but dumps all the same, of 24 bits a pixel. */
static void stubdom_agent(struct wire *w, char **a) {
	struct size s = {320, 200};
	struct pages_share *image;
	uint32_t n;

	wire_greet(w, 1, 0);
	image = wire_image(s, COLOUR);
	n = pages_share_count(image);
	wire_create(w, 1, (struct rect){0, 0, s.w, s.h}, false);
	wire_map(w, 1, false);
	send_text(w, GUI_WMNAME, 1, "bad", "");
	wire_words(w, GUI_CONFIGURE, 1, 0, 0, s.w, s.h, 0);
	wire_send(w, (const uint32_t[]){GUI_WINDOW_DUMP, 1, 16 + 4 * n, 0, s.w, s.h, 24}, 28);
	wire_send(w, pages_share_refs(image), 4 * (size_t)n);
	send_hints(w, 1, GUI_HINT_MIN_SIZE | GUI_HINT_MAX_SIZE, s);
	wire_damage(w, 1, s);
	shown(w);
}

/* All pixels lie in the buffer of window 0; windows have none of their own. */
static void windows_agent(struct wire *w, char **a) {
	struct size screen = {640, 480}, s = {160, 100};
	struct pages_share *image;

	wire_greet(w, 1, 8);
	image = wire_image(screen, COLOUR);
	wire_create(w, 0, (struct rect){0, 0, screen.w, screen.h}, false);
	wire_dump(w, 0, screen, pages_share_refs(image), pages_share_count(image));
	wire_create(w, first, (struct rect){200, 150, s.w, s.h}, false);
	send_hints(w, first, GUI_HINT_P_POSITION, s);
	wire_map(w, first, false);
	wire_damage(w, first, s);
	await_acks(w, 1);
	shown(w);
}

const struct attack agents_of_others[] = {
	{"linux-agent", linux_agent, .greets_itself = true, .ring = 4096},
	{"stubdom-agent", stubdom_agent, .greets_itself = true, .ring = 4096},
	{"windows-agent", windows_agent, .greets_itself = true, .ring = 65536},
	{NULL, NULL},
};
