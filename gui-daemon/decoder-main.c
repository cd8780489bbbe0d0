/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead-gui-decoder: reads one domain's messages for its gui-daemon, which starts it. */
#include "gui-daemon/confine.h"
#include "gui-daemon/decoder.h"
#include "vchan/backend.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

struct program {
	GMainLoop *loop;
	int status;
};

static void on_over(void *data, int status) {
	struct program *p = data;

	p->status = status;
	g_main_loop_quit(p->loop);
}

static const struct decoder_user decoder_user = {.on_over = on_over};

static int run(struct program *p, const struct options *options) {
	struct decoder *d;
	int r;

	if (decoder_new(options, &decoder_user, p, &d))
		return 1;
	/* Everything that has to be opened is open, whatever the transport. */
	r = confine_decoder(vchan_ioctls());
	if (r == 0) {
		decoder_ready(d);
		g_main_loop_run(p->loop);
	} else {
		fprintf(stderr, "bulkhead-gui-decoder: %s: cannot confine itself: %s\n",
			options->name.s, strerror(-r));
		p->status = 1;
	}
	decoder_free(d);
	return p->status;
}

int main(int argc, char **argv) {
	struct program p = {0};
	struct options options;
	int r = options_parse(argc, argv, &options), status;

	if (r)
		return r == 1 ? 0 : 2;
	if (options.view_fd < 0 || fcntl(options.view_fd, F_SETFD, FD_CLOEXEC) < 0) {
		fputs("bulkhead-gui-decoder: only bulkhead-gui-daemon starts this program\n",
			stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* a terminal tells the whole group; the daemon ends us */
	r = vchan_use(options.vchan);
	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: --vchan=%s: %s\n", options.vchan,
			strerror(-r));
		return 2;
	}
	p.loop = g_main_loop_new(NULL, FALSE);
	status = run(&p, &options);
	g_main_loop_unref(p.loop);
	return status;
}
