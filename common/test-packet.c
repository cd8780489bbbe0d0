/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets and the descriptors beside them, at their edges. */
#include "common/packet.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>

static int pair[2];

static void open_pair(void) {
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
}

static void close_pair(void) {
	auto_close(&pair[0]);
	auto_close(&pair[1]);
}

/* The number that the next descriptor gets: what leaks moves it. */
static int next_fd(void) {
	int fd = dup(0);

	g_assert_cmpint(fd, >=, 0);
	close(fd);
	return fd;
}

static void test_lengths(void) {
	char buf[4];
	unsigned n = 0;

	open_pair();
	g_assert_cmpint(packet_receive(pair[1], buf, 4, NULL, &n, MSG_DONTWAIT), ==, -EAGAIN);
	g_assert_cmpint(packet_send(pair[0], "four", 4, NULL, 0, 0), ==, 0);
	g_assert_cmpint(packet_send(pair[0], "5five", 5, NULL, 0, 0), ==, 0);
	g_assert_cmpint(packet_receive(pair[1], buf, 4, NULL, &n, 0), ==, 4);
	g_assert_true(memcmp(buf, "four", 4) == 0);
	g_assert_cmpint(packet_receive(pair[1], buf, 4, NULL, &n, 0), ==, 5);
	auto_close(&pair[0]);
	g_assert_cmpint(packet_receive(pair[1], buf, 4, NULL, &n, 0), ==, 0);
	g_assert_cmpint(packet_send(pair[1], "x", 1, NULL, 0, 0), ==, -EPIPE);
	pair[0] = -1;
	close_pair();
}

static void test_descriptors(void) {
	static const struct {
		unsigned sent, room, came;
	} cases[] = {{0, 0, 0}, {0, 3, 0}, {1, 1, 1}, {1, 0, 0}, {3, 1, 1}, {PACKET_FDS_MOST, 2, 2},
		{PACKET_FDS_MOST, PACKET_FDS_MOST, PACKET_FDS_MOST}};

	open_pair();
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int fds[PACKET_FDS_MOST] = {0}, got[PACKET_FDS_MOST], before = next_fd();
		unsigned n = cases[i].room;
		char byte;

		g_assert_cmpint(packet_send(pair[0], "x", 1, fds, cases[i].sent, 0), ==, 0);
		g_assert_cmpint(packet_receive(pair[1], &byte, 1, got, &n, 0), ==, 1);
		g_assert_cmpuint(n, ==, cases[i].came);
		for (unsigned k = 0; k < n; k++) {
			g_assert_cmpint(fcntl(got[k], F_GETFD), ==, FD_CLOEXEC);
			close(got[k]);
		}
		g_assert_cmpint(next_fd(), ==, before);
	}
	close_pair();
}

static void test_too_many(void) {
	int fds[PACKET_FDS_MOST + 1] = {0};

	open_pair();
	g_assert_cmpint(packet_send(pair[0], "x", 1, fds, PACKET_FDS_MOST + 1, 0), ==, -EINVAL);
	close_pair();
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/packet/lengths", test_lengths);
	g_test_add_func("/packet/descriptors", test_descriptors);
	g_test_add_func("/packet/too-many", test_too_many);
	return g_test_run();
}
