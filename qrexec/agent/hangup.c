/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A caller died between its answer and the meeting: the other domain's service waits for somebody
 * who never comes, and no message takes a call back. So the agent comes in the caller's place, and
 * goes at once.
 */
#include "qrexec/agent/agent.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/syscall.h>

#define RING    4096
#define SECONDS 120 /* what the other side waits at most */

struct hangup {
	struct agent *agent;
	struct qrexec_peer peer;
	libvchan_t *vchan;
	int pidfd;
	guint watch, timer;
	void (*done)(void *data, struct hangup *h);
	void *data;
};

struct hangup *hangup_free(struct hangup *h) {
	if (!h)
		return NULL;
	if (h->watch)
		g_source_remove(h->watch);
	if (h->timer)
		g_source_remove(h->timer);
	if (h->vchan)
		libvchan_close(h->vchan);
	if (h->pidfd >= 0)
		close(h->pidfd);
	g_free(h);
	return NULL;
}

/* The port is free again. */
static void end(struct hangup *h) {
	agent_tell_terminated(h->agent, &h->peer);
	h->done(h->data, h);
}

static gboolean on_timeout(gpointer data) {
	struct hangup *h = data;

	h->timer = 0;
	end(h);
	return G_SOURCE_REMOVE;
}

static gboolean on_vchan(gint fd, GIOCondition condition, gpointer data) {
	struct hangup *h = data;

	(void)fd;
	(void)condition;
	if (libvchan_wait(h->vchan) >= 0 && libvchan_is_open(h->vchan) == VCHAN_WAITING)
		return G_SOURCE_CONTINUE;
	h->watch = 0;
	end(h);
	return G_SOURCE_REMOVE;
}

/* 0 or -errno. */
static int meet(struct hangup *h) {
	h->vchan = libvchan_server_init((int)h->peer.domain, (int)h->peer.port, RING, RING);
	if (!h->vchan)
		return errno ? -errno : -EIO;
	h->watch = g_unix_fd_add(libvchan_fd_for_select(h->vchan), G_IO_IN, on_vchan, h);
	return 0;
}

/* Only now is what the caller held gone. If that was not all, the other side waits out its time,
 * as long as ours. */
static gboolean on_dead(gint fd, GIOCondition condition, gpointer data) {
	struct hangup *h = data;
	int r;

	(void)fd;
	(void)condition;
	h->watch = 0;
	r = meet(h);
	if (r)
		g_message("domain %u cannot be told that its caller is dead: %s", h->peer.domain,
			g_strerror(-r));
	return G_SOURCE_REMOVE;
}

struct hangup *hangup_new(struct agent *a, const struct qrexec_peer *peer, pid_t caller,
	void (*done)(void *data, struct hangup *h), void *data) {
	struct hangup *h = g_new0(struct hangup, 1);

	h->agent = a;
	h->peer = *peer;
	h->done = done;
	h->data = data;
	h->pidfd = -1;
	h->timer = g_timeout_add_seconds(SECONDS, on_timeout, h);
	/* Dying, the caller can have its place still. */
	if (meet(h) == -EADDRINUSE && caller > 0)
		h->pidfd = (int)syscall(SYS_pidfd_open, caller, 0);
	if (h->pidfd >= 0)
		h->watch = g_unix_fd_add(h->pidfd, G_IO_IN, on_dead, h);
	return h;
}
