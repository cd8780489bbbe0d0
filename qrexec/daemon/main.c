/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-qrexec-daemon: one per running domain, started by the manager with an open socket to the
 * broker. It reads no configuration, listens nowhere, starts nothing, and confines itself before
 * the first byte of the domain. It ends when its agent or its broker goes.
 */
#include "qrexec/daemon/daemon.h"
#include "qrexec/lib/confine.h"
#include "qrexec/lib/log.h"
#include "vchan/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

struct start {
	struct daemon daemon;
	libvchan_t *vchan;
	int broker_fd;
	guint waiting, watching;
	gboolean unconfined;
};

static void fail(struct start *s, const char *what, int error) {
	g_warning("%s: %s", what, g_strerror(error < 0 ? -error : error));
	s->daemon.exit_code = 1;
	g_main_loop_quit(s->daemon.loop);
}

static gboolean on_broker_gone(gint fd, GIOCondition condition, gpointer data) {
	struct start *s = data;

	(void)fd;
	(void)condition;
	s->watching = 0;
	fail(s, "the broker went before the agent came", EPIPE);
	return G_SOURCE_REMOVE;
}

static gboolean on_connecting(gint fd, GIOCondition condition, gpointer data) {
	struct start *s = data;
	int r = libvchan_client_init_async_finish(s->vchan, 0);

	(void)fd;
	(void)condition;
	if (r > 0)
		return G_SOURCE_CONTINUE;
	s->waiting = 0;
	if (r < 0) {
		fail(s, "the domain's control channel", errno);
		return G_SOURCE_REMOVE;
	}
	g_source_remove(s->watching);
	s->watching = 0;
	r = s->unconfined ? 0 : confine_daemon();
	if (r) {
		fail(s, "cannot confine itself", r);
		return G_SOURCE_REMOVE;
	}
	daemon_start(&s->daemon, TAKE(s->vchan), TAKE_FD(s->broker_fd));
	return G_SOURCE_REMOVE;
}

static gboolean on_signal(gpointer data) {
	struct start *s = data;

	g_main_loop_quit(s->daemon.loop);
	return G_SOURCE_CONTINUE;
}

static const char *parse_options(int argc, char **argv, struct start *s) {
	static char *vchan;
	int domain = -1, broker_fd = -1;
	const GOptionEntry entries[] = {
		{"vchan", 0, 0, G_OPTION_ARG_STRING, &vchan, "how to reach the domain", "SPEC"},
		{"domain", 0, 0, G_OPTION_ARG_INT, &domain, "its id", "N"},
		{"broker-fd", 0, 0, G_OPTION_ARG_INT, &broker_fd, "the open socket to the broker",
			"N"},
		{"unconfined", 0, 0, G_OPTION_ARG_NONE, &s->unconfined, "for debuggers only", NULL},
		{NULL}};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "bulkhead-qrexec-daemon: %s\n", error->message);
		return NULL;
	}
	if (!vchan || domain <= 0 || broker_fd < 0) {
		fprintf(stderr, "bulkhead-qrexec-daemon: --vchan, --domain and --broker-fd are "
				"needed\n");
		return NULL;
	}
	s->daemon.domain = domain;
	s->broker_fd = broker_fd;
	return vchan;
}

static int connect_agent(struct start *s, const char *vchan) {
	EVTCHN watch = -1;
	int r = vchan_use(vchan);

	if (r)
		return r;
	if (fcntl(s->broker_fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	s->vchan = libvchan_client_init_async(s->daemon.domain, QREXEC_CONTROL_PORT, &watch);
	if (!s->vchan)
		return errno ? -errno : -EIO;
	s->waiting = g_unix_fd_add(watch, G_IO_IN, on_connecting, s);
	s->watching = g_unix_fd_add(s->broker_fd, 0, on_broker_gone, s); /* only its hang-up */
	return 0;
}

int main(int argc, char **argv) {
	struct start s = {.broker_fd = -1};
	const char *vchan = parse_options(argc, argv, &s);
	char number[16];
	int r;

	if (!vchan)
		return 2;
	snprintf(number, sizeof(number), "%d", s.daemon.domain);
	log_use("bulkhead-qrexec-daemon", number);
	signal(SIGPIPE, SIG_IGN);
	s.daemon.loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, on_signal, &s);
	r = connect_agent(&s, vchan);
	if (r)
		fail(&s, vchan, r);
	else
		g_main_loop_run(s.daemon.loop);
	daemon_stop(&s.daemon);
	if (s.vchan)
		libvchan_close(s.vchan);
	g_main_loop_unref(s.daemon.loop);
	return s.daemon.exit_code;
}
