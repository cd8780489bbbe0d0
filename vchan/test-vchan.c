/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvchan and pages over the memory backend: what callers may rely on. */
#include "vchan/backend.h"
#include "vchan/libvchan.h"
#include "vchan/pages.h"
#include "vchan/ring-vchan.h"

#include <errno.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

enum { ADMIN = 0, WORK = 3, PORT = 6000 };

struct ends {
	libvchan_t *server, *client;
};

static libvchan_t *serve(int port, size_t read_min, size_t write_min) {
	vchan_memory_domain(WORK);
	return libvchan_server_init(ADMIN, port, read_min, write_min);
}

static libvchan_t *ask_for(int port, EVTCHN *watch) {
	vchan_memory_domain(ADMIN);
	return libvchan_client_init_async(WORK, port, watch);
}

static struct ends connected(size_t read_min, size_t write_min) {
	struct ends e = {.server = serve(PORT, read_min, write_min)};

	g_assert_nonnull(e.server);
	g_assert_cmpint(libvchan_is_open(e.server), ==, VCHAN_WAITING);
	vchan_memory_domain(ADMIN);
	e.client = libvchan_client_init(WORK, PORT);
	g_assert_nonnull(e.client);
	g_assert_cmpint(libvchan_is_open(e.client), ==, VCHAN_CONNECTED);
	g_assert_cmpint(libvchan_wait(e.server), ==, 0);
	g_assert_cmpint(libvchan_is_open(e.server), ==, VCHAN_CONNECTED);
	return e;
}

static void disconnect(struct ends e) {
	libvchan_close(e.client);
	libvchan_close(e.server);
}

