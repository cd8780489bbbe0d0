/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services that other domains run here: one pump per call. A call that cannot be run is answered
 * with an exit code: 127 no such service, 125 anything else.
 */
#include "common/quota.h"
#include "qrexec/agent/agent.h"
#include "qrexec/agent/fork-job.h"
#include "qrexec/agent/session.h"
#include "qrexec/lib/config.h"
#include "qrexec/lib/pump.h"
#include "qrexec/lib/service.h"
#include "qrexec/lib/spawn.h"

#include <errno.h>
#include <glib-unix.h>
#include <pwd.h>
#include <sys/resource.h>

#define CALLS_MAX    512
#define CALL_FDS     8  /* streams, pidfd and vchan of one */
#define OTHER_FDS    32 /* of the agent itself, and what a start needs for a moment */
#define DATA_TIMEOUT 120

enum { EXIT_TROUBLE = 125, EXIT_NO_SERVICE = 127 };

struct calls {
	struct agent *agent;
	GHashTable *running; /* struct call -> itself */
	struct session *session;
	struct quota quota;
	GQueue waiting; /* struct call: for descriptors */
	unsigned begun, at_once;
};

struct call {
	struct calls *in;
	struct charge charge;
	struct qrexec_peer peer;
	bool just_exec, begun;
	size_t text_len;
	char *text; /* the command; the pieces below point into it */
	struct qrexec_command command;
	struct config config;
	struct service service;
	struct pump *pump;
	int fd; /* a service's socket while it connects */
	guint connecting;
	struct fork_job *job; /* another user's fork server does it */
};

static void call_free(void *data) {
	struct call *c = data;

	struct agent *a = c->in->agent;

	pump_cancel(c->pump);
	c->job = fork_job_free(c->job);
	if (a->over)
		a->over(a->over_data, &c->peer);
	else
		agent_tell_terminated(a, &c->peer);
	if (c->connecting)
		g_source_remove(c->connecting);
	if (c->fd >= 0)
		close(c->fd);
	charge_release(&c->charge);
	if (c->begun)
		c->in->begun--;
	g_free(c->text);
	g_free(c);
}

/* It is over, and with it perhaps the agent. */
static void begin_waiting(struct calls *all);

static void call_over(struct call *c) {
	struct calls *all = c->in;
	struct agent *a = all->agent;

	g_hash_table_remove(all->running, c);
	begin_waiting(all);
	agent_call_over(a);
}

static void on_done(void *data, const struct pump_result *r) {
	struct call *c = data;

	if (r->end == PUMP_FAILED || r->end == PUMP_BAD || r->end == PUMP_TIMEOUT)
		g_message("a call from domain %u ended early (%d)", c->peer.domain, r->end);
	c->pump = NULL;
	call_over(c);
}

static void start_pump(struct call *c, struct pump_plan *plan) {
	plan->role = PUMP_SERVICE;
	plan->domain = (int)c->peer.domain;
	plan->port = (int)c->peer.port;
	plan->timeout = DATA_TIMEOUT;
	plan->just_exec = c->just_exec;
	plan->out_err = -1;
	plan->done = on_done;
	plan->data = c;
	if (pump_start(plan, &c->pump))
		call_over(c);
}

static void answer(struct call *c, int exit_code) {
	struct pump_plan plan = {
		.in = -1, .in_err = -1, .out = -1, .pidfd = -1, .exit_code = exit_code};

	start_pump(c, &plan);
}

/* Whom to run as: NULL as we are, else a name for which root is needed. *ret is always written. */
static int choose_user(const struct call *c, const char **ret) {
	const char *want = c->config.force_user[0] ? c->config.force_user : c->command.user;
	const char *ours = c->in->agent->options.user;
	struct passwd *pw;

	*ret = NULL;
	if (ours && !strcmp(want, ours))
		return 0;
	pw = getpwnam(want);
	if (pw && pw->pw_uid == geteuid())
		return 0;
	*ret = want;
	return pw && geteuid() == 0 ? 0 : -EPERM;
}

static void on_job_over(void *data) {
	call_over(data);
}

