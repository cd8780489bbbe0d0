/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vchan over plain Unix stream sockets, for tests only: nothing says who the peer is. The byte
 * stream and the socket names are those of the reference's socket transport, so that its programs
 * and its test-suite can stand at the other end: DIR/vchan.SERVER.CLIENT.PORT.sock.
 *
 * An epoll descriptor in edge-triggered mode plays the event channel: it becomes readable on new
 * data, freed space and hang-up, and is quiet again after take_events.
 */
#include "vchan/backend-ops.h"
#include "vchan/backend.h"
#include "vchan/libvchan.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define RETRY_NS 200000 /* a client tries again this often until its server is there */

static struct {
	int domain;
	char dir[80];
} here;

struct unix_vchan {
	struct libvchan base;
	int epoll, sock, listener, retry;
	struct sockaddr_un at;
	bool server, hung_up;
	/* What a write that must be whole could not place yet. */
	uint8_t *queue;
	size_t queue_len;
};

int vchan_unix_set(int domain, const char *dir) {
	if (domain < 0 || strlen(dir) >= sizeof(here.dir))
		return -EINVAL;
	here.domain = domain;
	memcpy(here.dir, dir, strlen(dir) + 1);
	backend = (struct backend){.vchan = &vchan_unix_ops};
	return 0;
}

static void unix_close(struct libvchan *base) {
	struct unix_vchan *v = (struct unix_vchan *)base;

	if (!v)
		return;
	if (v->sock >= 0)
		close(v->sock);
	if (v->listener >= 0) {
		close(v->listener);
		unlink(v->at.sun_path);
	}
	if (v->retry >= 0)
		close(v->retry);
	if (v->epoll >= 0)
		close(v->epoll);
	free(v->queue);
	free(v);
}

static void unix_free_p(struct unix_vchan **v) {
	if (*v)
		unix_close(&(*v)->base);
}

static struct unix_vchan *unix_new(int server, int client, int port) {
	struct unix_vchan *v = calloc(1, sizeof(*v));
	int n;

	if (!v)
		return NULL;
	v->base.ops = &vchan_unix_ops;
	v->sock = v->listener = v->retry = -1;
	v->epoll = epoll_create1(EPOLL_CLOEXEC);
	v->at.sun_family = AF_UNIX;
	n = snprintf(v->at.sun_path, sizeof(v->at.sun_path), "%s/vchan.%d.%d.%d.sock", here.dir,
		server, client, port);
	if (v->epoll < 0 || n < 0 || (size_t)n >= sizeof(v->at.sun_path)) {
		unix_close(&v->base);
		return NULL;
	}
	return v;
}

