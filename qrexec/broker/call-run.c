/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call that is allowed: its target is started if need be, both sides are told where to meet. */
#include "proto/qrexec-command.h"
#include "proto/qrexec.h"
#include "qrexec/broker/call.h"
#include "qrexec/lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

#define START_SECONDS 120

static gboolean on_timeout(gpointer data) {
	struct call *c = data;

	c->timer = 0;
	call_refuse(c, "fail",
		c->state == CALL_STARTING ? "the target did not start in time"
					  : "the target's agent did not come in time");
	return G_SOURCE_REMOVE;
}

static void wait_for(struct call *c, enum call_state state) {
	c->state = state;
	if (!c->timer)
		c->timer = g_timeout_add_seconds(START_SECONDS, on_timeout, c);
}

static void waited(struct call *c) {
	if (c->timer)
		g_source_remove(c->timer);
	c->timer = 0;
}

static void ask_manager(struct call *c, enum broker_type type, const char *name) {
	struct packets *manager = c->in->broker->manager;
	struct broker_msg m = {.type = type, .id = c->id};

	if (!manager)
		return call_refuse(c, "fail", "there is no manager to start it");
	if (name) {
		m.count = 1;
		m.texts[0] = name;
	} else {
		m.domain = c->admin_target ? c->source_id : c->target_id;
	}
	wait_for(c, name ? CALL_STARTING : CALL_VCHAN);
	packets_send(manager, &m, -1);
}

static void need_vchan(struct call *c) {
	if (c->in->broker->options.vchan)
		call_vchan(c, 0, -1);
	else
		ask_manager(c, BROKER_VCHAN, NULL);
}

void call_go(struct call *c) {
	struct domain *d;

	if (c->admin_target)
		return need_vchan(c);
	if (c->disposable) {
		/* The template's name until the manager says the new one's; nothing to kill yet. */
		g_autofree char *template = TAKE(c->target);

		return ask_manager(c, BROKER_DISPOSABLE, template);
	}
	d = domains_find(c->in->broker->domains, c->target);
	if (!d)
		return call_refuse(c, "fail", "there is no such domain");
	if (!d->id)
		return ask_manager(c, BROKER_START, c->target);
	if (!d->ready)
		return wait_for(c, CALL_WAITING);
	call_launch(c);
}

void call_started(struct call *c, const struct broker_msg *m) {
	struct domain *d;

	waited(c);
	if (m->value)
		return call_refuse(c, "fail", m->texts[0]);
	c->started = g_get_monotonic_time();
	if (c->disposable)
		c->target = g_strdup(m->texts[0]);
	d = domains_find(c->in->broker->domains, c->target);
	if (!d || !d->id)
		return call_refuse(c, "fail", "the target was started and is gone already");
	if (!d->ready)
		return wait_for(c, CALL_WAITING);
	call_launch(c);
}

static bool take_port(struct call *c) {
	c->port = ports_take(c->in->broker->ports, c->source_id, c->target_id);
	if (!c->port)
		return false;
	c->port_key = call_port_key(c->source_id, c->target_id, c->port);
	g_hash_table_insert(c->in->by_port, &c->port_key, c);
	return true;
}

/* Tells the calling side where to serve the data channel. */
static void connect_source(struct call *c, int fd) {
	struct domain *s;

	c->connected = g_get_monotonic_time();
	c->state = CALL_RUNNING;
	if (c->client) {
		packets_send(c->client,
			&(struct broker_msg){
				.type = BROKER_RUNNING, .domain = c->target_id, .port = c->port},
			fd);
	} else {
		s = domains_find(c->in->broker->domains, c->source);
		if (s && s->daemon && s->id == c->source_id)
			packets_send(s->daemon,
				&(struct broker_msg){.type = BROKER_CONNECT,
					.id = c->theirs,
					.domain = c->target_id,
					.port = c->port},
				-1);
	}
	call_audit(c, "allow", NULL);
}

static const char *user_of(const struct call *c, const struct domain *d) {
	if (c->user && strcmp(c->user, "DEFAULT") != 0)
		return c->user;
	return d->user ? d->user : "user";
}

