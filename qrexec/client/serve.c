/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-qrexec-serve: runs one service of the admin domain for a call of a domain. The broker
 * starts it when the rules allow the call; it alone meets the caller's bytes.
 */
#include "qrexec/lib/config.h"
#include "qrexec/lib/confine.h"
#include "qrexec/lib/log.h"
#include "qrexec/lib/pump.h"
#include "qrexec/lib/service.h"
#include "qrexec/lib/spawn.h"
#include "vchan/backend.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define DATA_TIMEOUT  5
#define ADMIN_PATHS   "/etc/bulkhead/rpc:" BULKHEAD_RPC_DIR
#define ADMIN_CONFIGS "/etc/bulkhead/rpc-config"

enum { EXIT_TROUBLE = 125, EXIT_NO_SERVICE = 127 };

struct serve {
	GMainLoop *loop;
	struct qrexec_command command;
	int exit_code;
};

static void on_done(void *data, const struct pump_result *r) {
	struct serve *s = data;

	if (r->end != PUMP_DONE)
		g_message("a call ended early (%d)", r->end);
	s->exit_code = r->end == PUMP_DONE ? 0 : 1;
	g_main_loop_quit(s->loop);
}

/* The service runs; what the caller sends is read without rights. */
static void on_met(void *data) {
	int r = confine_call();

	(void)data;
	if (!r)
		return;
	g_warning("rights cannot be given up: %s", g_strerror(-r));
	exit(EXIT_TROUBLE);
}

static int start_file(struct serve *s, const struct service *service, struct pump_plan *plan) {
	g_autofree char *argument = g_strndup(s->command.argument.at, s->command.argument.len);
	char *argv[] = {(char *)service->path, *argument ? argument : NULL, NULL};
	struct spawn_plan sp = {
		.path = service->path, .argv = argv, .keep_stderr = true, .one_socket = -1};
	g_auto(GStrv) env = spawn_environment(&s->command);
	struct spawned child;

	sp.envp = env;
	if (!s->command.well_formed || spawn(&sp, &child))
		return EXIT_TROUBLE;
	plan->in = child.out;
	plan->out = child.in;
	plan->pidfd = child.pidfd;
	return 0;
}

static int start_socket(struct serve *s, const struct service *service, const struct config *config,
	struct pump_plan *plan) {
	struct pollfd p = {.events = POLLOUT};
	int r = service_connect(service, &p.fd);

	/* One call, one process: it may wait here. */
	if (r == -EINPROGRESS && poll(&p, 1, DATA_TIMEOUT * 1000) == 1)
		r = service_connected(p.fd);
	if (r)
		return EXIT_TROUBLE;
	plan->in = plan->out = p.fd;
	plan->exit_on_in_eof = config->exit_on_service_eof;
	plan->exit_on_out_eof = config->exit_on_client_eof;
	plan->greeting = s->command.descriptor.at;
	plan->greeting_len = config->skip_descriptor ? 0 : s->command.descriptor.len + 1;
	return 0;
}

static const char *from_env(const char *name, const char *otherwise) {
	const char *v = g_getenv(name);

	return v ? v : otherwise;
}

/* With those of a build tree, if it runs from one. */
static char *service_paths(void) {
	const char *all = g_getenv("QREXEC_SERVICE_PATH"), *built = g_getenv("BULKHEAD_LIBEXEC");
	g_auto(GStrv) folders = g_strsplit(built ? built : "", ":", -1);
	g_autoptr(GString) paths = g_string_new(all ? all : ADMIN_PATHS);

	for (unsigned i = 0; !all && folders[i]; i++)
		if (*folders[i])
			g_string_append_printf(paths, ":%s/rpc", folders[i]);
	return g_string_free(g_steal_pointer(&paths), FALSE);
}

/* 0, or the exit code that the caller gets. */
static int start_service(struct serve *s, struct pump_plan *plan) {
	const struct qrexec_command *c = &s->command;
	g_autofree char *key = g_strndup(c->key.at, c->key.len);
	g_autofree char *name = g_strndup(c->name.at, c->name.len);
	g_autofree char *argument = g_strndup(c->argument.at, c->argument.len);
	struct service service;
	struct config config;
	g_autofree char *paths = service_paths();
	int r = service_find(paths, key, name, argument, &service);

	if (r)
		return r == SERVICE_E_NONE ? EXIT_NO_SERVICE : EXIT_TROUBLE;
	if (config_load(from_env("QUBES_RPC_CONFIG_PATH", ADMIN_CONFIGS), key, name, &config))
		return EXIT_TROUBLE;
	if (service.kind == SERVICE_EXEC)
		return start_file(s, &service, plan);
	return start_socket(s, &service, &config, plan);
}

static const char *parse_options(int argc, char **argv, struct pump_plan *plan, const char **ret) {
	static char *vchan;
	const GOptionEntry entries[] = {
		{"vchan", 0, 0, G_OPTION_ARG_STRING, &vchan, "how to reach the caller", "SPEC"},
		{"domain", 0, 0, G_OPTION_ARG_INT, &plan->domain, "the caller's id", "N"},
		{"port", 0, 0, G_OPTION_ARG_INT, &plan->port, "of the data channel", "N"}, {NULL}};
	g_autoptr(GOptionContext) context = g_option_context_new("COMMAND");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc != 2 || !vchan ||
		plan->domain <= 0) {
		fprintf(stderr, "bulkhead-qrexec-serve: %s\n",
			error ? error->message : "--vchan, --domain, --port and a command");
		return NULL;
	}
	*ret = vchan;
	return argv[1];
}

int main(int argc, char **argv) {
	struct serve s = {.exit_code = 1};
	struct pump_plan plan = {.role = PUMP_SERVICE,
		.timeout = DATA_TIMEOUT,
		.hello_second = true,
		.in = -1,
		.in_err = -1,
		.out = -1,
		.out_err = -1,
		.pidfd = -1,
		.met = on_met,
		.done = on_done,
		.data = &s};
	const char *vchan, *command = parse_options(argc, argv, &plan, &vchan);
	struct pump *pump;
	int r;

	if (!command)
		return 2;
	log_use("bulkhead-qrexec-serve", NULL);
	signal(SIGPIPE, SIG_IGN);
	if (qrexec_command_parse(command, strlen(command), &s.command) || !s.command.service)
		return 2;
	r = vchan_use(vchan);
	if (r) {
		g_warning("--vchan=%s: %s", vchan, g_strerror(-r));
		return 1;
	}
	plan.exit_code = start_service(&s, &plan);
	s.loop = g_main_loop_new(NULL, FALSE);
	r = pump_start(&plan, &pump);
	if (r)
		g_warning("no data channel: %s", g_strerror(-r));
	else
		g_main_loop_run(s.loop);
	g_main_loop_unref(s.loop);
	return s.exit_code;
}
