/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * qrexec-client: the person runs a command or a service in a domain. The broker starts the domain
 * if need be and tells where to meet; no rule is asked, because it is the person's own doing.
 */
#include "qrexec/lib/confine.h"
#include "qrexec/lib/packets.h"
#include "qrexec/lib/pump.h"
#include "qrexec/lib/spawn.h"
#include "vchan/backend.h"

#include <errno.h>
#include <getopt.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { EXIT_LOCAL = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 125 };

static const char usage[] =
	"usage: qrexec-client -d DOMAIN [options] [USER:]COMMAND\n"
	"COMMAND: a command line, or \"QUBESRPC SERVICE+ARGUMENT SOURCE\" behind USER: (or "
	"DEFAULT:)\n"
	"  -d DOMAIN   where it runs; it is started if need be\n"
	"  -e          only start it: no input, no output\n"
	"  -E          the exit code is only that of what ran there\n"
	"  -l PROGRAM  talks to it in place of this terminal\n"
	"  -p TEXT     sent before anything else\n"
	"  -t, -T      keep only printable characters of stdout, stderr\n"
	"  -w SECONDS  wait so long for the data channel (default 10)\n"
	"  -W          wait for a connection as long as it takes\n"
	"  -k          accepted for the reference's sake\n"
	"      --socket=PATH       where the broker listens\n"
	"      --vchan=SPEC        how to reach domains, when the broker gives no connection\n"
	"      --use-stdin-socket  stdin is a socket for both directions\n";

struct client {
	GMainLoop *loop;
	struct packets *broker;
	struct pump *pump;
	const char *domain, *command, *local, *prefix, *socket, *vchan;
	bool just_exec, one_socket, filter_out, filter_err, remote_code_only;
	unsigned wait;
	int exit_code;
};

static void complain(const char *what, const char *why) {
	fprintf(stderr, "qrexec-client: %s%s%s\n", what, why ? ": " : "", why ? why : "");
}

static void quit(struct client *c, int code) {
	c->exit_code = code;
	g_main_loop_quit(c->loop);
}

static void on_done(void *data, const struct pump_result *r) {
	static const char *const words[] = {[PUMP_DONE] = NULL,
		[PUMP_CLOSED] = "the domain closed the connection early",
		[PUMP_BAD] = "the domain broke the protocol",
		[PUMP_TIMEOUT] = "the domain never connected",
		[PUMP_FAILED] = "no data channel"};
	struct client *c = data;
	int code = r->exit_code;

	c->pump = NULL;
	if (words[r->end]) {
		complain(words[r->end], r->error ? g_strerror(-r->error) : NULL);
		return quit(c, EXIT_TROUBLE);
	}
	if (code == 0 && !c->remote_code_only && r->local_code > 0)
		code = r->local_code;
	quit(c, code);
}

/* Whatever the domain sends is read without rights. */
static void on_met(void *data) {
	int r = confine_call();

	(void)data;
	if (!r)
		return;
	complain("cannot give up its rights", g_strerror(-r));
	exit(EXIT_TROUBLE);
}

static int start_local(struct client *c, struct pump_plan *plan) {
	char shell[] = "sh", option[] = "-c";
	char *argv[] = {shell, option, (char *)c->local, NULL};
	struct spawn_plan sp = {.path = "/bin/sh",
		.argv = argv,
		.envp = environ,
		.keep_stderr = true,
		.keep_session = true,
		.one_socket = -1};
	struct spawned s;
	int r = spawn(&sp, &s);

	if (r)
		return r;
	plan->in = s.out;
	plan->out = s.in;
	plan->pidfd = s.pidfd;
	return 0;
}

static int streams(struct client *c, struct pump_plan *plan) {
	plan->out_err = dup(STDERR_FILENO);
	if (c->local)
		return start_local(c, plan);
	if (c->just_exec)
		return 0;
	plan->in = dup(STDIN_FILENO);
	plan->out = c->one_socket ? plan->in : dup(STDOUT_FILENO);
	plan->filter_out = c->filter_out || isatty(STDOUT_FILENO);
	plan->filter_err = c->filter_err || isatty(STDERR_FILENO);
	return plan->in < 0 || plan->out < 0 ? -errno : 0;
}

