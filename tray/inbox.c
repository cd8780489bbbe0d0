/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/inbox.h"

#include "common/domain-name.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CONNECTIONS_MAX 32

struct inbox {
	int fd;
	guint source;
	char *path;
	GHashTable *connections; /* struct connection */
	inbox_heard heard;
	void *user;
};

struct connection {
	struct inbox *in;
	int fd;
	guint source;
};

static void connection_free(gpointer p) {
	struct connection *c = p;

	if (c->source)
		g_source_remove(c->source);
	close(c->fd);
	g_free(c);
}

/* The name's field is zero-filled to its end. */
static void take(struct inbox *i, const uint8_t *data, size_t size) {
	struct span in = span_over(data, size);
	const uint8_t *text = span_take(&in, DOMAIN_NAME_MAX + 1);
	struct domain_name name;
	struct notification n;

	if (in.bad || text[DOMAIN_NAME_MAX] || domain_name_parse((const char *)text, &name) ||
		notification_decode(in, &n))
		return;
	i->heard(i->user, name.s, &n);
}

static gboolean on_packet(gint fd, GIOCondition condition, gpointer user) {
	uint8_t data[DOMAIN_NAME_MAX + 1 + NOTIFICATION_MAX];
	struct connection *c = user;
	struct inbox *i = c->in;
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n > 0 && (size_t)n <= sizeof(data))
		take(i, data, (size_t)n);
	c->source = 0;
	g_hash_table_remove(i->connections, c);
	return G_SOURCE_REMOVE;
}

/* Only programs of the person's own user. */
static bool is_ours(int fd) {
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.uid == geteuid();
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer user) {
	struct inbox *i = user;
	struct connection *c;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (peer < 0)
		return G_SOURCE_CONTINUE;
	if (!is_ours(peer) || g_hash_table_size(i->connections) >= CONNECTIONS_MAX) {
		close(peer);
		return G_SOURCE_CONTINUE;
	}
	c = g_new(struct connection, 1);
	*c = (struct connection){i, peer, 0};
	c->source = g_unix_fd_add(peer, G_IO_IN | G_IO_HUP, on_packet, c);
	g_hash_table_add(i->connections, c);
	return G_SOURCE_CONTINUE;
}

static int listen_at(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = -1;

	if (g_strlcpy(at.sun_path, path, sizeof(at.sun_path)) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0600) ||
		listen(fd, CONNECTIONS_MAX))
		return -errno;
	return TAKE_FD(fd);
}

struct inbox *inbox_new(const char *runtime, inbox_heard heard, void *user) {
	g_autofree char *path = g_build_filename(runtime, "tray.sock", NULL);
	int fd = listen_at(path);
	struct inbox *i;

	if (fd < 0) {
		g_printerr("bulkhead-tray: notifications of domains cannot be shown: %s: %s\n",
			path, g_strerror(-fd));
		return NULL;
	}
	i = g_new0(struct inbox, 1);
	i->fd = fd;
	i->path = g_steal_pointer(&path);
	i->heard = heard;
	i->user = user;
	i->connections = g_hash_table_new_full(NULL, NULL, connection_free, NULL);
	i->source = g_unix_fd_add(fd, G_IO_IN, on_connect, i);
	return i;
}

struct inbox *inbox_free(struct inbox *i) {
	if (!i)
		return NULL;
	g_hash_table_unref(i->connections);
	g_source_remove(i->source);
	close(i->fd);
	unlink(i->path);
	g_free(i->path);
	g_free(i);
	return NULL;
}
