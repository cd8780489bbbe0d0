/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-gui-daemon: one domain's windows on the admin's X display (architecture 2, 5). */
#include "gui-daemon/confine.h"
#include "gui-daemon/domain.h"
#include "gui-daemon/half.h"
#include "vchan/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

struct program {
	GMainLoop *loop;
	pid_t decoder;
};

static void on_over(void *data) {
	g_main_loop_quit(((struct program *)data)->loop);
}

static const struct domain_user domain_user = {.on_over = on_over};

static gboolean on_signal(gint fd, GIOCondition condition, gpointer data) {
	g_main_loop_quit(data);
	return G_SOURCE_REMOVE;
}

/* By a descriptor: GLib's own way starts a thread, which the lock would not hold. 0 or -errno. */
static int watch_signals(struct program *p) {
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	g_unix_fd_add(fd, G_IO_IN, on_signal, p->loop);
	return 0;
}

static int run(struct program *p, const struct options *options, int decoder) {
	struct domain *d;
	int r, status = 1;

	if (domain_new(options, decoder, &domain_user, p, &d))
		return 1;
	/* Everything that has to be opened is open. */
	r = watch_signals(p);
	if (r == 0)
		r = confine_screen(p->decoder);
	if (r == 0) {
		g_main_loop_run(p->loop);
		status = domain_status(d);
	} else {
		fprintf(stderr, "bulkhead-gui-daemon: %s: cannot confine itself: %s\n",
			options->name.s, strerror(-r));
	}
	domain_free(d);
	return status;
}

int main(int argc, char **argv) {
	struct program p = {0};
	struct options options;
	int r = options_parse(argc, argv, &options), decoder = -1, status;

	if (r)
		return r == 1 ? 0 : 2;
	signal(SIGPIPE, SIG_IGN);
	if (options.ctl_fd >= 0)
		(void)!fcntl(options.ctl_fd, F_SETFD, FD_CLOEXEC);
	r = half_start(argv, vchan_spec_fd(options.vchan), &decoder, &p.decoder);
	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: %s: cannot start its decoder: %s\n",
			options.name.s, strerror(-r));
		return 1;
	}
	p.loop = g_main_loop_new(NULL, FALSE);
	status = run(&p, &options, decoder);
	g_main_loop_unref(p.loop);
	half_end(p.decoder);
	return status;
}
