/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/inbox.h"

#include "common/domain-name.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CONNECTIONS_MAX    32
/* So that no domain takes all of them for long. */
#define REPORTS_MAX        16
#define REPORTS_PER_DOMAIN 4

struct inbox {
	int fd;
	guint source;
	char *path;
	GHashTable *connections; /* struct inbox_end */
	const struct inbox_events *events;
	void *user;
};

struct inbox_end {
	struct inbox *in;
	int fd;
	guint source;
	struct domain_name domain; /* of one that reports; else "" */
};

static void connection_free(gpointer p) {
	struct inbox_end *c = p;

	if (c->source)
		g_source_remove(c->source);
	close(c->fd);
	g_free(c);
}

static bool may_report(struct inbox *i, const struct domain_name *name) {
	unsigned all = 0, of_domain = 0;
	GHashTableIter at;
	struct inbox_end *c;

	g_hash_table_iter_init(&at, i->connections);
	while (g_hash_table_iter_next(&at, (gpointer *)&c, NULL)) {
		all += *c->domain.s != 0;
		of_domain += !strcmp(c->domain.s, name->s);
	}
	return all < REPORTS_MAX && of_domain < REPORTS_PER_DOMAIN;
}

/* True: more may come on this connection. */
static bool take_report(struct inbox_end *c, const struct domain_name *name, struct span in) {
	struct copyreport r;

	if (copyreport_decode(in, &r))
		return false;
	if (!*c->domain.s && !may_report(c->in, name))
		return false;
	if (*c->domain.s && strcmp(c->domain.s, name->s) != 0)
		return false;
	c->domain = *name;
	c->in->events->report(c->in->user, c, name->s, &r);
	return true;
}

/* The name's field is zero-filled to its end. */
static bool take(struct inbox_end *c, const uint8_t *data, size_t size) {
	struct span in = span_over(data, size), look;
	const uint8_t *text = span_take(&in, DOMAIN_NAME_MAX + 1);
	struct domain_name name;
	struct notification n;

	if (in.bad || text[DOMAIN_NAME_MAX] || domain_name_parse((const char *)text, &name))
		return false;
	look = in;
	if (span_u32(&look) == COPYREPORT_MAGIC)
		return take_report(c, &name, in);
	if (!*c->domain.s && !notification_decode(in, &n))
		c->in->events->notification(c->in->user, name.s, &n);
	return false;
}

static gboolean on_packet(gint fd, GIOCondition condition, gpointer user) {
	uint8_t data[DOMAIN_NAME_MAX + 1 + NOTIFICATION_MAX];
	struct inbox_end *c = user;
	struct inbox *i = c->in;
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (n > 0 && (size_t)n <= sizeof(data) && take(c, data, (size_t)n))
		return G_SOURCE_CONTINUE;
	if (*c->domain.s)
		i->events->report(i->user, c, c->domain.s, NULL);
	c->source = 0;
	g_hash_table_remove(i->connections, c);
	return G_SOURCE_REMOVE;
}

void inbox_answer(struct inbox_end *end, enum copyreport_word word) {
	const char byte = (char)word;

	(void)!send(end->fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Only programs of the person's own user. */
static bool is_ours(int fd) {
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.uid == geteuid();
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer user) {
	struct inbox *i = user;
	struct inbox_end *c;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (peer < 0)
		return G_SOURCE_CONTINUE;
	if (!is_ours(peer) || g_hash_table_size(i->connections) >= CONNECTIONS_MAX) {
		close(peer);
		return G_SOURCE_CONTINUE;
	}
	c = g_new(struct inbox_end, 1);
	*c = (struct inbox_end){.in = i, .fd = peer};
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

struct inbox *inbox_new(const char *runtime, const struct inbox_events *events, void *user) {
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
	i->events = events;
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