static bool readable(libvchan_t *v) {
	struct pollfd p = {.fd = libvchan_fd_for_select(v), .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void test_move(void) {
	struct ends e = connected(4096, 4096);
	char buf[8192] = {0};

	g_assert_cmpint(libvchan_read(e.server, buf, sizeof(buf)), ==, 0);
	g_assert_cmpint(libvchan_write(e.client, "hello", 5), ==, 5);
	g_assert_true(readable(e.server));
	g_assert_cmpint(libvchan_wait(e.server), ==, 0);
	g_assert_false(readable(e.server));
	g_assert_cmpint(libvchan_data_ready(e.server), ==, 5);
	g_assert_cmpint(libvchan_read(e.server, buf, sizeof(buf)), ==, 5);
	g_assert_cmpmem(buf, 5, "hello", 5);

	g_assert_cmpint(libvchan_buffer_space(e.client), ==, 4096);
	g_assert_cmpint(libvchan_write(e.client, buf, sizeof(buf)), ==, 4096);
	g_assert_cmpint(libvchan_write(e.client, buf, sizeof(buf)), ==, 0);
	g_assert_cmpint(libvchan_send(e.client, buf, 1), ==, 0);
	g_assert_cmpint(libvchan_send(e.client, buf, 4097), ==, -1);
	g_assert_cmpint(libvchan_recv(e.server, buf, 4097), ==, -1);
	g_assert_cmpint(libvchan_recv(e.server, buf, 4000), ==, 4000);
	g_assert_cmpint(libvchan_recv(e.server, buf, 97), ==, 0);
	g_assert_cmpint(libvchan_recv(e.server, buf, 96), ==, 96);
	g_assert_cmpint(libvchan_read(e.server, buf, 0), ==, 0);
	disconnect(e);
}

/* Whoever could not move all he wanted is woken when he can. */
static void test_wakes(void) {
	struct ends e = connected(4096, 4096);
	char buf[8192] = {0};

	while (libvchan_wait(e.server) == 0 && readable(e.server))
		continue;
	g_assert_cmpint(libvchan_read(e.server, buf, sizeof(buf)), ==, 0);
	g_assert_cmpint(libvchan_write(e.client, buf, 1), ==, 1);
	g_assert_true(readable(e.server));
	g_assert_cmpint(libvchan_wait(e.server), ==, 0);
	g_assert_cmpint(libvchan_write(e.client, buf, 1), ==, 1);
	g_assert_false(readable(e.server)); /* it has not looked yet: one wake for the batch */
	g_assert_cmpint(libvchan_read(e.server, buf, sizeof(buf)), ==, 2);
	g_assert_cmpint(libvchan_write(e.client, buf, 1), ==, 1);
	g_assert_true(
		readable(e.server)); /* it took less than it asked for, so it was to be told */

	while (libvchan_wait(e.client) == 0 && readable(e.client))
		continue;
	g_assert_cmpint(libvchan_write(e.client, buf, sizeof(buf)), ==, 4095);
	g_assert_cmpint(libvchan_read(e.server, buf, 100), ==, 100);
	g_assert_true(readable(e.client));
	disconnect(e);
}

/* Whoever reads until nothing comes is not rung for while he does, and always when he has seen
 * that nothing was there. */
static void test_drain(void) {
	struct ends e = connected(4096, 4096);
	char buf[8192] = {0};

	do
		g_assert_cmpint(libvchan_wait(e.server), ==, 0);
	while (readable(e.server));
	g_assert_cmpint(libvchan_drain(e.server, buf, sizeof(buf)), ==, 0);
	for (unsigned i = 0; i < 3; i++) {
		g_assert_cmpint(libvchan_write(e.client, buf, 9), ==, 9);
		g_assert_true(readable(e.server));
		g_assert_cmpint(libvchan_wait(e.server), ==, 0);
		g_assert_cmpint(libvchan_drain(e.server, buf, sizeof(buf)), ==, 9);
		g_assert_cmpint(libvchan_write(e.client, buf, 7), ==, 7);
		g_assert_false(readable(e.server)); /* it has not seen the end yet */
		g_assert_cmpint(libvchan_drain(e.server, buf, 3), ==, 3);
		g_assert_cmpint(libvchan_drain(e.server, buf, sizeof(buf)), ==, 4);
		g_assert_cmpint(libvchan_drain(e.server, buf, sizeof(buf)), ==, 0);
	}
	libvchan_close(e.client);
	g_assert_cmpint(libvchan_drain(e.server, buf, sizeof(buf)), ==, -1);
	libvchan_close(e.server);
}

static void test_close(void) {
	struct ends e = connected(4096, 4096);
	char buf[16];

	g_assert_cmpint(libvchan_write(e.client, "last words", 10), ==, 10);
	libvchan_close(e.client);
	g_assert_true(readable(e.server));
	g_assert_cmpint(libvchan_wait(e.server), ==, 0);
	g_assert_cmpint(libvchan_is_open(e.server), ==, VCHAN_DISCONNECTED);
	g_assert_cmpint(libvchan_write(e.server, "x", 1), ==, -1);
	g_assert_cmpint(libvchan_recv(e.server, buf, 4), ==, 4);
	g_assert_cmpint(libvchan_read(e.server, buf, sizeof(buf)), ==, 6);
	g_assert_cmpint(libvchan_read(e.server, buf, sizeof(buf)), ==, -1);
	libvchan_close(e.server);
	libvchan_close(NULL);

	e = connected(4096, 4096);
	libvchan_close(e.server);
	g_assert_cmpint(libvchan_is_open(e.client), ==, VCHAN_DISCONNECTED);
	g_assert_cmpint(libvchan_read(e.client, buf, sizeof(buf)), ==, -1);
	libvchan_close(e.client);
}

static void test_connect(void) {
	EVTCHN watch;
	libvchan_t *v, *server;

	v = ask_for(PORT, &watch);
	g_assert_cmpint(libvchan_client_init_async_finish(v, 0), ==, 1);
	g_assert_cmpint(libvchan_is_open(v), ==, VCHAN_WAITING);
	server = serve(PORT, 1, 1);
	g_assert_null(serve(PORT, 1, 1));
	g_assert_cmpint(errno, ==, EADDRINUSE);
	g_assert_cmpint(poll(&(struct pollfd){.fd = watch, .events = POLLIN}, 1, 0), ==, 1);
	g_assert_cmpint(libvchan_client_init_async_finish(v, 0), ==, 0);
	g_assert_cmpint(libvchan_is_open(v), ==, VCHAN_CONNECTED);
	libvchan_close(server);
	libvchan_close(v);

	v = ask_for(PORT, &watch); /* an answer never waited for */
	libvchan_close(v);
	g_assert_null(serve(PORT, 0, 1));
	g_assert_null(serve(PORT, 1, (1 << 20) + 1));
	g_assert_cmpint(errno, ==, EINVAL);
	vchan_memory_domain(ADMIN);
	g_assert_null(libvchan_server_init(-1, PORT, 1, 1));
}

static void *slow_reader(void *arg) {
	libvchan_t *v = arg;
	static char got[300000];
	size_t n = 0;

	while (n < sizeof(got)) {
		int r = libvchan_read(v, got + n, MIN(sizeof(got) - n, 777));

		if (r < 0)
			return NULL;
		n += (size_t)r;
	}
	return got;
}

/* Blocking mode: a write returns when all of it went, a read with the first bytes. */
static void test_blocking(void) {
	struct ends e = connected(4096, 4096);
	static char sent[300000];
	pthread_t thread;
	void *got;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 >> 3);
	libvchan_set_blocking(e.server, 1);
	libvchan_set_blocking(e.client, 1);
	g_assert_cmpint(pthread_create(&thread, NULL, slow_reader, e.server), ==, 0);
	g_assert_cmpint(libvchan_write(e.client, sent, sizeof(sent)), ==, sizeof(sent));
	pthread_join(thread, &got);
	g_assert_nonnull(got);
	g_assert_cmpmem(got, sizeof(sent), sent, sizeof(sent));
	libvchan_close(e.client);
	g_assert_cmpint(libvchan_read(e.server, sent, 1), ==, -1);
	libvchan_close(e.server);
}

/* A peer that never reads and never listens to its bell stops nobody: writing answers at once. */
static void test_bug_class_D8(void) {
	struct ends e = connected(4096, 4096);
	struct ring_vchan *server = (struct ring_vchan *)(void *)e.server;
	char buf[4096] = {0};

	for (unsigned i = 0; i < 100000; i++) {
		*server->ring.peer_notify = 3; /* rings its own bell forever */
		g_assert_cmpint(libvchan_write(e.client, buf, sizeof(buf)), <=, 4096);
		server->ring.in.own = *server->ring.in.prod;
		*server->ring.in.cons = server->ring.in.own;
	}
	server->ring.in.own = *server->ring.in.cons -= 4096;
	g_assert_cmpint(libvchan_write(e.client, buf, 1), ==, 0);
	g_assert_cmpint(libvchan_is_open(e.client), ==, VCHAN_CONNECTED);
	disconnect(e);
}

struct mutator {
	uint32_t *index;
	int stop;
};

static void *mutate(void *arg) {
	struct mutator *m = arg;

	for (uint32_t i = 0; !__atomic_load_n(&m->stop, __ATOMIC_RELAXED); i++)
		__atomic_store_n(m->index, i % 3 ? i % 4097 : i * 2654435761u, __ATOMIC_RELAXED);
	return NULL;
}

/* recv is all or nothing even while the peer changes its mind between our looks. */
static void test_bug_class_D3(void) {
	unsigned whole = 0;

	for (unsigned round = 0; round < 150; round++) {
		struct ends e = connected(4096, 4096);
		struct ring_vchan *server = (struct ring_vchan *)(void *)e.server;
		struct mutator m = {.index = server->ring.in.prod};
		pthread_t thread;
		char buf[512];
		int n;

		g_assert_cmpint(pthread_create(&thread, NULL, mutate, &m), ==, 0);
		do {
			uint32_t before = server->ring.in.own;

			n = libvchan_recv(e.server, buf, sizeof(buf));
			g_assert_true(n == -1 || n == 0 || n == sizeof(buf));
			g_assert_cmpuint(server->ring.in.own - before, ==, n > 0 ? n : 0);
			whole += n > 0;
		} while (n >= 0 && round % 10);
		__atomic_store_n(&m.stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
		disconnect(e);
	}
	g_test_message("%u whole reads", whole);
}

/* A page whose orders do not fit the memory is refused by the client. */
static void test_bug_class_D3_orders(void) {
	static const struct ring_orders claimed[] = {{20, 20}, {12, 13}, {9, 12}, {10, 10}, {0, 0}};

	for (size_t i = 0; i < G_N_ELEMENTS(claimed); i++) {
		libvchan_t *v = serve(PORT, 4096, 4096);
		uint8_t *page = ((struct ring_vchan *)(void *)v)->area;
		EVTCHN watch;
		libvchan_t *client = ask_for(PORT, &watch);

		page[16] = (uint8_t)claimed[i].left;
		page[18] = (uint8_t)claimed[i].right;
		g_assert_cmpint(libvchan_client_init_async_finish(client, 0), ==, -1);
		g_assert_cmpint(errno, ==, EPROTO);
		libvchan_close(client);
		libvchan_close(v);
	}
}

static void le_refs(const struct pages_share *s, uint8_t *ret) {
	for (uint32_t i = 0; i < pages_share_count(s); i++) {
		uint32_t ref = pages_share_refs(s)[i];

		memcpy(ret + (size_t)i * 4, &ref, 4); /* the test's machine is little-endian */
	}
}

static void test_pages(void) {
	struct pages_share *s;
	struct pages_view *v;
	uint8_t refs[12];
	char *data, *seen;

	vchan_memory_domain(WORK);
	g_assert_cmpint(pages_share_new(ADMIN, 0, &s), ==, -EINVAL);
	g_assert_cmpint(pages_share_new(ADMIN, 3, &s), ==, 0);
	data = pages_share_data(s);
	g_assert_cmpint(data[3 * 4096 - 1], ==, 0);
	memcpy(data + 4096, "seen by the peer", sizeof("seen by the peer"));
	pages_share_publish(s, 4096, 16);
	le_refs(s, refs);

	g_assert_cmpint(pages_view_new(WORK, refs, 3, &v), ==, PAGES_E_REFS); /* not the peer */
	vchan_memory_domain(ADMIN);
	g_assert_cmpint(pages_view_new(WORK, refs, 2, &v), ==, PAGES_E_REFS);
	g_assert_cmpint(pages_view_new(WORK + 1, refs, 3, &v), ==, PAGES_E_REFS);
	g_assert_cmpint(pages_view_new(WORK, refs, 3, &v), ==, 0);
	g_assert_true(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, pages_view_fd(v), 0) == MAP_FAILED);
	s = pages_share_free(s);
	seen = mmap(NULL, 3 * 4096, PROT_READ, MAP_SHARED, pages_view_fd(v),
		(off_t)pages_view_offset(v));
	g_assert_cmpstr(seen + 4096, ==, "seen by the peer");
	munmap(seen, 3 * 4096);
	g_assert_null(pages_view_free(v));
	g_assert_cmpint(pages_view_new(WORK, refs, 3, &v), ==, PAGES_E_REFS);
	g_assert_null(pages_share_free(NULL));
	g_assert_null(pages_view_free(NULL));
}

static void test_spec(void) {
	g_assert_cmpint(vchan_use("qubes"), ==, -EINVAL);
	g_assert_cmpint(vchan_use("local-fd:"), ==, -EINVAL);
	g_assert_cmpint(vchan_use("local-fd:3x"), ==, -EINVAL);
	g_assert_cmpint(vchan_use("local-fd:9999999999"), ==, -EINVAL);
	g_assert_cmpint(vchan_use("local-fd:99999"), ==, -EBADF);
	g_assert_cmpint(vchan_use("local:"), ==, -EINVAL);
	g_assert_cmpint(vchan_use("local:/nonexistent/hv"), ==, -ENOENT);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	vchan_use_memory();
	g_test_add_func("/vchan/move", test_move);
	g_test_add_func("/vchan/wakes", test_wakes);
	g_test_add_func("/vchan/drain", test_drain);
	g_test_add_func("/vchan/close", test_close);
	g_test_add_func("/vchan/connect", test_connect);
	g_test_add_func("/vchan/blocking", test_blocking);
	g_test_add_func("/vchan/spec", test_spec);
	g_test_add_func("/pages/memory", test_pages);
	g_test_add_func("/bug-class/D3/recv-all-or-nothing", test_bug_class_D3);
	g_test_add_func("/bug-class/D3/orders-beyond-the-memory", test_bug_class_D3_orders);
	g_test_add_func("/bug-class/D8/peer-never-reads", test_bug_class_D8);
	return g_test_run();
}
