/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared pages, the ring and descriptors, from the side that may write them. */
#include "tests/hostile/attacks.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#define W 100u
#define H 100u
#define N ((W * H * 4 + GUI_PAGE - 1) / GUI_PAGE)

static const struct size size = {W, H};

static void window(struct wire *w, uint32_t id) {
	wire_create(w, id, (struct rect){700, 300, W, H}, false);
	wire_map(w, id, false);
}

static void refs_never_shared(struct wire *w, char **a) {
	uint32_t refs[N];

	for (uint32_t i = 0; i < N; i++)
		refs[i] = 0x7fff0000 + i;
	window(w, 100);
	wire_dump(w, 100, size, refs, N);
}

/* HOW: 0 the last is a stranger, 1 backwards, 2 one twice, 3 of two shares, 4 shared no more, 5 not
 * from the beginning. */
static void refs_odd(struct wire *w, char **a) {
	struct pages_share *one = wire_image(size, 1), *two = wire_image(size, 2);
	const uint32_t *r = pages_share_refs(one), *s = pages_share_refs(two);
	uint32_t refs[N], how = attack_number(a, 0, 0);

	for (uint32_t i = 0; i < N; i++)
		refs[i] = how == 1 ? r[N - 1 - i] : how == 3 && i % 2 ? s[i] : r[i];
	if (how == 0)
		refs[N - 1] = 0xffffffff;
	if (how == 2)
		refs[N - 1] = refs[0];
	if (how == 4)
		pages_share_free(one);
	if (how == 5)
		for (uint32_t i = 0; i < N; i++)
			refs[i]++;
	window(w, 100);
	wire_dump(w, 100, size, refs, N);
	wire_damage(w, 100, size);
}

/* The memory under a picture that is being shown is taken away, as far as the seals allow. */
static void punch(struct wire *w, char **a) {
	struct pages_share *s = wire_image(size, 0x00ff00);
	int fd = pages_share_fd(s);

	window(w, 100);
	wire_dump(w, 100, size, pages_share_refs(s), N);
	wire_damage(w, 100, size);
	wire_sync(w);
	printf("truncated: %s\n", ftruncate(fd, 0) ? strerror(errno) : "yes");
	printf("grown: %s\n", ftruncate(fd, 1 << 30) ? strerror(errno) : "yes");
	for (uint32_t i = attack_number(a, 0, 2000); i > 0 && !w->ended; i--) {
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, N * GUI_PAGE))
			err(3, "cannot punch");
		wire_damage(w, 100, size);
		if (i % 100 == 0)
			wire_dump(w, 100, size, pages_share_refs(s), N);
	}
}

static void dump_flood(struct wire *w, char **a) {
	struct pages_share *s = wire_image(size, 0x0000ff);

	window(w, 100);
	for (uint32_t i = attack_number(a, 0, 20000); i > 0 && !w->ended; i--)
		wire_dump(w, 100, size, pages_share_refs(s), N);
	wire_sync(w);
	pages_share_free(s);
}

static void damage_flood(struct wire *w, char **a) {
	const struct size large = {1000, 700};
	struct pages_share *s = wire_image(large, 0x0000ff);

	wire_create(w, 100, (struct rect){0, 0, large.w, large.h}, false);
	wire_map(w, 100, false);
	wire_dump(w, 100, large, pages_share_refs(s), pages_share_count(s));
	for (uint32_t i = attack_number(a, 0, 100000); i > 0 && !w->ended; i--)
		wire_damage(w, 100, large);
}

/* Images of as many windows as the domain can pay for, and more. */
static void hoard(struct wire *w, char **a) {
	const struct size large = {4096, 4096};
	struct pages_share *s = wire_image(large, 0x0000ff);

	for (uint32_t id = 100; id < 100 + attack_number(a, 0, 40) && !w->ended; id++) {
		window(w, id);
		wire_dump(w, id, large, pages_share_refs(s), pages_share_count(s));
	}
}

/* Pages of that size in a dump, until the daemon has mapped them. */
static struct pages_share *shown(struct wire *w, uint32_t id, struct size s) {
	struct pages_share *image = wire_image(s, 0x0000ff);
	uint32_t before = w->acks;

	wire_dump(w, id, s, pages_share_refs(image), pages_share_count(image));
	wire_damage(w, id, s);
	while (!w->ended && w->acks == before)
		wire_wait(w, -1);
	return image;
}

