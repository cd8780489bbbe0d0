/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vchan/ring.h"

#include <glib.h>
#include <pthread.h>
#include <string.h>

static void test_choose(void) {
	static const struct {
		size_t l, r;
		int answer;
		uint16_t left, right;
		size_t pages;
	} cases[] = {
		{0, 1, 1, 0, 0, 0},
		{1, 0, 1, 0, 0, 0},
		{1, 1, 0, 10, 11, 1},
		{1024, 2048, 0, 10, 11, 1},
		{1025, 1024, 0, 11, 10, 1},
		{2048, 1024, 0, 11, 10, 1},
		{1025, 1025, 0, 11, 12, 2},
		{1024, 2049, 0, 11, 12, 2},
		{2049, 1, 0, 12, 11, 2},
		{2049, 2048, 0, 12, 11, 2},
		{2049, 2049, 0, 12, 12, 3},
		{4096, 4096, 0, 12, 12, 3},
		{4097, 4096, 0, 13, 12, 4},
		{65536, 65536, 0, 16, 16, 33},
		{1 << 20, 1 << 20, 0, 20, 20, 513},
		{(1 << 20) + 1, 1, 1, 0, 0, 0},
		{1, (1 << 20) + 1, 1, 0, 0, 0},
		{SIZE_MAX, 1, 1, 0, 0, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct ring_orders o = {0, 0};

		g_test_message("case %zu", i);
		g_assert_cmpint(ring_choose(cases[i].l, cases[i].r, &o), ==, cases[i].answer);
		g_assert_cmpuint(o.left, ==, cases[i].left);
		g_assert_cmpuint(o.right, ==, cases[i].right);
		if (cases[i].answer)
			continue;
		g_assert_true(ring_orders_valid(o));
		g_assert_cmpuint(ring_pages(o), ==, cases[i].pages);
	}
}

static void test_orders_valid(void) {
	static const struct {
		struct ring_orders o;
		bool valid;
	} cases[] = {
		{{9, 11}, false},
		{{11, 9}, false},
		{{10, 10}, false},
		{{11, 11}, false},
		{{10, 11}, true},
		{{10, 12}, true},
		{{12, 12}, true},
		{{20, 20}, true},
		{{21, 12}, false},
		{{12, 21}, false},
		{{0, 0}, false},
		{{65535, 12}, false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(ring_orders_valid(cases[i].o), ==, cases[i].valid);
}

struct pair {
	uint8_t *area;
	struct ring server, client;
};

static void pair_init(struct pair *p, size_t l, size_t r) {
	struct ring_orders o;

	g_assert_cmpint(ring_choose(l, r, &o), ==, 0);
	p->area = g_aligned_alloc0(ring_pages(o), RING_PAGE, RING_PAGE);
	ring_header(o, p->area);
	ring_attach(p->area, o, true, &p->server);
	g_assert_cmpint(ring_peer(&p->server), ==, RING_WAITING);
	o = ring_untrusted_orders(p->area);
	ring_attach(p->area, o, false, &p->client);
	g_assert_cmpint(ring_peer(&p->server), ==, RING_LIVE);
	g_assert_cmpint(ring_peer(&p->client), ==, RING_LIVE);
}

static void pair_deinit(struct pair *p) {
	g_aligned_free(p->area);
}

static uint32_t put(struct ring *r, const void *data, uint32_t n) {
	uint32_t space = ring_space(r);

	n = n < space ? n : space;
	ring_write(r, data, n);
	return n;
}

static uint32_t get(struct ring *r, void *data, uint32_t n) {
	uint32_t ready = ring_ready(r);

	n = n < ready ? n : ready;
	ring_read(r, data, n);
	return n;
}

/* The header's bytes stand where libxenvchan has them. */
static void test_layout(void) {
	struct pair p;
	static const uint8_t fresh[RING_HEADER_SIZE] = {
		[16] = 12, [18] = 13, [20] = 2, [21] = 1, [22] = 1};
	uint8_t header[RING_HEADER_SIZE];

	ring_header((struct ring_orders){12, 13}, header);
	g_assert_cmpmem(header, sizeof(header), fresh, sizeof(fresh));

	pair_init(&p, 4096, 8192);
	g_assert_cmpuint(p.area[20], ==, 1); /* cli_live */
	g_assert_cmpuint(p.area[23], ==, 1); /* srv_notify: tell me of writes */
	g_assert_cmpuint(put(&p.client, "abc", 3), ==, 3);
	g_assert_cmpuint(p.area[4], ==, 3); /* left.prod */
	g_assert_cmpmem(p.area + 4096, 3, "abc", 3);
	g_assert_cmpuint(put(&p.server, "wxyz", 4), ==, 4);
	g_assert_cmpuint(p.area[12], ==, 4); /* right.prod */
	g_assert_cmpmem(p.area + 8192, 4, "wxyz", 4);
	ring_leave(&p.server);
	g_assert_cmpuint(p.area[21], ==, 0);
	pair_deinit(&p);

	pair_init(&p, 1024, 2048);
	g_assert_cmpuint(put(&p.client, "abc", 3), ==, 3);
	g_assert_cmpmem(p.area + 1024, 3, "abc", 3);
	g_assert_cmpuint(put(&p.server, "wxyz", 4), ==, 4);
	g_assert_cmpmem(p.area + 2048, 4, "wxyz", 4);
	pair_deinit(&p);
}

/* Every byte arrives once and in order, over the end of the ring and over 2^32. */
static void test_wrap(void) {
	struct pair p;
	uint8_t out[2048], in[2048];
	uint32_t sent = 0, seen = 0;

	pair_init(&p, 4096, 1024);
	/* both ends as they are after 2^32 - 100 bytes */
	*p.client.out.prod = *p.client.out.cons = p.client.out.own = p.server.in.own = -100u;
	for (unsigned step = 1; step < 2000; step += 7) {
		uint32_t n = step % sizeof(out);

		for (uint32_t i = 0; i < n; i++)
			out[i] = (uint8_t)(sent + i);
		sent += put(&p.client, out, n);
		n = get(&p.server, in, (step * 3) % sizeof(in));
		for (uint32_t i = 0; i < n; i++)
			g_assert_cmpuint(in[i], ==, (uint8_t)(seen + i));
		seen += n;
	}
	g_assert_cmpuint(ring_ready(&p.server), ==, sent - seen);
	g_assert_cmpuint(sent, >, 4096 * 4);
	pair_deinit(&p);
}

static void test_full_and_empty(void) {
	struct pair p;
	uint8_t data[5000] = {0};

	pair_init(&p, 4096, 4096);
	g_assert_cmpuint(ring_space(&p.client), ==, 4096);
	g_assert_cmpuint(put(&p.client, data, 5000), ==, 4096);
	g_assert_cmpuint(ring_space(&p.client), ==, 0);
	g_assert_cmpuint(put(&p.client, data, 1), ==, 0);
	g_assert_cmpuint(ring_ready(&p.server), ==, 4096);
	g_assert_cmpuint(get(&p.server, data, 5000), ==, 4096);
	g_assert_cmpuint(get(&p.server, data, 1), ==, 0);
	g_assert_cmpuint(ring_space(&p.client), ==, 4096);
	g_assert_false(p.client.broken || p.server.broken);
	pair_deinit(&p);
}

/* The first write is told of, the next only if it was asked for again: one wake for a batch. */
static void test_notify(void) {
	struct pair p;

	pair_init(&p, 4096, 4096);
	g_assert_true(ring_owes(&p.client, RING_WRITTEN)); /* asked for from the first */
	g_assert_false(ring_owes(&p.client, RING_WRITTEN));
	ring_request(&p.server, RING_WRITTEN);
	g_assert_false(ring_owes(&p.client, RING_CONSUMED));
	g_assert_true(ring_owes(&p.client, RING_WRITTEN));
	g_assert_false(ring_owes(&p.client, RING_WRITTEN));
	g_assert_true(ring_owes(&p.server, RING_WRITTEN)); /* the client asked when it attached */
	g_assert_false(ring_owes(&p.server, RING_WRITTEN));
	pair_deinit(&p);
}

static void test_peer_gone(void) {
	struct pair p;
	char c;

	pair_init(&p, 4096, 4096);
	g_assert_cmpuint(put(&p.client, "x", 1), ==, 1);
	ring_leave(&p.client);
	g_assert_cmpint(ring_peer(&p.server), ==, RING_GONE);
	g_assert_cmpuint(get(&p.server, &c, 1), ==, 1); /* what it wrote before is still there */
	p.area[20] = 1;
	g_assert_cmpint(ring_peer(&p.server), ==, RING_GONE); /* nobody rises again */
	pair_deinit(&p);

	pair_init(&p, 4096, 4096);
	p.area[20] = 2; /* waiting again after it was live */
	g_assert_cmpint(ring_peer(&p.server), ==, RING_GONE);
	pair_deinit(&p);
}

/* Whatever index the peer writes: never more than the ring has, and from then on nothing. */
static void test_bug_class_D1(void) {
	static const uint32_t beyond[] = {
		4097, 8192, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};

	for (size_t i = 0; i < G_N_ELEMENTS(beyond); i++) {
		struct pair p;
		char c;

		pair_init(&p, 4096, 4096);
		*p.server.in.prod = beyond[i];
		g_assert_cmpuint(ring_ready(&p.server), ==, 0);
		g_assert_true(p.server.broken);
		*p.server.in.prod = 1;
		g_assert_cmpuint(get(&p.server, &c, 1), ==, 0);
		g_assert_cmpint(ring_peer(&p.server), ==, RING_GONE);

		*p.client.out.cons =
			0 - beyond[i]; /* the server claims to have read what was not written */
		g_assert_cmpuint(ring_space(&p.client), ==, 0);
		g_assert_true(p.client.broken);
		pair_deinit(&p);
	}
}

/* Our own index is not taken from the page, so the peer cannot move it. */
static void test_bug_class_D1_own_index(void) {
	struct pair p;
	char buf[4];

	pair_init(&p, 4096, 4096);
	g_assert_cmpuint(put(&p.client, "abcd", 4), ==, 4);
	*p.server.in.cons = 2;
	g_assert_cmpuint(get(&p.server, buf, 4), ==, 4);
	g_assert_cmpmem(buf, 4, "abcd", 4);
	*p.client.out.prod = 1000;
	g_assert_cmpuint(put(&p.client, "efgh", 4), ==, 4);
	g_assert_cmpuint(*p.client.out.prod, ==, 8);
	pair_deinit(&p);
}

/* Orders that change after the attach change nothing. */
static void test_bug_class_D3_orders(void) {
	struct pair p;
	uint8_t data[8192] = {0};

	pair_init(&p, 4096, 4096);
	p.area[16] = p.area[18] = 20;
	g_assert_cmpuint(put(&p.client, data, sizeof(data)), ==, 4096);
	g_assert_cmpuint(get(&p.server, data, sizeof(data)), ==, 4096);
	g_assert_cmpuint(put(&p.server, data, sizeof(data)), ==, 4096);
	g_assert_false(p.server.broken || p.client.broken);
	pair_deinit(&p);
}

struct mutator {
	struct pair *p;
	int stop;
};

static void *mutate(void *arg) {
	struct mutator *m = arg;
	uint32_t seed = 1;

	while (!__atomic_load_n(&m->stop, __ATOMIC_RELAXED)) {
		seed = seed * 1664525 + 1013904223;
		/* now a plausible value, now an absurd one */
		__atomic_store_n(m->p->server.in.prod, seed & 1 ? seed : (seed >> 8) % 4096,
			__ATOMIC_RELAXED);
		__atomic_store_n(m->p->server.in.cons, seed, __ATOMIC_RELAXED);
		__atomic_store_n(m->p->server.out.cons, seed & 2 ? seed : (seed >> 8) % 4096,
			__ATOMIC_RELAXED);
		__atomic_store_n((uint32_t *)(void *)(m->p->area + 16), seed, __ATOMIC_RELAXED);
		__atomic_store_n(m->p->server.peer_notify, (uint8_t)seed, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A thread turns every word over while the server reads and writes: what ring_ready answered is
 * what is read, within the bounds, whatever the page says a moment later. */
static void test_bug_class_D3_mutator(void) {
	uint8_t guard[4096 + 64], data[4096] = {0};
	struct pair p;
	struct mutator m = {.p = &p};
	pthread_t thread;

	pair_init(&p, 4096, 4096);
	g_assert_cmpint(pthread_create(&thread, NULL, mutate, &m), ==, 0);
	for (unsigned i = 0; i < 300000; i++) {
		uint32_t n = ring_ready(&p.server), own = p.server.in.own;

		g_assert_cmpuint(n, <=, 4096);
		if (i % 64 == 0)
			memset(guard, 0xa5, sizeof(guard));
		ring_read(&p.server, guard, n);
		g_assert_cmpuint(p.server.in.own - own, ==, n);
		g_assert_cmpuint(guard[4096], ==, 0xa5);
		n = ring_space(&p.server);
		g_assert_cmpuint(n, <=, 4096);
		ring_write(&p.server, data, n);
		p.server.broken = false; /* go on, to meet the next absurdity */
		p.server.in.own = p.server.out.own = 0;
	}
	__atomic_store_n(&m.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	pair_deinit(&p);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ring/choose", test_choose);
	g_test_add_func("/ring/orders-valid", test_orders_valid);
	g_test_add_func("/ring/layout", test_layout);
	g_test_add_func("/ring/wrap", test_wrap);
	g_test_add_func("/ring/full-and-empty", test_full_and_empty);
	g_test_add_func("/ring/notify", test_notify);
	g_test_add_func("/ring/peer-gone", test_peer_gone);
	g_test_add_func("/bug-class/D1/indices-out-of-bounds", test_bug_class_D1);
	g_test_add_func("/bug-class/D1/own-index-kept-here", test_bug_class_D1_own_index);
	g_test_add_func("/bug-class/D3/orders-read-once", test_bug_class_D3_orders);
	g_test_add_func("/bug-class/D3/mutator-thread", test_bug_class_D3_mutator);
	return g_test_run();
}
