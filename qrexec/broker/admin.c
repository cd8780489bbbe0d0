/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket where qrexec-client, a program of the person in the admin domain, asks for calls. */
#include "qrexec/broker/broker.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CLIENTS_MAX     256
#define LEASES_TOLD_MAX 2000 /* below what may wait for a slow reader */

struct admin {
	struct broker *broker;
	char *path;
	int fd;
	guint source, clients;
};

struct client {
	struct admin *in;
	struct packets *packets;
	uint64_t call;
	bool asked;
};

static void on_ended(void *data, bool bad) {
	struct client *c = data;

	if (bad)
		g_message("a client sent what makes no sense");
	if (c->call)
		calls_client_gone(c->in->broker->calls, c->call);
	c->packets = packets_free(c->packets);
	c->in->clients--;
	g_free(c);
}

static uint32_t seconds_left(const struct policy_lease *lease, gint64 now) {
	gint64 left = (lease->until - now) / G_USEC_PER_SEC;

	if (lease->until == POLICY_LEASE_SESSION || left >= BROKER_LEASE_SESSION)
		return BROKER_LEASE_SESSION;
	return left > 0 ? (uint32_t)left : 0;
}

static uint32_t tell_leases(struct client *c) {
	struct policy_leases *leases = c->in->broker->leases;
	gint64 now = g_get_monotonic_time();
	size_t count = policy_leases_list(leases, now, NULL, 0);
	g_autofree struct policy_lease *list = g_new0(struct policy_lease, count + 1);

	count = policy_leases_list(leases, now, list, count);
	if (count > LEASES_TOLD_MAX)
		count = LEASES_TOLD_MAX;
	for (size_t i = 0; i < count; i++) {
		struct broker_msg m = {.type = BROKER_LEASE,
			.id = list[i].id,
			.value = seconds_left(&list[i], now),
			.count = 6,
			.texts = {list[i].source, list[i].service, list[i].argument,
				list[i].requested_target, list[i].chosen, list[i].rule}};

		packets_send(c->packets, &m, -1);
	}
	return (uint32_t)count;
}

static void on_leases(struct client *c, const struct broker_msg *m) {
	struct broker_msg end = {.type = BROKER_LEASES_END};

	end.value = m->value == 1 ? policy_leases_revoke(c->in->broker->leases, m->id)
				  : tell_leases(c);
	packets_send(c->packets, &end, -1);
}

static void on_message(void *data, const struct broker_msg *m, int fd) {
	struct client *c = data;

	(void)fd;
	if (c->asked)
		return;
	c->asked = true;
	if (m->type == BROKER_LEASES)
		return on_leases(c, m);
	c->call = calls_run(
		c->in->broker->calls, c->packets, m->texts[0], m->texts[1], m->value == 1);
}

/* Only the person whose broker this is. */
static bool is_ours(int fd) {
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.uid == geteuid();
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer data) {
	struct admin *a = data;
	struct packets_plan plan = {
		.theirs = BROKER_FROM_CLIENT, .message = on_message, .ended = on_ended};
	struct client *c;

	(void)condition;
	plan.fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (plan.fd < 0)
		return G_SOURCE_CONTINUE;
	if (!is_ours(plan.fd) || a->clients >= CLIENTS_MAX) {
		close(plan.fd);
		return G_SOURCE_CONTINUE;
	}
	c = g_new0(struct client, 1);
	c->in = a;
	plan.data = c;
	c->packets = packets_new(&plan);
	a->clients++;
	return G_SOURCE_CONTINUE;
}

int admin_listen(struct broker *b, const char *path, struct admin **ret) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = -1;
	struct admin *a;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0600) ||
		listen(fd, SOMAXCONN))
		return -errno;
	a = g_new0(struct admin, 1);
	a->broker = b;
	a->path = g_strdup(path);
	a->fd = TAKE_FD(fd);
	a->source = g_unix_fd_add(a->fd, G_IO_IN, on_connect, a);
	*ret = a;
	return 0;
}

struct admin *admin_free(struct admin *a) {
	if (!a)
		return NULL;
	g_source_remove(a->source);
	close(a->fd);
	unlink(a->path);
	g_free(a->path);
	g_free(a);
	return NULL;
}
