/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-gui-agent: arguments, the loop, the end. See gui-agent/README.md. */
#include "gui-agent/agent.h"
#include "vchan/backend.h"

#include <glib-unix.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct options {
	char *vchan;
	int gui_domain, ready_fd;
};

struct life {
	GMainLoop *loop;
	int status;
};

static bool parse(int argc, char **argv, struct options *o) {
	const GOptionEntry entries[] = {
		{"vchan", 0, 0, G_OPTION_ARG_STRING, &o->vchan, "local:PATH, local-fd:N or xen",
			"SPEC"},
		{"gui-domain", 0, 0, G_OPTION_ARG_INT, &o->gui_domain,
			"Domain of the GUI daemon (0)", "ID"},
		{"ready-fd", 0, 0, G_OPTION_ARG_INT, &o->ready_fd,
			"A newline is written here when windows are managed", "N"},
		{NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- shows a domain's windows");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		fprintf(stderr, "bulkhead-gui-agent: %s\n", error->message);
	else if (argc > 1 || !o->vchan || o->gui_domain < 0)
		fprintf(stderr, "bulkhead-gui-agent: --vchan=SPEC is needed, and no other words\n");
	else
		return true;
	return false;
}

static void on_quit(void *user) {
	struct life *life = user;

	life->status = 1;
	g_main_loop_quit(life->loop);
}

static gboolean on_signal(gpointer user) {
	g_main_loop_quit(((struct life *)user)->loop);
	return G_SOURCE_REMOVE;
}

static void say_ready(int fd) {
	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		g_warning("nobody reads --ready-fd=%d", fd);
	close(fd);
}

static int run(const struct options *o) {
	struct life life = {0};
	struct agent *agent;
	const char *why = "";
	int r = vchan_use(o->vchan);

	if (r) {
		fprintf(stderr, "bulkhead-gui-agent: --vchan=%s: %s\n", o->vchan, g_strerror(-r));
		return 1;
	}
	life.loop = g_main_loop_new(NULL, FALSE);
	r = agent_new(o->gui_domain, on_quit, &life, &agent, &why);
	if (r) {
		fprintf(stderr, "bulkhead-gui-agent: %s (%s)\n", why, g_strerror(-r));
		g_main_loop_unref(life.loop);
		return 1;
	}
	g_unix_signal_add(SIGTERM, on_signal, &life);
	g_unix_signal_add(SIGINT, on_signal, &life);
	say_ready(o->ready_fd);
	g_main_loop_run(life.loop);
	agent_free(agent);
	g_main_loop_unref(life.loop);
	return life.status;
}

int main(int argc, char **argv) {
	struct options o = {.ready_fd = -1};
	int status = 2;

	g_set_prgname("bulkhead-gui-agent");
	if (parse(argc, argv, &o))
		status = run(&o);
	g_free(o.vchan);
	return status;
}
