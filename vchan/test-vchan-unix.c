/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vchan over Unix sockets: bytes both ways, its event descriptor, and the end. */
#include "vchan/backend.h"
#include "vchan/libvchan.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <stdbool.h>

static char *dir;

static bool wait_fd(int fd, int ms) {
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, ms) > 0;
}

static void connect_pair(libvchan_t **server, libvchan_t **client) {
	EVTCHN watch;
	int r;

	g_assert_cmpint(vchan_use_unix("1", dir), ==, 0);
	*server = libvchan_server_init(2, 513, 4096, 4096);
	g_assert_nonnull(*server);
	g_assert_cmpint(libvchan_is_open(*server), ==, VCHAN_WAITING);
	g_assert_cmpint(vchan_use_unix("2", dir), ==, 0);
	*client = libvchan_client_init_async(1, 513, &watch);
	g_assert_nonnull(*client);
	do
		g_assert_true(wait_fd(watch, 10000));
	while ((r = libvchan_client_init_async_finish(*client, 0)) == 1);
	g_assert_cmpint(r, ==, 0);
	g_assert_true(wait_fd(libvchan_fd_for_select(*server), 10000));
	g_assert_cmpint(libvchan_wait(*server), ==, 0);
	g_assert_cmpint(libvchan_is_open(*server), ==, VCHAN_CONNECTED);
}

static void test_bytes(void) {
	libvchan_t *s, *c;
	char b[8] = "";

	connect_pair(&s, &c);
	g_assert_cmpint(libvchan_read(s, b, 8), ==, 0);
	g_assert_cmpint(libvchan_write(c, "hello", 5), ==, 5);
	g_assert_true(wait_fd(libvchan_fd_for_select(s), 10000));
	g_assert_cmpint(libvchan_wait(s), ==, 0);
	g_assert_cmpint(libvchan_data_ready(s), ==, 5);
	g_assert_cmpint(libvchan_recv(s, b, 6), ==, 0);
	g_assert_cmpint(libvchan_recv(s, b, 5), ==, 5);
	g_assert_cmpstr(b, ==, "hello");
	libvchan_close(c);
	g_assert_true(wait_fd(libvchan_fd_for_select(s), 10000));
	g_assert_cmpint(libvchan_wait(s), ==, 0);
	g_assert_cmpint(libvchan_is_open(s), ==, VCHAN_DISCONNECTED);
	g_assert_cmpint(libvchan_read(s, b, 1), ==, -1);
	libvchan_close(s);
}

/* A writer that was short hears of it when there is room again, and only then. */
static void test_full(void) {
	libvchan_t *s, *c;
	static char b[65536];
	size_t sent = 0, got = 0;
	int n;

	connect_pair(&s, &c);
	while ((n = libvchan_write(c, b, sizeof(b))) > 0)
		sent += (size_t)n;
	g_assert_cmpint(n, ==, 0);
	while (wait_fd(libvchan_fd_for_select(c), 0))
		g_assert_cmpint(libvchan_wait(c), ==, 0);
	g_assert_cmpint(libvchan_buffer_space(c), ==, 0);
	while (got < sent) {
		n = libvchan_read(s, b, sizeof(b));
		g_assert_cmpint(n, >, 0);
		got += (size_t)n;
	}
	g_assert_true(wait_fd(libvchan_fd_for_select(c), 10000));
	g_assert_cmpint(libvchan_buffer_space(c), >, 0);
	libvchan_close(c);
	libvchan_close(s);
}

/* What was written before the end is read after it. */
static void test_pending_after_close(void) {
	libvchan_t *s, *c;
	char b[8];

	connect_pair(&s, &c);
	g_assert_cmpint(libvchan_send(s, "bye", 3), ==, 3);
	libvchan_close(s);
	g_assert_true(wait_fd(libvchan_fd_for_select(c), 10000));
	g_assert_cmpint(libvchan_wait(c), ==, 0);
	g_assert_cmpint(libvchan_read(c, b, 8), ==, 3);
	g_assert_cmpint(libvchan_read(c, b, 8), ==, -1);
	libvchan_close(c);
}

int main(int argc, char **argv) {
	int r;

	g_test_init(&argc, &argv, NULL);
	dir = g_dir_make_tmp("bh-vchan-XXXXXX", NULL);
	g_test_add_func("/vchan-unix/bytes", test_bytes);
	g_test_add_func("/vchan-unix/full", test_full);
	g_test_add_func("/vchan-unix/pending-after-close", test_pending_after_close);
	r = g_test_run();
	g_rmdir(dir);
	g_free(dir);
	return r;
}
