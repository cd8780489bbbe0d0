/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connecting to services that are sockets; see service.h. */
#include "qrexec/lib/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int begin(int family, const void *at, socklen_t size, int *ret) {
	AUTO(auto_close) int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, at, size)) {
		r = -errno;
		if (r != -EINPROGRESS)
			return r;
	}
	*ret = TAKE_FD(fd);
	return r;
}

/* By way of an open descriptor: a path may be longer than an address can hold. */
static int connect_path(const char *path, int *ret) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int file = open(path, O_PATH | O_CLOEXEC);

	if (file < 0)
		return -errno;
	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d", file);
	return begin(AF_UNIX, &at, sizeof(at), ret);
}

static int port_of(const struct service *s) {
	return htons((uint16_t)strtoul(s->port, NULL, 10)); /* service_tcp checked it */
}

static int connect_tcp(const struct service *s, int *ret) {
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = (in_port_t)port_of(s)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = (in_port_t)port_of(s)};

	if (inet_pton(AF_INET, s->host, &v4.sin_addr) == 1)
		return begin(AF_INET, &v4, sizeof(v4), ret);
	if (inet_pton(AF_INET6, s->host, &v6.sin6_addr) == 1)
		return begin(AF_INET6, &v6, sizeof(v6), ret);
	return -EINVAL;
}

int service_connect(const struct service *s, int *ret) {
	return s->kind == SERVICE_TCP ? connect_tcp(s, ret) : connect_path(s->path, ret);
}

int service_connected(int fd) {
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	return -error;
}
