/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for the session; see session.h. */
#include "qrexec/agent/session.h"
#include "qrexec/lib/service.h"
#include "qrexec/lib/spawn.h"

#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>

static const char waiter[] = "qubes.WaitForSession";

struct session {
	const char *service_paths;
	enum { NOT_YET, RUNNING, THERE } state;
	GSList *waiting; /* struct wait, newest first */
	guint source;
};

struct wait {
	void (*then)(void *data);
	void *data;
};

static void all_go_on(struct session *s) {
	GSList *list = g_slist_reverse(s->waiting);

	s->waiting = NULL;
	s->state = THERE;
	while (list) {
		struct wait *w = list->data;

		list = g_slist_delete_link(list, list);
		w->then(w->data);
		g_free(w);
	}
}

static gboolean on_waiter_ended(gint pidfd, GIOCondition condition, gpointer data) {
	struct session *s = data;

	(void)condition;
	if (spawn_reap(pidfd) < 0)
		return G_SOURCE_CONTINUE;
	close(pidfd);
	s->source = 0;
	all_go_on(s);
	return G_SOURCE_REMOVE;
}

static int start_waiter(struct session *s, const struct qrexec_command *call) {
	static const char key[] = "qubes.WaitForSession+";
	struct service service;
	struct spawn_plan plan = {.keep_stderr = true, .one_socket = -1};
	struct qrexec_command own = *call; /* the same caller, another service */
	g_auto(GStrv) env = NULL;
	struct spawned child;
	char *argv[] = {service.path, NULL};
	g_autofree char *line = g_strconcat(call->user, "\n", NULL);

	if (service_find(s->service_paths, key, waiter, "", &service) ||
		service.kind != SERVICE_EXEC)
		return -1;
	plan.path = service.path;
	plan.argv = argv;
	own.key = (struct qrexec_piece){key, strlen(key)};
	own.argument = (struct qrexec_piece){"", 0};
	env = spawn_environment(&own);
	plan.envp = env;
	if (spawn(&plan, &child))
		return -1;
	if (send(child.in, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		g_message("%s does not read", waiter);
	close(child.in);
	close(child.out);
	s->source = g_unix_fd_add(child.pidfd, G_IO_IN, on_waiter_ended, s);
	s->state = RUNNING;
	return 0;
}

void session_wait(struct session *s, const struct qrexec_command *call, void (*then)(void *data),
	void *data) {
	struct wait *w;

	if (s->state == NOT_YET && start_waiter(s, call))
		s->state = THERE;
	if (s->state == THERE) {
		then(data);
		return;
	}
	w = g_new(struct wait, 1);
	*w = (struct wait){then, data};
	s->waiting = g_slist_prepend(s->waiting, w);
}

struct session *session_new(const char *service_paths) {
	struct session *s = g_new0(struct session, 1);

	s->service_paths = service_paths;
	return s;
}

struct session *session_free(struct session *s) {
	if (!s)
		return NULL;
	if (s->source)
		g_source_remove(s->source);
	g_slist_free_full(s->waiting, g_free);
	g_free(s);
	return NULL;
}