/* An admin domain's command, its "DEFAULT:" replaced. */
static char *own_command(const struct call *c, const struct domain *d) {
	static const char by_default[] = "DEFAULT:";

	if (!g_str_has_prefix(c->command, by_default))
		return g_strdup(c->command);
	return g_strconcat(d->user ? d->user : "user", ":", c->command + strlen(by_default), NULL);
}

static char *service_command(const struct call *c, const struct domain *d) {
	struct qrexec_call_text t = {
		.user = user_of(c, d), .service = c->run_service, .source = c->source};
	g_autofree char *text = g_malloc(QREXEC_SERVICE_MAX + 1024);

	if (c->asked_source && *c->asked_source)
		t.source = c->asked_source;
	if (!qrexec_command_build(&t, text, QREXEC_SERVICE_MAX + 1024))
		return NULL;
	return TAKE(text);
}

static void launch(struct call *c, int fd) {
	struct domain *d = domains_find(c->in->broker->domains, c->target);
	g_autofree char *command = NULL;
	struct broker_msg m = {.type = BROKER_EXEC, .value = c->just_exec, .count = 1};

	if (!d || !d->ready || d->id != c->target_id)
		return call_refuse(c, "fail", "the target went");
	command = c->command ? own_command(c, d) : service_command(c, d);
	if (!command)
		return call_refuse(c, "fail", "the service's name is too long");
	if (!take_port(c))
		return call_refuse(c, "fail", "no data channel is free between the two domains");
	m.domain = c->source_id;
	m.port = c->port;
	m.texts[0] = command;
	packets_send(d->daemon, &m, -1);
	connect_source(c, fd);
}

void call_launch(struct call *c) {
	struct domain *d = domains_find(c->in->broker->domains, c->target);

	waited(c);
	c->target_id = d ? d->id : 0;
	if (c->client)
		need_vchan(c);
	else
		launch(c, -1);
}

static gboolean on_served(gint pidfd, GIOCondition condition, gpointer data) {
	struct call *c = data;

	(void)condition;
	if (spawn_reap(pidfd) < 0)
		return G_SOURCE_CONTINUE;
	c->pid_watch = 0;
	c->target_done = true;
	if (c->source_done)
		call_free(c);
	return G_SOURCE_REMOVE;
}

/* A service of the admin domain runs in a process of its own, which alone meets the bytes. */
static int serve(struct call *c, int fd) {
	const struct broker_options *o = &c->in->broker->options;
	struct qrexec_call_text t = {.user = "DEFAULT",
		.service = c->run_service,
		.source = c->source,
		.target = *c->asked_target ? c->asked_target : "@default"};
	g_autofree char *command = g_malloc(QREXEC_SERVICE_MAX + 1024);
	g_autofree char *vchan = NULL, *domain = NULL, *port = NULL;
	struct spawn_plan sp = {.path = o->serve,
		.envp = environ,
		.keep_stderr = true,
		.no_streams = true,
		.one_socket = -1,
		.keep_fds = true};
	struct spawned s;
	int r;

	if (!o->serve)
		return -ENOENT;
	if (!qrexec_command_build(&t, command, QREXEC_SERVICE_MAX + 1024))
		return -ENAMETOOLONG;
	vchan = fd >= 0 ? g_strdup_printf("--vchan=local-fd:%d", fd)
			: g_strdup_printf("--vchan=%s", o->vchan);
	domain = g_strdup_printf("--domain=%u", c->source_id);
	port = g_strdup_printf("--port=%u", c->port);
	sp.argv = (char *[]){(char *)o->serve, vchan, domain, port, command, NULL};
	if (fd >= 0)
		fcntl(fd, F_SETFD, 0);
	r = spawn(&sp, &s);
	if (r)
		return r;
	c->pidfd = s.pidfd;
	c->pid_watch = g_unix_fd_add(s.pidfd, G_IO_IN, on_served, c);
	return 0;
}

void call_vchan(struct call *c, int error, int fd) {
	AUTO(auto_close) int owned = fd;

	waited(c);
	if (error)
		return call_refuse(c, "fail", "no connection to the domain's data channels");
	if (!c->admin_target)
		return launch(c, owned);
	c->target_id = ADMIN_ID;
	if (!take_port(c))
		return call_refuse(c, "fail", "no data channel is free to the admin domain");
	if (serve(c, owned))
		return call_refuse(c, "fail", "the service cannot be started");
	connect_source(c, -1);
}
