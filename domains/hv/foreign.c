/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv/foreign.h"

#include "common/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEPTH_MOST 4   /* the kernel lets sockets lie in sockets no deeper */
#define DRAIN_MOST 512 /* more packets than a socket's buffer holds */

static void close_at_depth(int fd, int depth);

/* Room for all that can come, so that each is closed by us, in our way. */
static ssize_t receive(
	int socket, uint8_t *data, size_t size, int fds[PACKET_FDS_MOST], unsigned *ret_fds) {
	*ret_fds = PACKET_FDS_MOST;
	return packet_receive(socket, data, size, fds, ret_fds, MSG_DONTWAIT);
}

/* Nobody can put more in, and what lies in it is taken out. */
static void drain(int socket, int depth) {
	int fds[PACKET_FDS_MOST];
	uint8_t byte;
	unsigned n;

	shutdown(socket, SHUT_RDWR);
	for (unsigned i = 0; i < DRAIN_MOST; i++) {
		ssize_t got = receive(socket, &byte, 1, fds, &n);

		if (got < 0)
			return;
		for (unsigned k = 0; k < n; k++)
			close_at_depth(fds[k], depth);
		if (got == 0 && n == 0)
			return;
	}
}

static int option(int fd, int name) {
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) < 0 ? -1 : value;
}

static void close_at_depth(int fd, int depth) {
	struct linger none = {0};
	int domain = option(fd, SO_DOMAIN);

	if (domain == AF_UNIX && depth > 0 && option(fd, SO_ACCEPTCONN) == 0)
		drain(fd, depth - 1);
	else if (domain >= 0 && domain != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

void foreign_close(int fd) {
	if (fd >= 0)
		close_at_depth(fd, DEPTH_MOST);
}

ssize_t foreign_receive(int socket, uint8_t *data, size_t size, int *ret_fd, unsigned *ret_fds) {
	int fds[PACKET_FDS_MOST];
	unsigned n;
	ssize_t got = receive(socket, data, size, fds, &n);

	if (got < 0)
		return got;
	for (unsigned i = 1; i < n; i++)
		foreign_close(fds[i]);
	*ret_fd = n > 0 ? fds[0] : -1;
	*ret_fds = n;
	return got;
}

bool foreign_is_seqpacket(int fd, bool listening) {
	return option(fd, SO_DOMAIN) == AF_UNIX && option(fd, SO_TYPE) == SOCK_SEQPACKET &&
	       option(fd, SO_ACCEPTCONN) == (listening ? 1 : 0);
}