/* The user's own session runs it, if there is one; else we do, outside of it. */
static bool hand_on(struct call *c) {
	const struct config *f = &c->config;
	const char *pattern = c->in->agent->options.fork_server, *user;
	struct qrexec_msg m = {
		.type = c->just_exec ? QREXEC_JUST_EXEC : QREXEC_EXEC_CMDLINE, .peer = c->peer};

	if (!pattern || c->command.nogui || f->skip_descriptor || f->exit_on_service_eof ||
		f->exit_on_client_eof)
		return false;
	choose_user(c, &user);
	if (!user)
		return false;
	m.command.text = strchr(c->text, ':') + 1;
	m.command.len = strlen(m.command.text);
	c->job = fork_job_new(pattern, user, &m, on_job_over, c);
	return c->job != NULL;
}

static void run(struct call *c, const char *path, char *const *argv) {
	struct pump_plan plan = {.in = -1, .in_err = -1, .out = -1, .pidfd = -1};
	struct spawn_plan sp = {
		.path = path, .argv = argv, .no_streams = c->just_exec, .one_socket = -1};
	struct spawned s;
	const char *user;
	char **env;
	int r = choose_user(c, &user);

	if (r) {
		g_message("a call wants to run as %s", user);
		return answer(c, EXIT_TROUBLE);
	}
	env = spawn_environment(&c->command);
	sp.envp = env;
	sp.user = user;
	sp.dir = user ? NULL : g_get_home_dir();
	if (sp.dir && access(sp.dir, X_OK))
		sp.dir = "/";
	r = spawn(&sp, &s);
	g_strfreev(env);
	if (r)
		return answer(c, EXIT_TROUBLE);
	if (c->just_exec) { /* it goes on alone; only that it started is told */
		spawn_adopt(s.pidfd);
		return answer(c, 0);
	}
	plan.in = s.out;
	plan.in_err = s.err;
	plan.out = s.in;
	plan.pidfd = s.pidfd;
	start_pump(c, &plan);
}

static void run_file(struct call *c) {
	g_autofree char *argument = g_strndup(c->command.argument.at, c->command.argument.len);
	char *argv[] = {c->service.path, *argument ? argument : NULL, NULL};

	if (!c->command.well_formed)
		return answer(c, EXIT_TROUBLE);
	run(c, c->service.path, argv);
}

/* A command line of the admin domain, which alone may send one: that is what it is for. */
static void run_command_line(struct call *c) {
	g_autofree char *line = g_strndup(c->command.rest.at, c->command.rest.len);
	char shell[] = "sh", option[] = "-lc";
	char *argv[] = {shell, option, line, NULL};

	if (c->peer.domain != 0) {
		g_warning("domain %u sent a command line", c->peer.domain);
		return answer(c, EXIT_TROUBLE);
	}
	if (!hand_on(c))
		run(c, "/bin/sh", argv);
}

static void pump_socket(struct call *c) {
	g_autofree char *greeting = g_strndup(c->command.descriptor.at, c->command.descriptor.len);
	struct pump_plan plan = {.in_err = -1,
		.pidfd = -1,
		.exit_on_in_eof = c->config.exit_on_service_eof,
		.exit_on_out_eof = c->config.exit_on_client_eof,
		.greeting = greeting};

	/* With its NUL: so the service knows where the descriptor ends. */
	plan.greeting_len = c->config.skip_descriptor ? 0 : c->command.descriptor.len + 1;
	plan.in = plan.out = TAKE_FD(c->fd);
	start_pump(c, &plan);
}

static gboolean on_connected(gint fd, GIOCondition condition, gpointer data) {
	struct call *c = data;
	int r;

	(void)fd;
	(void)condition;
	c->connecting = 0;
	r = service_connected(c->fd);
	if (r) {
		close(TAKE_FD(c->fd));
		answer(c, EXIT_TROUBLE);
	} else {
		pump_socket(c);
	}
	return G_SOURCE_REMOVE;
}