static int meet(struct client *c, const struct broker_msg *m, int fd) {
	struct pump_plan plan = {.role = PUMP_CLIENT,
		.domain = (int)m->domain,
		.port = (int)m->port,
		.timeout = c->wait,
		.in = -1,
		.in_err = -1,
		.out = -1,
		.out_err = -1,
		.pidfd = -1,
		.prefix = c->prefix,
		.prefix_len = c->prefix ? strlen(c->prefix) : 0,
		.met = on_met,
		.done = on_done,
		.data = c};
	int r = fd >= 0 ? vchan_use_local(fd) : c->vchan ? vchan_use(c->vchan) : -ENOENT;

	if (!r)
		r = streams(c, &plan);
	if (!r)
		r = pump_start(&plan, &c->pump);
	return r;
}

static void on_broker(void *data, const struct broker_msg *m, int fd) {
	struct client *c = data;
	int r;

	if (c->pump)
		return;
	if (m->type == BROKER_FAILED) {
		complain(m->texts[0], NULL);
		return quit(c, (int)(m->value & 0xff));
	}
	r = meet(c, m, fd);
	if (r) {
		complain("cannot meet the domain", g_strerror(-r));
		quit(c, EXIT_LOCAL);
	}
}

static void on_broker_ended(void *data, bool bad) {
	struct client *c = data;

	(void)bad;
	c->broker = packets_free(c->broker);
	if (c->pump) /* the data flows without it */
		return;
	complain("the broker went", NULL);
	quit(c, EXIT_LOCAL);
}

static int connect_broker(struct client *c) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct packets_plan plan = {.theirs = BROKER_TO_CLIENT,
		.accept_fd = true,
		.message = on_broker,
		.ended = on_broker_ended,
		.data = c};
	AUTO(auto_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(c->socket) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, c->socket, strlen(c->socket));
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return -errno;
	plan.fd = TAKE_FD(fd);
	c->broker = packets_new(&plan);
	packets_send(c->broker,
		&(struct broker_msg){.type = BROKER_RUN,
			.value = c->just_exec,
			.count = 2,
			.texts = {c->domain, c->command}},
		-1);
	return 0;
}

static const char *default_socket(void) {
	static char path[108];
	const char *own = g_getenv("BULKHEAD_RUNTIME_DIR"), *xdg = g_getenv("XDG_RUNTIME_DIR");

	if (own)
		snprintf(path, sizeof(path), "%s/broker.sock", own);
	else
		snprintf(path, sizeof(path), "%s/bulkhead/broker.sock", xdg ? xdg : "/run");
	return path;
}

static int take(struct client *c, int option) {
	guint64 seconds;

	switch (option) {
	case 'd':
		c->domain = optarg;
		return 0;
	case 'l':
		c->local = optarg;
		return 0;
	case 'p':
		c->prefix = optarg;
		return 0;
	case 'e':
		c->just_exec = true;
		return 0;
	case 'E':
		c->remote_code_only = true;
		return 0;
	case 't':
		c->filter_out = true;
		return 0;
	case 'T':
		c->filter_err = true;
		return 0;
	case 'w':
		if (!g_ascii_string_to_unsigned(optarg, 10, 1, 86400, &seconds, NULL))
			return 1;
		c->wait = (unsigned)seconds;
		return 0;
	case 'W':
		c->wait = 1u << 24;
		return 0;
	case 'k':
		return 0;
	case 1:
		c->socket = optarg;
		return 0;
	case 2:
		c->one_socket = true;
		return 0;
	case 3:
		c->vchan = optarg;
		return 0;
	default:
		return 1;
	}
}

int main(int argc, char **argv) {
	static const struct option options[] = {{"socket", required_argument, NULL, 1},
		{"use-stdin-socket", no_argument, NULL, 2}, {"vchan", required_argument, NULL, 3},
		{NULL, 0, NULL, 0}};
	struct client c = {.socket = default_socket(), .wait = 10, .exit_code = EXIT_LOCAL};
	int option, bad = 0, r;

	c.vchan = g_getenv("VCHAN_SOCKET_DIR") ? "unix:" : g_getenv("BULKHEAD_VCHAN");
	while (!bad && (option = getopt_long(argc, argv, "+d:l:p:eEtTw:Wk", options, NULL)) != -1)
		bad = take(&c, option);
	if (bad || !c.domain || argc - optind != 1) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	c.command = argv[optind];
	signal(SIGPIPE, SIG_IGN);
	c.loop = g_main_loop_new(NULL, FALSE);
	r = connect_broker(&c);
	if (r)
		complain("no broker answers", g_strerror(-r));
	else
		g_main_loop_run(c.loop);
	g_main_loop_unref(c.loop);
	return c.exit_code;
}
