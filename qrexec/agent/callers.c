/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local socket of the agent: each connection asks for one call, gets 8 bytes (where to serve
 * the data) or the end, and by its own end tells that the call is over.
 */
#include "common/quota.h"
#include "qrexec/agent/agent.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CALLERS_MAX 512

struct callers {
	struct agent *agent;
	GHashTable *by_id;   /* uint64 -> struct caller */
	GHashTable *hangups; /* struct hangup, of callers that died too early */
	struct quota quota;
	uint64_t next_id;
	char *path;
	int fd;
	guint source;
};

struct caller {
	struct callers *in;
	uint64_t id;
	struct charge charge;
	struct link *link; /* owns fd */
	int fd;
	bool asked, answered;
	struct qrexec_msg *waiting; /* for a daemon to come */
	struct qrexec_peer peer;
};

static void caller_free(void *data) {
	struct caller *c = data;

	if (c->answered)
		agent_tell_terminated(c->in->agent, &c->peer);
	c->link = link_free(c->link);
	charge_release(&c->charge);
	g_free(c->waiting);
	g_free(c);
}

static void on_hung_up(void *data, struct hangup *h) {
	struct callers *all = data;

	g_hash_table_remove(all->hangups, h);
}

static pid_t pid_of(int fd) {
	struct ucred who = {0};
	socklen_t size = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) ? 0 : who.pid;
}

/* It was told where to meet, and died before it did. */
static void hang_up(struct caller *c) {
	g_hash_table_add(c->in->hangups,
		hangup_new(c->in->agent, &c->peer, pid_of(c->fd), on_hung_up, c->in));
	c->answered = false;
}

static void on_ended(void *data, enum link_end end, int answer) {
	struct caller *c = data;

	if (end == LINK_CLOSED && answer == ECONNRESET && c->answered)
		hang_up(c);

	if (end == LINK_BAD)
		g_message("a caller sent what it must not send (answer %d)", answer);
	g_hash_table_remove(c->in->by_id, &c->id);
}

/* Our token for this caller: a number that is never used twice, whatever descriptors do. */
static struct qrexec_ident ident_of(const struct caller *c) {
	struct qrexec_ident ident = {{0}};

	snprintf((char *)ident.b, sizeof(ident.b), "SOCKET%" G_GUINT64_FORMAT, c->id);
	return ident;
}

static void send_request(struct caller *c, struct qrexec_msg *out) {
	struct link *control = c->in->agent->control;
	uint32_t version = link_version(control);

	out->trigger.ident = ident_of(c);
	/* A daemon of an older release dies of a type that it does not know. */
	if (version < 4) {
		out->type = version == 3 ? QREXEC_TRIGGER_SERVICE3 : QREXEC_TRIGGER_SERVICE;
		memset(out->trigger.source, 0, sizeof(out->trigger.source));
	}
	link_send(control, out);
}

/* The protocol has no word that takes a request back: one of a caller that is dead already is never
 * sent, or its service would wait for it until the data channel's time is out. */
static bool has_gone(int fd) {
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP);
}

static void on_message(void *data, const struct qrexec_msg *m, bool refused) {
	struct caller *c = data;
	struct link *control = c->in->agent->control;
	struct qrexec_msg out = *m;

	if (refused || c->asked || has_gone(c->fd)) {
		g_hash_table_remove(c->in->by_id, &c->id);
		return;
	}
	c->asked = true;
	if (control && link_version(control))
		send_request(c, &out);
	else
		c->waiting = g_memdup2(m, sizeof(*m));
}

void callers_daemon_came(struct callers *all) {
	GHashTableIter i;
	struct caller *c;

	g_hash_table_iter_init(&i, all->by_id);
	while (g_hash_table_iter_next(&i, NULL, (gpointer *)&c)) {
		if (!c->waiting)
			continue;
		send_request(c, c->waiting);
		g_clear_pointer(&c->waiting, g_free);
	}
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer data) {
	struct callers *all = data;
	struct caller *c;
	struct link_plan plan = {.theirs = QREXEC_FROM_CALLER,
		.hello = LINK_NO_HELLO,
		.version = QREXEC_VERSION,
		.message = on_message,
		.ended = on_ended};

	(void)condition;
	plan.fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (plan.fd < 0)
		return G_SOURCE_CONTINUE;
	c = g_new0(struct caller, 1);
	if (quota_take(&all->quota, 1, &c->charge)) {
		close(plan.fd);
		g_free(c);
		return G_SOURCE_CONTINUE;
	}
	c->in = all;
	c->id = ++all->next_id;
	c->fd = plan.fd;
	plan.data = c;
	c->link = link_new(&plan);
	g_hash_table_insert(all->by_id, &c->id, c);
	return G_SOURCE_CONTINUE;
}

static struct caller *find(struct callers *all, const struct qrexec_ident *ident) {
	char text[QREXEC_IDENT_SIZE + 1] = "";
	uint64_t id;

	memcpy(text, ident->b, QREXEC_IDENT_SIZE);
	if (!g_str_has_prefix(text, "SOCKET") ||
		!g_ascii_string_to_unsigned(text + strlen("SOCKET"), 10, 1, G_MAXUINT64, &id, NULL))
		return NULL;
	return g_hash_table_lookup(all->by_id, &id);
}

void callers_connect(
	struct callers *all, const struct qrexec_ident *ident, const struct qrexec_peer *peer) {
	struct caller *c = find(all, ident);

	if (c && c->answered)
		return;
	if (!c || !c->asked) { /* the caller went while the question was open */
		agent_tell_terminated(all->agent, peer);
		return;
	}
	c->answered = true;
	c->peer = *peer;
	link_send_peer(c->link, peer);
}

void callers_refuse(struct callers *all, const struct qrexec_ident *ident) {
	struct caller *c = find(all, ident);

	if (c && c->asked && !c->answered)
		g_hash_table_remove(all->by_id, &c->id);
}

static gboolean is_waiting(gpointer key, gpointer value, gpointer data) {
	const struct caller *c = value;

	(void)key;
	(void)data;
	return c->asked && !c->answered && !c->waiting;
}

void callers_refuse_all(struct callers *all) {
	g_hash_table_foreach_remove(all->by_id, is_waiting, NULL);
}

static int listen_at(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = -1;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0666) ||
		listen(fd, SOMAXCONN))
		return -errno;
	return TAKE_FD(fd);
}

static void free_hangup(void *data) {
	hangup_free(data);
}

int callers_new(struct agent *a, struct callers **ret) {
	struct callers *all;
	int fd = listen_at(a->options.socket);

	if (fd < 0)
		return fd;
	all = g_new0(struct callers, 1);
	all->agent = a;
	all->fd = fd;
	all->path = g_strdup(a->options.socket);
	all->quota.limit = CALLERS_MAX;
	all->hangups = g_hash_table_new_full(NULL, NULL, free_hangup, NULL);
	all->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, caller_free);
	all->source = g_unix_fd_add(fd, G_IO_IN, on_connect, all);
	*ret = all;
	return 0;
}

struct callers *callers_free(struct callers *all) {
	if (!all)
		return NULL;
	g_source_remove(all->source);
	g_hash_table_destroy(all->by_id);
	g_hash_table_destroy(all->hangups);
	close(all->fd);
	unlink(all->path);
	g_free(all->path);
	g_free(all);
	return NULL;
}