static void run_socket(struct call *c) {
	int r;

	if (c->just_exec)
		return answer(c, EXIT_TROUBLE);
	r = service_connect(&c->service, &c->fd);
	if (r == 0)
		return pump_socket(c);
	if (r == -EINPROGRESS)
		c->connecting = g_unix_fd_add(c->fd, G_IO_OUT, on_connected, c);
	else
		answer(c, EXIT_TROUBLE);
}

static void run_service(struct call *c) {
	if (hand_on(c))
		return;
	if (c->service.kind == SERVICE_EXEC)
		run_file(c);
	else
		run_socket(c);
}

static void on_session(void *data) {
	run_service(data);
}

static void find_and_run(struct call *c) {
	const struct qrexec_command *m = &c->command;
	const struct agent_options *o = &c->in->agent->options;
	g_autofree char *key = g_strdup_printf(
		"%.*s%s", (int)m->key.len, m->key.at, m->has_argument ? "" : "+");
	g_autofree char *name = g_strndup(m->name.at, m->name.len);
	g_autofree char *argument = m->has_argument ? g_strndup(m->argument.at, m->argument.len)
						    : NULL;
	int r = service_find(o->service_paths, key, name, argument, &c->service);

	if (r)
		return answer(c, r == SERVICE_E_NONE ? EXIT_NO_SERVICE : EXIT_TROUBLE);
	r = config_load(o->config_paths, key, name, &c->config);
	if (r) {
		g_warning("the configuration of %s cannot be used (%s%d)", name,
			r > 0 ? "line " : "error ", r);
		return answer(c, EXIT_TROUBLE);
	}
	if (!c->config.wait_for_session || o->no_session_wait)
		return run_service(c);
	session_wait(c->in->session, &c->command, on_session, c);
}

static void begin(struct call *c) {
	c->begun = true;
	c->in->begun++;
	if (qrexec_command_parse(c->text, c->text_len, &c->command))
		answer(c, EXIT_TROUBLE);
	else if (c->command.service)
		find_and_run(c);
	else
		run_command_line(c);
}

/* One that cannot have its descriptors could not even tell its caller so: it waits for others'. */
static void begin_waiting(struct calls *all) {
	struct call *c;

	while (all->begun < all->at_once && (c = g_queue_pop_head(&all->waiting)))
		begin(c);
}

static unsigned calls_at_once(void) {
	struct rlimit fds;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &fds) || fds.rlim_cur == RLIM_INFINITY)
		return CALLS_MAX;
	most = fds.rlim_cur > OTHER_FDS + CALL_FDS ? (fds.rlim_cur - OTHER_FDS) / CALL_FDS : 1;
	return most < CALLS_MAX ? (unsigned)most : CALLS_MAX;
}

void calls_run(struct calls *all, const struct qrexec_msg *m) {
	struct call *c = g_new0(struct call, 1);

	c->in = all;
	c->fd = -1;
	c->peer = m->peer;
	if (quota_take(&all->quota, 1, &c->charge)) {
		g_warning("more than %d calls at once: one is dropped", CALLS_MAX);
		agent_tell_terminated(all->agent, &m->peer);
		g_free(c);
		return;
	}
	c->just_exec = m->type == QREXEC_JUST_EXEC;
	c->text = g_strndup(m->command.text, m->command.len);
	c->text_len = m->command.len;
	g_hash_table_add(all->running, c);
	g_queue_push_tail(&all->waiting, c);
	begin_waiting(all);
}

unsigned calls_count(const struct calls *all) {
	return g_hash_table_size(all->running);
}

struct calls *calls_new(struct agent *a) {
	struct calls *all = g_new0(struct calls, 1);

	all->agent = a;
	all->quota.limit = CALLS_MAX;
	all->at_once = calls_at_once();
	g_queue_init(&all->waiting);
	all->running = g_hash_table_new_full(NULL, NULL, NULL, call_free);
	all->session = session_new(a->options.service_paths);
	return all;
}

struct calls *calls_free(struct calls *all) {
	if (!all)
		return NULL;
	all->session = session_free(all->session);
	g_queue_clear(&all->waiting); /* each stands among the running ones too */
	g_hash_table_destroy(all->running);
	g_free(all);
	return NULL;
}
