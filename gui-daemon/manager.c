/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/manager.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct manager {
	int fd;
	guint source;
	void (*on_message)(void *data, const struct ctl_msg *m, int fd);
	void *data;
};

/* The first descriptor of the packet, -1: none. More than one never come. */
static int take_fd(struct msghdr *msg) {
	struct cmsghdr *h = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
		h->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(h), sizeof(fd));
	return fd;
}

static gboolean on_readable(gint socket, GIOCondition condition, gpointer data) {
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct manager *m = data;
	uint8_t buf[CTL_SIZE];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr raw = {.msg_iov = &iov, .msg_iovlen = 1};
	struct ctl_msg msg;
	AUTO(auto_close) int fd = -1;
	ssize_t n;

	raw.msg_control = control.space;
	raw.msg_controllen = sizeof(control.space);
	n = recvmsg(socket, &raw, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n > 0)
		fd = take_fd(&raw);
	if (n > 0 && !ctl_decode(span_over(buf, (size_t)n), &msg))
		m->on_message(m->data, &msg, fd);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return G_SOURCE_CONTINUE;
	m->source = 0;
	close(m->fd);
	m->fd = -1;
	return G_SOURCE_REMOVE;
}

struct manager *manager_new(
	int fd, void (*on_message)(void *data, const struct ctl_msg *m, int fd), void *data) {
	struct manager *m = g_new0(struct manager, 1);

	m->fd = fd;
	m->on_message = on_message;
	m->data = data;
	if (fd >= 0)
		m->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, m);
	return m;
}

struct manager *manager_free(struct manager *m) {
	if (!m)
		return NULL;
	if (m->source)
		g_source_remove(m->source);
	auto_close(&m->fd);
	g_free(m);
	return NULL;
}

void manager_tell(struct manager *m, enum ctl_type type, uint32_t value, const char *text) {
	manager_tell_fd(m, type, value, text, -1);
}

void manager_tell_fd(
	struct manager *m, enum ctl_type type, uint32_t value, const char *text, int fd) {
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct ctl_msg msg = {.type = type, .value = value};
	uint8_t buf[CTL_SIZE];
	struct iovec iov = {buf, sizeof(buf)};
	struct msghdr raw = {.msg_iov = &iov, .msg_iovlen = 1};

	if (m->fd < 0)
		return;
	if (text)
		snprintf(msg.text, sizeof(msg.text), "%s", text);
	ctl_encode(&msg, buf);
	if (fd >= 0) {
		struct cmsghdr *h;

		raw.msg_control = control.space;
		raw.msg_controllen = sizeof(control.space);
		h = CMSG_FIRSTHDR(&raw);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	}
	if (sendmsg(m->fd, &raw, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN &&
		errno != EPIPE)
		fprintf(stderr, "bulkhead-gui-daemon: cannot tell the manager: %s\n",
			g_strerror(errno));
}
