/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vchan/store-xen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <xen/io/xs_wire.h>

struct store {
	int fd;
	uint32_t next_id;
	bool changed;
	char body[XENSTORE_PAYLOAD_MAX + 1]; /* of the message that came last */
	size_t len;
};

int store_open(struct store **ret) {
	AUTO(store_free_p) struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
	if (s->fd < 0)
		return -errno;
	*ret = TAKE(s);
	return 0;
}

struct store *store_free(struct store *s) {
	if (!s)
		return NULL;
	auto_close(&s->fd);
	free(s);
	return NULL;
}

int store_fd(const struct store *s) {
	return s->fd;
}

static int read_fully(int fd, void *data, size_t size) {
	char *at = data;

	while (size > 0) {
		ssize_t n = read(fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPIPE;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

/* One message; an event only raises the flag. */
static int take_message(struct store *s, struct xsd_sockmsg *ret) {
	int r = read_fully(s->fd, ret, sizeof(*ret));

	if (r < 0)
		return r;
	if (ret->len > XENSTORE_PAYLOAD_MAX)
		return -EPROTO;
	r = read_fully(s->fd, s->body, ret->len);
	if (r < 0)
		return r;
	s->len = ret->len;
	s->body[s->len] = '\0';
	if (ret->type == XS_WATCH_EVENT)
		s->changed = true;
	return 0;
}

static int error_of(const char *name) {
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)
		if (strcmp(name, xsd_errors[i].errstring) == 0)
			return -xsd_errors[i].errnum;
	return -EIO;
}

/* The answer is in s->body. */
static int request(struct store *s, uint32_t type, uint32_t tx, const void *data, size_t len) {
	struct xsd_sockmsg head = {
		.type = type, .req_id = ++s->next_id, .tx_id = tx, .len = (uint32_t)len};
	struct iovec parts[] = {{&head, sizeof(head)}, {(void *)(uintptr_t)data, len}};
	ssize_t n;
	int r;

	if (len > XENSTORE_PAYLOAD_MAX)
		return -EMSGSIZE;
	do
		n = writev(s->fd, parts, 2);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)(sizeof(head) + len))
		return n < 0 ? -errno : -EPIPE;
	do
		r = take_message(s, &head);
	while (r == 0 && (head.type == XS_WATCH_EVENT || head.req_id != s->next_id));
	if (r < 0)
		return r;
	return head.type == XS_ERROR ? error_of(s->body) : 0;
}

static int request_path(struct store *s, uint32_t type, uint32_t tx, const char *path) {
	return request(s, type, tx, path, strlen(path) + 1);
}

bool store_changed(struct store *s) {
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	struct xsd_sockmsg head;
	bool was;

	while (poll(&p, 1, 0) == 1 && (p.revents & POLLIN))
		if (take_message(s, &head) < 0)
			break;
	was = s->changed;
	s->changed = false;
	return was;
}

int store_read(struct store *s, uint32_t tx, const char *path, char *ret, size_t size) {
	int r = request_path(s, XS_READ, tx, path);

	if (r < 0)
		return r;
	if (s->len >= size)
		return -EMSGSIZE;
	memcpy(ret, s->body, s->len + 1);
	return 0;
}

int store_list(struct store *s, uint32_t tx, const char *path, char *ret, size_t size) {
	int r = request_path(s, XS_DIRECTORY, tx, path);

	if (r < 0)
		return r;
	if (s->len > size)
		return -EMSGSIZE;
	memcpy(ret, s->body, s->len);
	return (int)s->len;
}

int store_write(struct store *s, uint32_t tx, const char *path, const char *value) {
	char data[XENSTORE_PAYLOAD_MAX];
	int n = snprintf(data, sizeof(data), "%s%c%s", path, 0, value);

	if (n < 0 || (size_t)n >= sizeof(data))
		return -EMSGSIZE;
	return request(s, XS_WRITE, tx, data, (size_t)n);
}

int store_share(struct store *s, uint32_t tx, const char *path, int own, int peer) {
	char data[2 * STORE_PATH_MAX];
	int n = snprintf(data, sizeof(data), "%s%cn%d%cr%d", path, 0, own, 0, peer);

	if (n < 0 || (size_t)n >= sizeof(data))
		return -EMSGSIZE;
	return request(s, XS_SET_PERMS, tx, data, (size_t)n + 1);
}

int store_erase(struct store *s, uint32_t tx, const char *path) {
	return request_path(s, XS_RM, tx, path);
}

int store_is_empty(struct store *s, uint32_t tx, const char *path) {
	int r = request_path(s, XS_DIRECTORY, tx, path);

	return r < 0 ? r : s->len == 0;
}

int store_watch(struct store *s, const char *path) {
	char data[2 * STORE_PATH_MAX];
	int n = snprintf(data, sizeof(data), "%s%ct", path, 0);

	if (n < 0 || (size_t)n >= sizeof(data))
		return -EMSGSIZE;
	return request(s, XS_WATCH, 0, data, (size_t)n + 1);
}

int store_begin(struct store *s, uint32_t *ret_tx) {
	int r = request(s, XS_TRANSACTION_START, 0, "", 1);

	if (r < 0)
		return r;
	*ret_tx = (uint32_t)strtoul(s->body, NULL, 10);
	return 0;
}

int store_commit(struct store *s, uint32_t tx) {
	return request(s, XS_TRANSACTION_END, tx, "T", 2);
}

int store_own_domain(struct store *s) {
	int r = request_path(s, XS_READ, 0, "domid");

	return r < 0 ? r : (int)strtol(s->body, NULL, 10);
}

/* Only the admin domain may ask directly. A guest is told "not there" of a domain's directory when
 * the domain is gone (the toolstack removes it first), and "not allowed" while it lives. That is
 * oxenstored's way, Debian's default; the other xenstored always says "not allowed". */
int store_domain_lives(struct store *s, int domain) {
	char text[32];
	int r;

	if (domain == 0)
		return 1;
	(void)snprintf(text, sizeof(text), "%d", domain);
	r = request_path(s, XS_IS_DOMAIN_INTRODUCED, 0, text);
	if (r == 0)
		return s->body[0] == 'T';
	if (r != -EACCES)
		return r;
	(void)snprintf(text, sizeof(text), "/local/domain/%d", domain);
	return request_path(s, XS_READ, 0, text) != -ENOENT;
}
