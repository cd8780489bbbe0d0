/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared pages, the ring and descriptors, from the side that may write them. */
#include "tests/hostile/attacks.h"
#include "vchan/ring-vchan.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>

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

/* The writing end of a pipe: what is in it until its reader has woken up for it; -1 when its reader
 * is gone. */
static int unheard(int bell) {
	struct pollfd p = {.fd = bell};
	int n = 0;

	if (poll(&p, 1, 0) > 0 && p.revents & POLLERR)
		return -1;
	if (ioctl(bell, FIONREAD, &n))
		err(3, "the bell is no pipe");
	return n;
}

static void ring(struct wire *w, int bell) {
	if (write(bell, "", 1) == 1 || errno == EAGAIN)
		return;
	if (errno != EPIPE)
		err(3, "cannot ring the bell");
	w->ended = true;
}

/* A window that comes and goes, which the daemon answers; nothing is read. */
static void come_and_go(struct wire *w, uint32_t id) {
	const uint32_t create[] = {GUI_CREATE, id, 24, 0, 0, 9, 9, 0, 0};
	const uint32_t destroy[] = {GUI_DESTROY, id, 0};

	if (libvchan_send(w->vchan, create, sizeof(create)) < 0 ||
		libvchan_send(w->vchan, destroy, sizeof(destroy)) < 0)
		w->ended = true;
}

/* WORD (6: any) of the control page is something else all the time until the daemon has heard the
 * bell once, and so again: in between it read the page. */
static void flip_while_it_reads(
	struct wire *w, struct ring_vchan *v, uint32_t word, uint32_t *state, uint32_t *heard) {
	volatile uint32_t *page = v->area;

	for (int bells = 0; bells < 2 && !w->ended; bells++) {
		int left;

		ring(w, v->bell);
		do {
			for (uint32_t i = 0; i < 64; i++) {
				uint32_t k = word == 6 ? *state >> 8 & 7 : word;

				*state = *state * 1664525 + 1013904223;
				page[k] = i % 3 == 0   ? *state
					  : i % 3 == 1 ? page[k] + (*state >> 28)
						       : 0xffffffff;
			}
			left = w->ended ? -1 : unheard(v->bell);
		} while (left > 0);
		w->ended = left < 0;
		*heard += left == 0;
	}
}

/* What no honest agent leaves in WORD, and the daemon must look at: it has to go. */
static void spoil_and_wait(struct wire *w, struct ring_vchan *v, uint32_t word) {
	volatile uint32_t *page = v->area;
	uint32_t k = word == 6 ? 3 : word, spoilt = k == 5 ? 0 : page[k] + 0x80000000;
	struct pollfd p = {.fd = v->bell};

	page[k] = spoilt;
	come_and_go(w, 300); /* looks at the room for its answer too */
	page[k] = spoilt;
	ring(w, v->bell);
	while (!w->ended)
		w->ended = poll(&p, 1, -1) > 0 && p.revents & POLLERR;
}

/* WORD of the control page is flipped while the daemon reads, and put right again: 0..3 indices (1
 * and 2 are the daemon's own), 4 orders, 5 live and notify, 6 all. Those that the daemon must
 * believe stay wrong at the end. */
static void ring_flip(struct wire *w, char **a) {
	struct ring_vchan *v = (struct ring_vchan *)(void *)w->vchan;
	uint32_t word = attack_number(a, 0, 6), state = 1, heard = 0;
	bool believed = word != 1 && word != 2 && word != 4;

	window(w, 100);
	wire_sync(w);
	for (int i = 0; i < 100 && !w->ended; i++) {
		uint32_t right[8];

		memcpy(right, v->area, sizeof(right));
		come_and_go(w, 200);
		right[3] = v->ring.out.own;
		flip_while_it_reads(w, v, word, &state, &heard);
		memcpy(word == 6 ? v->area : (uint32_t *)v->area + word,
			word == 6 ? right : right + word, word == 6 ? sizeof(right) : 4);
		*v->ring.peer_notify = RING_WRITTEN | RING_CONSUMED;
		wire_sync(w);
	}
	printf("bells heard: %u\n", heard);
	if (believed && !w->ended)
		spoil_and_wait(w, v, word);
}

/* The pipe's own file description at the other end of fd, as far as /proc gives it. */
static int other_end(int fd) {
	char path[32];
	int other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (other < 0)
		err(3, "cannot open the other end of the ear");
	return other;
}

/* Every descriptor it holds waits from now on; the pipe into which the daemon rings is full and
 * never emptied, and the daemon is asked to ring at everything. */
static void blocking_descriptors(struct wire *w, char **a) {
	struct ring_vchan *v = (struct ring_vchan *)(void *)w->vchan;
	int into_ear = other_end(v->ear), blocking = 0, answered = 0;

	for (int fd = 3; fd < 256; fd++) {
		int f = fcntl(fd, F_GETFL);

		if (f >= 0 && fd != into_ear)
			blocking += !fcntl(fd, F_SETFL, f & ~O_NONBLOCK);
	}
	while (write(into_ear, "", 1) == 1)
		;
	for (uint32_t i = 0; i < 1000 && !w->ended; i++) {
		*v->ring.peer_notify = RING_WRITTEN | RING_CONSUMED;
		come_and_go(w, 200 + i);
		while (!w->ended && w->last_destroyed != 200 + i) {
			wire_listen(w);
			sched_yield();
		}
		answered += !w->ended;
	}
	printf("blocking: %s\n",
		blocking > 2 && !(fcntl(v->bell, F_GETFL) & O_NONBLOCK) ? "yes" : "no");
	printf("full: %s\n", unheard(into_ear) == fcntl(into_ear, F_GETPIPE_SZ) ? "yes" : "no");
	printf("answered: %d\n", answered);
	w->deaf = true;
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