/* COUNT POPUPS: what an honest agent does, so often that anything left behind shows; every second
 * window is a pop-up, or every one (no window manager takes its time then). */
static void cycle(struct wire *w, char **a) {
	uint32_t count = attack_number(a, 0, 1000), popups = attack_number(a, 1, 0);

	for (uint32_t i = 0; i < count && !w->ended; i++) {
		bool popup = popups || i % 2;
		struct size small = {20 + i % 50, 20 + i % 30}, large = {small.w + 9, small.h + 7};
		struct pages_share *first, *second;

		wire_create(w, 200 + i, (struct rect){700, 300, small.w, small.h}, popup);
		wire_map(w, 200 + i, popup);
		first = shown(w, 200 + i, small);
		wire_words(w, GUI_CONFIGURE, 200 + i, 710, 310, large.w, large.h, popup);
		second = shown(w, 200 + i, large);
		pages_share_free(first);
		wire_message(w, GUI_DESTROY, 200 + i, 0, NULL, 0);
		while (!w->ended && w->last_destroyed != 200 + i)
			wire_wait(w, -1);
		pages_share_free(second);
	}
}

/* The control page of the ring, found among this process's mappings. */
static uint32_t *ring_page(void) {
	FILE *maps = fopen("/proc/self/maps", "re");
	uint32_t *found = NULL;
	char line[512];

	while (maps && !found && fgets(line, sizeof(line), maps)) {
		unsigned long from, to;
		char rights[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 &&
			strstr(line, "memfd:") && !strcmp(rights, "rw-s") && to - from >= 2 * 65536)
			found = (uint32_t *)(void *)from;
	}
	if (maps)
		fclose(maps);
	if (!found)
		errx(3, "there is no ring among the mappings");
	return found;
}

/* WORD of the control page is flipped while the daemon reads; 0..3 indices, 4 orders, 5 live and
 * notify, 6 all. */
static void ring_flip(struct wire *w, char **a) {
	volatile uint32_t *page = ring_page();
	uint32_t word = attack_number(a, 0, 6), state = 1;
	int bell = libvchan_fd_for_select(w->vchan);

	window(w, 100);
	for (int i = 0; i < 300000; i++) {
		uint32_t k = word == 6 ? state >> 8 & 7 : word;

		state = state * 1664525 + 1013904223;
		page[k] = i % 3 == 0 ? state : i % 3 == 1 ? page[k] + (state >> 28) : 0xffffffff;
		if (i % 64 == 0)
			send(bell, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

/* Every descriptor it holds waits from now on; the bell is filled and never emptied. */
static void blocking_descriptors(struct wire *w, char **a) {
	int bell = libvchan_fd_for_select(w->vchan);

	for (int fd = 3; fd < 256; fd++) {
		int f = fcntl(fd, F_GETFL);

		if (f >= 0)
			fcntl(fd, F_SETFL, f & ~O_NONBLOCK);
	}
	for (int i = 0; i < 100000; i++)
		if (send(bell, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
	w->deaf = true;
	for (int i = 0; i < 1000; i++) {
		const uint32_t create[] = {GUI_CREATE, 200 + (uint32_t)i, 24, 0, 0, 9, 9, 0, 0};
		const uint32_t destroy[] = {GUI_DESTROY, 200 + (uint32_t)i, 0};

		libvchan_send(w->vchan, create, sizeof(create));
		libvchan_send(w->vchan, destroy, sizeof(destroy));
	}
}

/* Dies in the middle of a message's body. */
static void die_half_way(struct wire *w, char **a) {
	const uint32_t half[] = {GUI_WINDOW_DUMP, 100, 16 + 4 * N, 0, W, H, 32, 1, 2, 3};

	window(w, 100);
	wire_send(w, half, sizeof(half));
	_exit(0);
}

const struct attack attacks_on_memory[] = {
	{"refs-never-shared", refs_never_shared},
	{"refs-odd", refs_odd},
	{"punch", punch},
	{"dump-flood", dump_flood, .windows = 1},
	{"damage-flood", damage_flood, .windows = 1},
	{"hoard", hoard},
	{"cycle", cycle},
	{"ring-flip", ring_flip},
	{"blocking-descriptors", blocking_descriptors},
	{"die-half-way", die_half_way},
	{NULL, NULL},
};
