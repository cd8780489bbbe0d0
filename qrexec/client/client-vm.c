/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qrexec-client-vm: a program of a domain calls a service of another. It asks the domain's agent,
 * serves the data channel that the answer names, and ends with the service's exit code.
 */
#include "proto/qrexec.h"
#include "qrexec/client/options.h"
#include "qrexec/lib/answer.h"
#include "qrexec/lib/pump.h"
#include "qrexec/lib/spawn.h"
#include "vchan/backend.h"

#include <errno.h>
#include <glib-unix.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DATA_TIMEOUT 120

enum { EXIT_LOCAL = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 125, EXIT_REFUSED = 126, EXIT_EARLY = 255 };

struct client {
	struct client_options options;
	GMainLoop *loop;
	struct pump *pump;
	int agent; /* open as long as the call lasts */
	int exit_code;
};

static void complain(const char *what, const char *why) {
	fprintf(stderr, "qrexec-client-vm: %s%s%s\n", what, why ? ": " : "", why ? why : "");
}

static int connect_agent(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = -1;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	return TAKE_FD(fd);
}

static int ask(int fd, const struct client_options *o) {
	static uint8_t buf[QREXEC_MESSAGE_MAX];
	static struct qrexec_msg m = {.type = QREXEC_TRIGGER_SERVICE4};
	size_t n;

	/* Cut as the reference cuts them: no domain has so long a name. */
	g_strlcpy(m.trigger.target, o->target, QREXEC_NAME_SIZE);
	g_strlcpy(m.trigger.source, o->source, QREXEC_NAME_SIZE);
	if (g_strlcpy(m.trigger.service, o->service, QREXEC_SERVICE_MAX) >= QREXEC_SERVICE_MAX)
		return -ENAMETOOLONG;
	/* As the reference: '$' of old habits means '@'. */
	g_strdelimit(m.trigger.target, "$", '@');
	memcpy(m.trigger.ident.b, "SOCKET", strlen("SOCKET"));
	n = qrexec_encode(&m, buf, sizeof(buf));
	return send(fd, buf, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -errno;
}

/* 0, or the exit code. Waits for as long as the question takes. */
static int read_answer(int fd, struct qrexec_peer *ret) {
	int r = answer_read(fd, ret);

	if (r == ANSWER_E_REFUSED) {
		fputs("Request refused\n", stderr); /* the words that scripts look for */
		return EXIT_REFUSED;
	}
	/* Dead with our question unread is a reset, not an end. */
	if (r < 0)
		complain("the agent went", g_strerror(-r));
	else if (r)
		complain("the agent's answer makes no sense", NULL);
	return r ? EXIT_LOCAL : 0;
}

static void on_met(void *data) {
	struct client *c = data;

	answer_met(c->agent);
}

static void on_done(void *data, const struct pump_result *r) {
	struct client *c = data;

	c->pump = NULL;
	c->exit_code = r->exit_code ? r->exit_code : r->local_code > 0 ? r->local_code : 0;
	switch (r->end) {
	case PUMP_DONE:
		break;
	case PUMP_CLOSED:
		complain("the other side closed the connection early", NULL);
		c->exit_code = EXIT_EARLY;
		break;
	case PUMP_BAD:
		complain("the other side broke the protocol", NULL);
		c->exit_code = EXIT_TROUBLE;
		break;
	case PUMP_TIMEOUT:
		complain("the other side never connected", NULL);
		c->exit_code = EXIT_LOCAL;
		break;
	case PUMP_FAILED:
		complain("no data channel", g_strerror(-r->error));
		c->exit_code = EXIT_LOCAL;
		break;
	}
	g_main_loop_quit(c->loop);
}

static gboolean on_usr1(gint fd, GIOCondition condition, gpointer data) {
	struct signalfd_siginfo info;
	struct client *c = data;

	(void)condition;
	if (read(fd, &info, sizeof(info)) == sizeof(info) && c->pump)
		pump_join_streams(c->pump);
	return G_SOURCE_CONTINUE;
}

/* By descriptor: GLib's own way costs a thread, which no short call should pay for. */
static void watch_usr1(struct client *c) {
	sigset_t usr1;
	int fd;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	fd = signalfd(-1, &usr1, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd >= 0)
		g_unix_fd_add(fd, G_IO_IN, on_usr1, c);
}

/* Readers of our output see its end when it comes, and no new descriptor takes these numbers. */
static void leave_stdio(void) {
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
}

static void save_fd(const char *variable, int fd) {
	int copy = dup(fd);
	g_autofree char *text = g_strdup_printf("%d", copy);

	if (copy >= 0)
		g_setenv(variable, text, TRUE);
}

/* The local program talks to the service in our place. */
static int start_program(const struct client_options *o, struct pump_plan *plan) {
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid());
	g_autofree char *path = g_find_program_in_path(o->program[0]);
	struct spawn_plan sp = {.path = path,
		.argv = o->program,
		.keep_stderr = true,
		.one_socket = -1,
		.keep_session = true,
		.keep_fds = true};
	struct spawned s;
	int r;

	if (!path)
		return -ENOENT;
	save_fd("SAVED_FD_0", STDIN_FILENO);
	save_fd("SAVED_FD_1", STDOUT_FILENO);
	if (g_getenv("PASS_LOCAL_STDERR"))
		save_fd("SAVED_FD_2", STDERR_FILENO);
	g_setenv("QREXEC_AGENT_PID", pid, TRUE);
	sp.envp = environ;
	r = spawn(&sp, &s);
	if (r)
		return r;
	plan->in = s.out;
	plan->out = s.in;
	plan->pidfd = s.pidfd;
	return 0;
}

