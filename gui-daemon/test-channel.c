/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The channel between the two processes, against an end that does what it likes. */
#include "gui-daemon/channel.h"

#include "common/packet.h"
#include "proto/view.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <sys/socket.h>

static int other; /* the far end */
static unsigned packets, bytes, descriptors, turns;
static int ended, answer;
static int64_t wait;

static int take(void *data, struct span packet, int *fd) {
	packets++;
	bytes += packet.left;
	descriptors += *fd >= 0;
	return answer;
}

static int64_t wait_us(void *data) {
	return wait;
}

static void on_turn(void *data) {
	turns++;
}

static void on_end(void *data, int why) {
	g_assert_cmpint(ended, ==, 0);
	ended = why;
}

static const struct channel_user user = {take, wait_us, on_turn, on_end};

static struct channel *start(size_t queue_max) {
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
	other = pair[1];
	packets = bytes = descriptors = turns = 0;
	ended = answer = 0;
	wait = 0;
	return channel_new(pair[0], queue_max, &user, NULL);
}

/* Until nothing is to be done. */
static void settle(void) {
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static ssize_t hear(void *buf, size_t size, int *ret_fd) {
	unsigned n = 1;
	ssize_t got = packet_receive(other, buf, size, ret_fd, &n, MSG_DONTWAIT);

	if (n == 0)
		*ret_fd = -1;
	return got;
}

static void test_messages_share_a_packet(void) {
	struct channel *c = start(1 << 20);
	char buf[VIEW_PACKET_MAX];
	int fd, memory = memfd_create("test", 0);

	channel_put(c, "one", 3, -1);
	channel_put(c, "two", 3, memory);
	channel_put(c, "three", 5, -1);
	settle();
	g_assert_cmpint(hear(buf, sizeof(buf), &fd), ==, 6);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_cmpint(hear(buf, sizeof(buf), &fd), ==, 5);
	g_assert_cmpint(fd, ==, -1);
	g_assert_cmpint(hear(buf, sizeof(buf), &fd), ==, -EAGAIN);
	g_assert_cmpint(fcntl(memory, F_GETFD), >=, 0); /* still the caller's */
	close(memory);
	channel_free(c);
	close(other);
}

static void test_full_packets(void) {
	struct channel *c = start(1 << 20);
	static const char half[VIEW_PACKET_MAX / 2 + 1];
	char buf[VIEW_PACKET_MAX];
	int fd;

	channel_put(c, half, sizeof(half), -1);
	channel_put(c, half, sizeof(half), -1);
	settle();
	g_assert_cmpint(hear(buf, sizeof(buf), &fd), ==, sizeof(half));
	g_assert_cmpint(hear(buf, sizeof(buf), &fd), ==, sizeof(half));
	channel_free(c);
	close(other);
}

/* D8: what we keep for it is bounded, and we never wait for it. */
static void test_never_reads(void) {
	struct channel *c = start(64 * VIEW_PACKET_MAX);
	static const char message[VIEW_PACKET_MAX];
	unsigned n = 0;

	while (!ended && n++ < 100000)
		channel_put(c, message, sizeof(message), -1);
	g_assert_cmpint(ended, ==, CHANNEL_E_FULL);
	g_assert_cmpuint(channel_backlog(c), ==, 0);
	channel_free(c);
	close(other);
}

static void test_reads_late(void) {
	struct channel *c = start(1 << 20);
	static const char message[VIEW_PACKET_MAX];
	char buf[VIEW_PACKET_MAX];
	unsigned sent = 0, got = 0;
	int fd;

	while (channel_backlog(c) < 32 * VIEW_PACKET_MAX) {
		channel_put(c, message, sizeof(message), -1);
		sent++;
	}
	while (got < sent) {
		if (hear(buf, sizeof(buf), &fd) > 0)
			got++;
		else
			settle();
	}
	g_assert_cmpint(ended, ==, 0);
	g_assert_cmpuint(channel_backlog(c), ==, 0);
	channel_free(c);
	close(other);
}

static void test_too_long(void) {
	struct channel *c = start(1 << 20);
	static const char message[VIEW_PACKET_MAX + 1];

	g_assert_cmpint(packet_send(other, message, sizeof(message), NULL, 0, 0), ==, 0);
	settle();
	g_assert_cmpint(ended, ==, -EMSGSIZE);
	g_assert_cmpuint(packets, ==, 0);
	channel_free(c);
	close(other);
}

/* Descriptors that belong to nothing do not gather. */
static void test_many_descriptors(void) {
	struct channel *c = start(1 << 20);
	int fds[PACKET_FDS_MOST], before = dup(0), after;

	close(before);
	for (size_t i = 0; i < PACKET_FDS_MOST; i++)
		fds[i] = 0;
	for (int i = 0; i < 20; i++)
		g_assert_cmpint(packet_send(other, "x", 1, fds, PACKET_FDS_MOST, 0), ==, 0);
	settle();
	g_assert_cmpuint(packets, ==, 20);
	g_assert_cmpuint(descriptors, ==, 20);
	after = dup(0);
	close(after);
	g_assert_cmpint(after, ==, before);
	channel_free(c);
	close(other);
}

static void test_waits(void) {
	struct channel *c = start(1 << 20);

	wait = CHANNEL_BUSY;
	for (int i = 0; i < 10; i++)
		g_assert_cmpint(packet_send(other, "x", 1, NULL, 0, 0), ==, 0);
	settle();
	g_assert_cmpuint(packets, ==, 0);
	wait = 0;
	settle();
	g_assert_cmpuint(packets, ==, 10);
	g_assert_cmpuint(turns, >=, 1);
	channel_free(c);
	close(other);
}

static void test_ends(void) {
	struct channel *c = start(1 << 20);

	/* What it said before it went is heard first. */
	g_assert_cmpint(packet_send(other, "x", 1, NULL, 0, 0), ==, 0);
	close(other);
	channel_put(c, "lost", 4, -1);
	settle();
	g_assert_cmpuint(packets, ==, 1);
	g_assert_cmpint(ended, ==, CHANNEL_E_CLOSED);
	channel_put(c, "lost", 4, -1);
	settle();
	channel_free(c);
	/* It goes while we are busy. */
	c = start(1 << 20);
	wait = CHANNEL_BUSY;
	close(other);
	settle();
	g_assert_cmpint(ended, ==, CHANNEL_E_CLOSED);
	channel_free(c);
	/* The taker's own answer. */
	c = start(1 << 20);
	answer = 7;
	g_assert_cmpint(packet_send(other, "x", 1, NULL, 0, 0), ==, 0);
	g_assert_cmpint(packet_send(other, "x", 1, NULL, 0, 0), ==, 0);
	settle();
	g_assert_cmpint(ended, ==, 7);
	g_assert_cmpuint(packets, ==, 1);
	channel_free(c);
	close(other);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/channel/messages-share-a-packet", test_messages_share_a_packet);
	g_test_add_func("/channel/full-packets", test_full_packets);
	g_test_add_func("/bug-class/D8/decoder-never-reads", test_never_reads);
	g_test_add_func("/channel/reads-late", test_reads_late);
	g_test_add_func("/channel/too-long", test_too_long);
	g_test_add_func("/channel/many-descriptors", test_many_descriptors);
	g_test_add_func("/channel/waits", test_waits);
	g_test_add_func("/channel/ends", test_ends);
	return g_test_run();
}
