/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The libvchan names over the backend of this process. All waiting is done here. */
#include "vchan/libvchan.h"

#include "vchan/backend-ops.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

static int wait_readable(int fd) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, -1);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

static bool usable(int domain, int port) {
	if (backend.vchan && domain >= 0 && port >= 0)
		return true;
	errno = backend.vchan ? EINVAL : ENOTCONN;
	return false;
}

libvchan_t *libvchan_server_init(int domain, int port, size_t read_min, size_t write_min) {
	struct libvchan *v;
	int r;

	if (!usable(domain, port))
		return NULL;
	r = backend.vchan->server_new(domain, port, read_min, write_min, &v);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return v;
}

libvchan_t *libvchan_client_init_async(int domain, int port, EVTCHN *watch_fd) {
	struct libvchan *v;
	int r;

	if (!usable(domain, port))
		return NULL;
	r = backend.vchan->client_new(domain, port, &v, watch_fd);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	return v;
}

int libvchan_client_init_async_finish(libvchan_t *v, int blocking) {
	int r = v->failed ? -EIO : v->ops->client_finish(v);

	if (r == 0)
		v->blocking = blocking != 0;
	if (r >= 0)
		return r;
	v->failed = true;
	errno = -r;
	return -1;
}

libvchan_t *libvchan_client_init(int domain, int port) {
	int watch, r, error;
	libvchan_t *v = libvchan_client_init_async(domain, port, &watch);

	if (!v)
		return NULL;
	while ((r = libvchan_client_init_async_finish(v, 0)) > 0)
		if (wait_readable(watch) < 0)
			break;
	if (r == 0)
		return v;
	error = errno;
	libvchan_close(v);
	errno = error;
	return NULL;
}

static size_t bounded(size_t size) {
	return size < INT_MAX ? size : INT_MAX;
}

int libvchan_read(libvchan_t *v, void *data, size_t size) {
	int n;

	size = bounded(size);
	while ((n = v->ops->read(v, data, size, false)) == 0 && v->blocking && size > 0)
		if (libvchan_wait(v) < 0)
			return -1;
	return n;
}

int libvchan_drain(libvchan_t *v, void *data, size_t size) {
	size = bounded(size);
	return v->ops->drain ? v->ops->drain(v, data, size) : v->ops->read(v, data, size, false);
}

int libvchan_write(libvchan_t *v, const void *data, size_t size) {
	size_t done = 0;

	size = bounded(size);
	do {
		int n = v->ops->write(v, (const char *)data + done, size - done, false);

		if (n < 0)
			return -1;
		done += (size_t)n;
		if (!v->blocking || done == size)
			break;
	} while (libvchan_wait(v) == 0);
	return v->blocking && done < size ? -1 : (int)done;
}

int libvchan_recv(libvchan_t *v, void *data, size_t size) {
	int n;

	if (size > INT_MAX)
		return -1;
	while ((n = v->ops->read(v, data, size, true)) == 0 && v->blocking && size > 0)
		if (libvchan_wait(v) < 0)
			return -1;
	return n;
}

int libvchan_send(libvchan_t *v, const void *data, size_t size) {
	int n;

	if (size > INT_MAX)
		return -1;
	while ((n = v->ops->write(v, data, size, true)) == 0 && v->blocking && size > 0)
		if (libvchan_wait(v) < 0)
			return -1;
	return n;
}

int libvchan_wait(libvchan_t *v) {
	bool sleep = v->blocking || v->ops->is_open(v) != VCHAN_CONNECTED;

	if (sleep && wait_readable(v->ops->fd(v)) < 0)
		return -1;
	return v->ops->take_events(v);
}

void libvchan_set_blocking(libvchan_t *v, int blocking) {
	v->blocking = blocking != 0;
}

int libvchan_is_open(libvchan_t *v) {
	return v->ops->is_open(v);
}

int libvchan_data_ready(libvchan_t *v) {
	return v->ops->data_ready(v);
}

int libvchan_buffer_space(libvchan_t *v) {
	return v->ops->buffer_space(v);
}

EVTCHN libvchan_fd_for_select(libvchan_t *v) {
	return v->ops->fd(v);
}

void libvchan_close(libvchan_t *v) {
	if (v)
		v->ops->close(v);
}