static bool to_terminal(enum client_filter filter, int fd, bool program) {
	if (filter == FILTER_AUTO)
		return !program && isatty(fd);
	return filter == FILTER_ON;
}

static int plan_streams(const struct client_options *o, struct pump_plan *plan) {
	plan->in_err = plan->pidfd = -1;
	plan->out_err = dup(STDERR_FILENO);
	plan->filter_out = to_terminal(o->filter_out, STDOUT_FILENO, o->program != NULL);
	plan->filter_err = to_terminal(o->filter_err, STDERR_FILENO, o->program != NULL);
	plan->prefix = o->prefix;
	plan->prefix_len = o->prefix ? strlen(o->prefix) : 0;
	if (o->program)
		return start_program(o, plan);
	plan->in = dup(STDIN_FILENO);
	plan->out = o->one_socket ? plan->in : dup(STDOUT_FILENO);
	return plan->in < 0 || plan->out < 0 ? -errno : 0;
}

static int serve(struct client *c, const struct qrexec_peer *peer) {
	const struct client_options *o = &c->options;
	struct pump_plan plan = {.role = PUMP_CLIENT,
		.domain = (int)peer->domain,
		.port = (int)peer->port,
		.ring = o->buffer_size,
		.timeout = DATA_TIMEOUT,
		.met = on_met,
		.done = on_done,
		.data = c};
	int r;

	/* Before the program starts that may send it. */
	if (o->program)
		watch_usr1(c);
	r = plan_streams(o, &plan);

	if (r) {
		complain(o->program ? o->program[0] : "descriptors", g_strerror(-r));
		return EXIT_TROUBLE;
	}
	r = pump_start(&plan, &c->pump);
	if (r) {
		complain("no data channel", g_strerror(-r));
		return EXIT_LOCAL;
	}
	if (!o->program)
		leave_stdio();
	g_main_loop_run(c->loop);
	return c->exit_code;
}

int main(int argc, char **argv) {
	struct client c = {.exit_code = EXIT_LOCAL};
	struct qrexec_peer peer;
	int fd, r;

	if (client_options_parse(argc, argv, &c.options))
		return EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN);
	fd = connect_agent(c.options.agent_socket);
	if (fd < 0 || ask(fd, &c.options) < 0) {
		complain("cannot ask the agent", g_strerror(fd < 0 ? -fd : errno));
		return EXIT_LOCAL;
	}
	/* While the question is open, the way to the other domains is made ready. */
	r = vchan_use(c.options.vchan);
	if (r) {
		complain("no way to other domains", g_strerror(-r));
		return EXIT_LOCAL;
	}
	r = read_answer(fd, &peer);
	if (r)
		return r;
	c.agent = fd;
	c.loop = g_main_loop_new(NULL, FALSE);
	r = serve(&c, &peer);
	g_main_loop_unref(c.loop);
	return r;
}
