/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/manager.h"

#include "common/packet.h"

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

static gboolean on_readable(gint socket, GIOCondition condition, gpointer data) {
	struct manager *m = data;
	uint8_t buf[CTL_SIZE];
	struct ctl_msg msg;
	AUTO(auto_close) int fd = -1;
	unsigned n_fds = 1;
	ssize_t n = packet_receive(socket, buf, sizeof(buf), &fd, &n_fds, MSG_DONTWAIT);

	if (n > 0 && (size_t)n <= sizeof(buf) && !ctl_decode(span_over(buf, (size_t)n), &msg))
		m->on_message(m->data, &msg, fd);
	if (n > 0 || n == -EAGAIN)
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
	struct ctl_msg msg = {.type = type, .value = value};
	uint8_t buf[CTL_SIZE];
	int r;

	if (m->fd < 0)
		return;
	if (text)
		snprintf(msg.text, sizeof(msg.text), "%s", text);
	ctl_encode(&msg, buf);
	r = packet_send(m->fd, buf, sizeof(buf), &fd, fd >= 0 ? 1 : 0, MSG_DONTWAIT);
	if (r < 0 && r != -EAGAIN && r != -EPIPE)
		fprintf(stderr, "bulkhead-gui-daemon: cannot tell the manager: %s\n",
			g_strerror(-r));
}
