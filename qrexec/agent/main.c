/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-qrexec-agent: the end of the qrexec path inside a domain. */
#include "qrexec/agent/agent.h"
#include "qrexec/agent/fork-job.h"
#include "qrexec/lib/config.h"
#include "qrexec/lib/defaults.h"
#include "qrexec/lib/log.h"
#include "qrexec/lib/service.h"
#include "vchan/backend.h"

#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

static gboolean on_signal(gpointer data) {
	struct agent *a = data;

	agent_leave(a);
	return G_SOURCE_CONTINUE;
}

static bool parse_options(int argc, char **argv, struct agent_options *o) {
	static char *vchan, *socket, *fork_socket, *user;
	static gboolean no_fork;
	static int ready_fd = -1;
	const GOptionEntry entries[] = {
		{"vchan", 0, 0, G_OPTION_ARG_STRING, &vchan, "how to reach the others", "SPEC"},
		{"agent-socket", 'a', 0, G_OPTION_ARG_FILENAME, &socket,
			"where programs of this domain ask for calls", "PATH"},
		{"fork-server-socket", 's', 0, G_OPTION_ARG_FILENAME, &fork_socket,
			"of a user's fork server, %s stands for the user", "PATH"},
		{"no-fork-server", 'S', 0, G_OPTION_ARG_NONE, &no_fork, "run everything ourselves",
			NULL},
		{"user", 0, 0, G_OPTION_ARG_STRING, &user, "calls for this user run as we do",
			"NAME"},
		{"ready-fd", 0, 0, G_OPTION_ARG_INT, &ready_fd,
			"a byte is written here when calls can be made", "N"},
		{NULL}};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "bulkhead-qrexec-agent: %s\n", error->message);
		return false;
	}
	o->vchan = vchan ? vchan : default_vchan();
	o->socket = socket ? socket : default_agent_socket();
	o->user = user;
	o->ready_fd = ready_fd;
	o->fork_server = no_fork ? NULL : fork_socket ? fork_socket : FORK_SERVER_SOCKET;
	o->service_paths = g_getenv("QREXEC_SERVICE_PATH");
	o->config_paths = g_getenv("QUBES_RPC_CONFIG_PATH");
	o->service_paths = o->service_paths ? o->service_paths : SERVICE_PATHS;
	o->config_paths = o->config_paths ? o->config_paths : CONFIG_PATHS;
	return true;
}

static void tell_ready(const struct agent *a) {
	if (a->options.ready_fd < 0)
		return;
	if (write(a->options.ready_fd, "1", 1) != 1)
		g_message("nobody waits for us to be ready");
	close(a->options.ready_fd);
}

static int start(struct agent *a) {
	int r = vchan_use(a->options.vchan);

	if (r) {
		fprintf(stderr, "bulkhead-qrexec-agent: --vchan=%s: %s\n", a->options.vchan,
			g_strerror(-r));
		return r;
	}
	r = callers_new(a, &a->callers);
	if (r) {
		fprintf(stderr, "bulkhead-qrexec-agent: cannot listen at %s: %s\n",
			a->options.socket, g_strerror(-r));
		return r;
	}
	a->calls = calls_new(a);
	r = agent_serve(a);
	if (r)
		fprintf(stderr, "bulkhead-qrexec-agent: cannot serve vchan port %d: %s\n",
			QREXEC_CONTROL_PORT, g_strerror(-r));
	return r;
}

int main(int argc, char **argv) {
	struct agent a = {.exit_code = 0};

	if (!parse_options(argc, argv, &a.options))
		return 2;
	log_use("bulkhead-qrexec-agent", NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN); /* any service here may send it */
	/* A call's buffers go back to the system when it ends. */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	a.loop = g_main_loop_new(NULL, FALSE);
	if (start(&a)) {
		a.exit_code = 1;
	} else {
		tell_ready(&a);
		g_unix_signal_add(SIGTERM, on_signal, &a);
		g_unix_signal_add(SIGINT, on_signal, &a);
		g_main_loop_run(a.loop);
	}
	a.calls = calls_free(a.calls);
	a.callers = callers_free(a.callers);
	a.control = link_free(a.control);
	g_main_loop_unref(a.loop);
	return a.exit_code;
}
