/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-gui-daemon: one domain's windows on the admin's X display (architecture 2, 5). */
#include "gui-daemon/confine.h"
#include "gui-daemon/domain.h"
#include "vchan/backend.h"

#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct program {
	GMainLoop *loop;
	struct options options;
	struct domain *domain;
	bool failed;
};

/* Everything that has to be opened is open, whatever the transport. */
static void lock(struct program *p) {
	int r = confine();

	if (r == 0)
		return;
	fprintf(stderr, "bulkhead-gui-daemon: %s: cannot confine itself: %s\n", p->options.name.s,
		strerror(-r));
	p->failed = true;
	g_main_loop_quit(p->loop);
}

static void on_over(void *data) {
	g_main_loop_quit(((struct program *)data)->loop);
}

static const struct domain_user domain_user = {.on_over = on_over};

static gboolean on_signal(gpointer data) {
	g_main_loop_quit(data);
	return G_SOURCE_CONTINUE;
}

static int run(struct program *p) {
	int status;

	if (domain_new(&p->options, &domain_user, p, &p->domain))
		return 1;
	g_unix_signal_add(SIGTERM, on_signal, p->loop);
	g_unix_signal_add(SIGINT, on_signal, p->loop);
	lock(p);
	if (!p->failed) {
		domain_started(p->domain);
		g_main_loop_run(p->loop);
	}
	status = p->failed ? 1 : domain_status(p->domain);
	domain_free(p->domain);
	return status;
}

int main(int argc, char **argv) {
	struct program p = {0};
	int r = options_parse(argc, argv, &p.options), status;

	if (r)
		return r == 1 ? 0 : 2;
	signal(SIGPIPE, SIG_IGN);
	r = vchan_use(p.options.vchan);
	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: --vchan=%s: %s\n", p.options.vchan,
			strerror(-r));
		return 2;
	}
	p.loop = g_main_loop_new(NULL, FALSE);
	status = run(&p);
	g_main_loop_unref(p.loop);
	return status;
}
