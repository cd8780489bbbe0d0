/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Local descriptors; see local-fd.h. */
#include "qrexec/lib/local-fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define PIPE_BYTES (256 * 1024)

/* Pipes and terminals: a second open gives a description of our own, whose flags are ours alone. */
static int reopen(int fd, bool for_write) {
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, (for_write ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

struct local_fd local_fd_take(int fd, bool for_write) {
	struct local_fd l = {.fd = fd};
	struct stat st;
	int own;

	if (fd < 0 || fstat(fd, &st))
		return l;
	l.socket = S_ISSOCK(st.st_mode);
	/* A file has a position, which belongs to whoever opened it. */
	if (l.socket || S_ISREG(st.st_mode))
		return l;
	own = reopen(fd, for_write);
	if (own < 0) {
		l.timid = true;
		return l;
	}
	close(fd);
	l.fd = own;
	/* Fewer turns for the same bytes; where it is refused, the pipe stays as it is. */
	if (S_ISFIFO(st.st_mode))
		(void)!fcntl(own, F_SETPIPE_SZ, PIPE_BYTES);
	return l;
}

static bool is_ready(const struct local_fd *l, short events) {
	struct pollfd p = {.fd = l->fd, .events = events};

	return poll(&p, 1, 0) > 0;
}

ssize_t local_fd_read(struct local_fd *l, void *buf, size_t size) {
	ssize_t n;

	if (l->socket)
		n = recv(l->fd, buf, size, MSG_DONTWAIT);
	else if (l->timid && !is_ready(l, POLLIN))
		return -EAGAIN;
	else
		n = read(l->fd, buf, size);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

ssize_t local_fd_write(struct local_fd *l, const void *buf, size_t size) {
	ssize_t n;

	if (l->timid && !is_ready(l, POLLOUT))
		return -EAGAIN;
	if (l->timid && size > PIPE_BUF)
		size = PIPE_BUF;
	if (l->socket)
		n = send(l->fd, buf, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(l->fd, buf, size);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

void local_fd_end_write(struct local_fd *l, bool still_read) {
	if (l->fd < 0)
		return;
	if (l->socket)
		shutdown(l->fd, SHUT_WR);
	if (!l->socket || !still_read)
		local_fd_close(l);
}

void local_fd_close(struct local_fd *l) {
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
