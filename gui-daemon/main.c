/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-gui-daemon: one domain's windows on the admin's X display (architecture 2, 5). */
#include "gui-daemon/domain.h"
#include "vchan/backend.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void on_over(void *data) {
	g_main_loop_quit(data);
}

static gboolean on_signal(gpointer data) {
	g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv) {
	struct options options;
	struct domain *domain;
	GMainLoop *loop;
	int r = options_parse(argc, argv, &options), status;

	if (r)
		return r == 1 ? 0 : 2;
	signal(SIGPIPE, SIG_IGN);
	r = vchan_use(options.vchan);
	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: --vchan=%s: %s\n", options.vchan,
			strerror(-r));
		return 2;
	}
	loop = g_main_loop_new(NULL, FALSE);
	if (domain_new(&options, on_over, loop, &domain))
		return 1;
	g_unix_signal_add(SIGTERM, on_signal, loop);
	g_unix_signal_add(SIGINT, on_signal, loop);
	domain_started(domain);
	g_main_loop_run(loop);
	status = domain_status(domain);
	domain_free(domain);
	g_main_loop_unref(loop);
	return status;
}
