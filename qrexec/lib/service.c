/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding services; see service.h. */
#include "qrexec/lib/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TCP_PREFIX "/dev/tcp"

static bool is_port(const char *s) {
	unsigned long v = 0;

	if (*s < '1' || *s > '9' || strlen(s) > 5)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		v = v * 10 + (unsigned long)(*s - '0');
	}
	return v <= 65535;
}

static bool is_host(const char *s) {
	unsigned char b[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, b) == 1 || inet_pton(AF_INET6, s, b) == 1;
}

static int set(char *to, size_t size, const char *from, size_t len) {
	if (len == 0 || len >= size)
		return SERVICE_E_BAD;
	memcpy(to, from, len);
	to[len] = 0;
	return 0;
}

/* HOST+PORT of an argument: the port stands after the last '+', ':' of an IPv6 host are written
 * as '+'. */
static int host_from(const char *argument, struct service *ret) {
	const char *last = strrchr(argument, '+');

	if (!last || memchr(argument, '_', (size_t)(last - argument)) ||
		set(ret->host, sizeof(ret->host), argument, (size_t)(last - argument)))
		return SERVICE_E_BAD;
	for (char *p = ret->host; *p; p++)
		if (*p == '+')
			*p = ':';
	return set(ret->port, sizeof(ret->port), last + 1, strlen(last + 1));
}

int service_tcp(const char *target, const char *argument, struct service *ret) {
	const char *host = target + strlen(TCP_PREFIX), *port;
	bool has_argument = argument && *argument;
	int r;

	ret->kind = SERVICE_TCP;
	if (*host == '/')
		host++;
	port = strchr(host, '/');
	if (!*host) {
		r = has_argument ? host_from(argument, ret) : SERVICE_E_BAD;
	} else if (!port || !port[1]) {
		r = set(ret->host, sizeof(ret->host), host, strcspn(host, "/"));
		if (!r)
			r = has_argument
				    ? set(ret->port, sizeof(ret->port), argument, strlen(argument))
				    : SERVICE_E_BAD;
	} else {
		r = has_argument ? SERVICE_E_BAD : 0;
		if (!r)
			r = set(ret->host, sizeof(ret->host), host, (size_t)(port - host));
		if (!r)
			r = set(ret->port, sizeof(ret->port), port + 1, strlen(port + 1));
	}
	return r || !is_host(ret->host) || !is_port(ret->port) ? SERVICE_E_BAD : 0;
}

/* A symlink below /dev/tcp; it need not exist. */
static bool is_tcp_link(const char *path, char target[PATH_MAX]) {
	ssize_t n = readlink(path, target, PATH_MAX - 1);

	if (n < 0)
		return false;
	target[n] = 0;
	return !strncmp(target, TCP_PREFIX, strlen(TCP_PREFIX)) &&
	       (target[strlen(TCP_PREFIX)] == 0 || target[strlen(TCP_PREFIX)] == '/');
}

static int kind_of(const char *argument, struct service *s) {
	char target[PATH_MAX];
	struct stat st;

	if (is_tcp_link(s->path, target))
		return service_tcp(target, argument, s);
	if (stat(s->path, &st))
		return SERVICE_E_BAD;
	if (S_ISSOCK(st.st_mode)) {
		s->kind = SERVICE_SOCKET;
		return 0;
	}
	s->kind = SERVICE_EXEC;
	return S_ISREG(st.st_mode) && !eaccess(s->path, X_OK) ? 0 : SERVICE_E_BAD;
}

static int look_at(
	const char *dir, size_t len, const char *name, const char *argument, struct service *ret) {
	struct service s = {0};
	struct stat st;
	int n = snprintf(s.path, sizeof(s.path), "%.*s/%s", (int)len, dir, name);
	int r;

	if (n < 0 || (size_t)n >= sizeof(s.path) || strlen(name) > NAME_MAX)
		return SERVICE_E_NONE;
	if (lstat(s.path, &st))
		return errno == ENOENT || errno == ENAMETOOLONG ? SERVICE_E_NONE : SERVICE_E_BAD;
	r = kind_of(argument, &s);
	if (!r)
		*ret = s;
	return r;
}

static int search(const char *paths, const char *name, const char *argument, struct service *ret) {
	while (*paths) {
		size_t len = strcspn(paths, ":");
		int r = look_at(paths, len, name, argument, ret);

		if (r != SERVICE_E_NONE)
			return r;
		paths += len + (paths[len] == ':');
	}
	return SERVICE_E_NONE;
}

int service_find(const char *paths, const char *key, const char *service, const char *argument,
	struct service *ret) {
	int r;

	/* A name of the admin domain is only as good as its writer. An argument with a '/' is just
	 * no file's name. */
	if (strchr(service, '/') || service[0] == '.')
		return SERVICE_E_NONE;
	r = strchr(key, '/') ? SERVICE_E_NONE : search(paths, key, argument, ret);
	return r == SERVICE_E_NONE ? search(paths, service, argument, ret) : r;
}
