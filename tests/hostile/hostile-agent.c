/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: an agent of a domain that was taken over.
 *
 *   hostile-agent VCHAN ATTACK [NUMBER...]
 *
 * Shows one window (id 1), plays the attack, prints "done" when all was sent and the daemon has
 * done it ("silent" if it cannot know), then "ended" when the daemon went. A line "again" on stdin
 * plays the attack once more; the end of stdin ends it.
 */
#include "tests/hostile/attacks.h"
#include "vchan/backend.h"

#include <err.h>
#include <poll.h>
#include <stdio.h>

uint32_t attack_number(char **arguments, unsigned i, uint32_t otherwise) {
	for (unsigned k = 0; arguments[k]; k++)
		if (k == i)
			return (uint32_t)strtoul(arguments[k], NULL, 0);
	return otherwise;
}

static const struct attack *find(const char *name) {
	const struct attack *const tables[] = {attacks_on_protocol, attacks_on_windows,
		attacks_on_memory, attacks_on_second_port, agents_of_others};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct attack *a = tables[i]; a->name; a++)
			if (!strcmp(a->name, name))
				return a;
	errx(2, "there is no attack %s", name);
}

/* The window whose frame the test looks at. */
static void show_window(struct wire *w) {
	const struct size size = {120, 80};
	struct pages_share *image = wire_image(size, 0x123456);

	wire_create(w, 1, (struct rect){1000, 40, size.w, size.h}, false);
	wire_map(w, 1, false);
	wire_dump(w, 1, size, pages_share_refs(image), pages_share_count(image));
	wire_damage(w, 1, size);
	wire_sync(w);
}

static void tell(struct wire *w, const char *what) {
	puts(w->ended ? "ended" : what);
	fflush(stdout);
}

/* False when stdin ended. */
static bool was_asked_again(void) {
	char line[64];

	return fgets(line, sizeof(line), stdin) != NULL;
}

/* An attack may leave the stream in the middle of a message: then nothing can be asked any more. */
static void play(struct wire *w, const struct attack *a, char **arguments) {
	a->run(w, arguments);
	if (w->ended || w->deaf || !w->greeted || !strncmp(a->name, "half", 4)) {
		tell(w, "silent");
		return;
	}
	wire_sync(w);
	tell(w, "done");
}

int main(int argc, char **argv) {
	const struct attack *a = argc >= 3 ? find(argv[2]) : NULL;
	static struct wire w;
	bool told;

	if (!a || vchan_use(argv[1]))
		errx(2, "usage: hostile-agent VCHAN ATTACK [NUMBER...]");
	wire_open(&w, a->ring ? a->ring : 65536);
	if (!a->greets_itself) {
		wire_greet(&w, 1, 8);
		show_window(&w);
	}
	tell(&w, "ready");
	play(&w, a, argv + 3);
	told = w.ended;
	for (;;) {
		struct pollfd p[2] = {{.fd = 0, .events = POLLIN},
			{.fd = told ? -1 : libvchan_fd_for_select(w.vchan), .events = POLLIN}};

		poll(p, 2, -1);
		if (p[0].revents) {
			if (!was_asked_again())
				return 0;
			for (uint32_t i = 0; i < a->windows; i++)
				wire_message(&w, GUI_DESTROY, ATTACK_FIRST + i, 0, NULL, 0);
			play(&w, a, argv + 3);
		}
		if (!told && p[1].revents) {
			wire_wait(&w, 0);
			if (w.ended)
				tell(&w, "ended");
		}
		told = w.ended;
	}
}
