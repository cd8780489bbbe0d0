/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/packet.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(PACKET_FDS_MOST * sizeof(int))];
};

int packet_send(int socket, const void *data, size_t size, const int *fds, unsigned n, int flags) {
	union control control;
	struct iovec iov = {(void *)(uintptr_t)data, size};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t sent;

	if (n > PACKET_FDS_MOST)
		return -EINVAL;
	if (n > 0) {
		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		memset(control.space, 0, m.msg_controllen);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_RIGHTS;
		control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.align), fds, n * sizeof(int));
	}
	do
		sent = sendmsg(socket, &m, flags | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static unsigned take_fds(struct msghdr *m, int *fds, unsigned most) {
	unsigned n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = CMSG_LEN(0); at + sizeof(int) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, (char *)c + at, sizeof(fd));
			if (n < most)
				fds[n++] = fd;
			else
				close(fd);
		}
	}
	return n;
}

/* There is room for all descriptors that can come, so that the kernel drops none on its own. */
ssize_t packet_receive(int socket, void *data, size_t size, int *fds, unsigned *n_fds, int flags) {
	union control control;
	struct iovec iov = {data, size};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space)};
	unsigned most = *n_fds;
	ssize_t n;

	*n_fds = 0;
	do
		n = recvmsg(socket, &m, flags | MSG_CMSG_CLOEXEC | MSG_TRUNC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*n_fds = take_fds(&m, fds, most);
	return n;
}