static int watch(struct unix_vchan *v, int fd, uint32_t events) {
	struct epoll_event ev = {.events = events | EPOLLET, .data.fd = fd};

	return epoll_ctl(v->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int watch_peer(struct unix_vchan *v, int fd) {
	v->sock = fd;
	return watch(v, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

static int unix_server_new(
	int domain, int port, size_t read_min, size_t write_min, struct libvchan **ret) {
	AUTO(unix_free_p) struct unix_vchan *v = unix_new(here.domain, domain, port);

	(void)read_min;
	(void)write_min;
	if (!v)
		return -ENOMEM;
	v->server = true;
	v->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (v->listener < 0)
		return -errno;
	unlink(v->at.sun_path);
	if (bind(v->listener, (struct sockaddr *)&v->at, sizeof(v->at)) || listen(v->listener, 1))
		return -errno;
	if (watch(v, v->listener, EPOLLIN))
		return -errno;
	*ret = &TAKE(v)->base;
	return 0;
}

static int unix_client_new(int domain, int port, struct libvchan **ret, int *ret_watch) {
	AUTO(unix_free_p) struct unix_vchan *v = unix_new(domain, here.domain, port);
	struct itimerspec soon = {.it_value.tv_nsec = 1, .it_interval.tv_nsec = RETRY_NS};

	if (!v)
		return -ENOMEM;
	v->retry = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (v->retry < 0 || timerfd_settime(v->retry, 0, &soon, NULL))
		return -errno;
	*ret_watch = v->retry;
	*ret = &TAKE(v)->base;
	return 0;
}

static int unix_client_finish(struct libvchan *base) {
	struct unix_vchan *v = (struct unix_vchan *)base;
	uint64_t ticks;
	int fd;

	if (v->sock >= 0)
		return 0;
	while (read(v->retry, &ticks, sizeof(ticks)) > 0)
		;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&v->at, sizeof(v->at))) {
		int error = errno;

		close(fd);
		return error == ENOENT || error == ECONNREFUSED || error == EAGAIN ? 1 : -error;
	}
	close(v->retry);
	v->retry = -1;
	return watch_peer(v, fd);
}

/* A server takes the one client that it serves. */
static void accept_peer(struct unix_vchan *v) {
	int fd;

	if (v->listener < 0)
		return;
	fd = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	close(v->listener);
	unlink(v->at.sun_path);
	v->listener = -1;
	if (watch_peer(v, fd))
		v->hung_up = true;
}

static bool is_gone(ssize_t n) {
	return n < 0 && errno != EAGAIN && errno != EINTR;
}

static bool flush(struct unix_vchan *v) {
	ssize_t n;

	if (v->queue_len == 0)
		return true;
	n = send(v->sock, v->queue, v->queue_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (is_gone(n)) {
		v->hung_up = true;
		v->queue_len = 0;
	}
	if (n > 0) {
		v->queue_len -= (size_t)n;
		memmove(v->queue, v->queue + n, v->queue_len);
	}
	return v->queue_len == 0;
}

static int unix_read(struct libvchan *base, void *data, size_t size, bool all) {
	struct unix_vchan *v = (struct unix_vchan *)base;
	int ready = 0;
	ssize_t n;

	accept_peer(v);
	if (v->sock < 0)
		return v->hung_up ? -1 : 0;
	if (all && (ioctl(v->sock, FIONREAD, &ready) || (size_t)ready < size))
		return v->hung_up ? -1 : 0;
	n = recv(v->sock, data, size > INT_MAX ? INT_MAX : size, MSG_DONTWAIT);
	if (size > 0 && (n == 0 || is_gone(n))) {
		v->hung_up = true;
		return -1;
	}
	return n < 0 ? 0 : (int)n;
}

/* The rest of a write that must be whole waits in the queue, before anything written later. */
static int keep_rest(struct unix_vchan *v, const uint8_t *data, size_t size) {
	uint8_t *queue = realloc(v->queue, size);

	if (!queue)
		return -1;
	v->queue = queue;
	memcpy(queue, data, size);
	v->queue_len = size;
	return 0;
}

static int unix_write(struct libvchan *base, const void *data, size_t size, bool all) {
	struct unix_vchan *v = (struct unix_vchan *)base;
	ssize_t n;

	accept_peer(v);
	if (v->hung_up || size > INT_MAX)
		return -1;
	if (v->sock < 0 || !flush(v))
		return v->hung_up ? -1 : 0;
	n = send(v->sock, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (is_gone(n)) {
		v->hung_up = true;
		return -1;
	}
	if (n < 0)
		return 0;
	if (all && (size_t)n < size)
		return keep_rest(v, (const uint8_t *)data + n, size - (size_t)n) ? -1 : (int)size;
	return (int)n;
}

static int unix_take_events(struct libvchan *base) {
	struct unix_vchan *v = (struct unix_vchan *)base;
	struct epoll_event ev[4];
	int n;

	do
		n = epoll_wait(v->epoll, ev, 4, 0);
	while (n < 0 && errno == EINTR);
	accept_peer(v);
	for (int i = 0; i < n; i++)
		if (ev[i].data.fd == v->sock && (ev[i].events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)))
			v->hung_up = true;
	if (v->sock >= 0)
		flush(v);
	return n < 0 ? -1 : 0;
}

static int unix_is_open(struct libvchan *base) {
	struct unix_vchan *v = (struct unix_vchan *)base;

	accept_peer(v);
	if (v->hung_up)
		return VCHAN_DISCONNECTED;
	return v->sock >= 0 ? VCHAN_CONNECTED : VCHAN_WAITING;
}

static int unix_data_ready(struct libvchan *base) {
	struct unix_vchan *v = (struct unix_vchan *)base;
	int ready = 0;

	accept_peer(v);
	if (v->sock < 0 || ioctl(v->sock, FIONREAD, &ready))
		return 0;
	return ready;
}

static int unix_buffer_space(struct libvchan *base) {
	struct unix_vchan *v = (struct unix_vchan *)base;
	struct pollfd p = {.fd = v->sock, .events = POLLOUT};

	accept_peer(v);
	if (v->sock < 0 || v->hung_up || !flush(v))
		return 0;
	p.fd = v->sock;
	return poll(&p, 1, 0) > 0 && (p.revents & POLLOUT) ? 65536 : 0;
}

static int unix_fd(struct libvchan *base) {
	return ((struct unix_vchan *)base)->epoll;
}

const struct vchan_ops vchan_unix_ops = {
	.server_new = unix_server_new,
	.client_new = unix_client_new,
	.client_finish = unix_client_finish,
	.read = unix_read,
	.write = unix_write,
	.take_events = unix_take_events,
	.is_open = unix_is_open,
	.data_ready = unix_data_ready,
	.buffer_space = unix_buffer_space,
	.fd = unix_fd,
	.close = unix_close,
};
