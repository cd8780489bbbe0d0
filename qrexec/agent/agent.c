/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The agent's control channel: one server after the other, as daemons come and go. */
#include "qrexec/agent/agent.h"

#include <errno.h>

#define CONTROL_RING 16384

static void on_message(void *data, const struct qrexec_msg *m, bool refused) {
	struct agent *a = data;

	(void)refused;
	switch ((unsigned)m->type) {
	case QREXEC_EXEC_CMDLINE:
	case QREXEC_JUST_EXEC:
		calls_run(a->calls, m);
		break;
	case QREXEC_SERVICE_CONNECT:
		callers_connect(a->callers, &m->ident, &m->peer);
		break;
	case QREXEC_SERVICE_REFUSED:
		callers_refuse(a->callers, &m->ident);
		break;
	default: /* the table of proto lets nothing else through */
		break;
	}
}

static void on_ready(void *data) {
	struct agent *a = data;

	callers_daemon_came(a->callers);
}

static gboolean serve_again(gpointer data) {
	struct agent *a = data;
	int r = a->leaving ? 0 : agent_serve(a);

	if (r) {
		g_warning("cannot serve the control channel again: %s", g_strerror(-r));
		a->exit_code = 1;
		g_main_loop_quit(a->loop);
	}
	return G_SOURCE_REMOVE;
}

static void on_ended(void *data, enum link_end end, int answer) {
	struct agent *a = data;

	if (end == LINK_BAD)
		g_warning("the daemon sent what it must not send (answer %d)", answer);
	else
		g_message("the daemon went");
	a->control = link_free(a->control);
	callers_refuse_all(a->callers);
	/* Never from inside the ended link's own turn. */
	g_idle_add(serve_again, a);
}

int agent_serve(struct agent *a) {
	struct link_plan plan = {.theirs = QREXEC_FROM_DAEMON,
		.hello = LINK_SPEAK,
		.version = QREXEC_VERSION,
		.message = on_message,
		.ready = on_ready,
		.ended = on_ended,
		.data = a};

	plan.vchan = libvchan_server_init(0, QREXEC_CONTROL_PORT, CONTROL_RING, CONTROL_RING);
	if (!plan.vchan)
		return errno ? -errno : -EIO;
	a->control = link_new(&plan);
	return 0;
}

void agent_call_over(struct agent *a) {
	if (a->leaving && calls_count(a->calls) == 0)
		g_main_loop_quit(a->loop);
}

void agent_leave(struct agent *a) {
	if (a->leaving || calls_count(a->calls) == 0) {
		g_main_loop_quit(a->loop);
		return;
	}
	a->leaving = true;
	a->control = link_free(a->control);
	a->callers = callers_free(a->callers);
}

void agent_tell_terminated(struct agent *a, const struct qrexec_peer *peer) {
	if (a->control && link_version(a->control))
		link_send(a->control,
			&(struct qrexec_msg){.type = QREXEC_CONNECTION_TERMINATED, .peer = *peer});
}
