/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One domain's qrexec-daemon; see daemon.h. */
#include "qrexec/daemon/daemon.h"

#include <stdio.h>

/* A call of the domain that the broker has not answered yet. */
struct pending {
	uint64_t id;
	struct charge charge;
	struct qrexec_ident ident;
};

static void pending_free(void *data) {
	struct pending *p = data;

	charge_release(&p->charge);
	g_free(p);
}

static void refuse(struct daemon *d, const struct qrexec_ident *ident) {
	if (d->control)
		link_send(d->control,
			&(struct qrexec_msg){.type = QREXEC_SERVICE_REFUSED, .ident = *ident});
}

static void on_trigger(struct daemon *d, const struct qrexec_trigger *t) {
	struct pending *p = g_new0(struct pending, 1);
	struct broker_msg m = {.type = BROKER_CALL, .count = 3};

	if (quota_take(&d->quota, 1, &p->charge)) {
		if (d->refused++ == 0)
			g_message(
				"more than %d open calls: the rest is refused", DAEMON_PENDING_MAX);
		g_free(p);
		refuse(d, &t->ident);
		return;
	}
	p->id = ++d->next_id;
	p->ident = t->ident;
	g_hash_table_insert(d->pending, &p->id, p);
	m.id = p->id;
	m.texts[0] = t->source;
	m.texts[1] = t->target;
	m.texts[2] = t->service;
	packets_send(d->broker, &m, -1);
}

static void on_agent_message(void *data, const struct qrexec_msg *m, bool refused) {
	struct daemon *d = data;

	if (refused) {
		refuse(d, &m->trigger.ident);
		return;
	}
	switch ((unsigned)m->type) {
	case QREXEC_TRIGGER_SERVICE:
	case QREXEC_TRIGGER_SERVICE3:
	case QREXEC_TRIGGER_SERVICE4:
		on_trigger(d, &m->trigger);
		break;
	case QREXEC_CONNECTION_TERMINATED:
		packets_send(d->broker,
			&(struct broker_msg){.type = BROKER_TERMINATED,
				.domain = m->peer.domain,
				.port = m->peer.port},
			-1);
		break;
	default: /* the table of proto lets nothing else through */
		break;
	}
}

static void quit(struct daemon *d, int code) {
	d->exit_code = code;
	g_main_loop_quit(d->loop);
}

static void on_agent_ended(void *data, enum link_end end, int answer) {
	struct daemon *d = data;
	char why[96] = "the agent went";

	if (end == LINK_BAD)
		snprintf(why, sizeof(why), "the agent broke the protocol (answer %d)", answer);
	if (end == LINK_FULL)
		snprintf(why, sizeof(why), "the agent does not read what is sent to it");
	g_message("domain %d: %s", d->domain, why);
	packets_send(d->broker,
		&(struct broker_msg){.type = BROKER_FAULT, .count = 1, .texts = {why}}, -1);
	d->control = link_free(d->control);
	quit(d, end == LINK_CLOSED ? 0 : 1);
}

static void on_exec(struct daemon *d, const struct broker_msg *m) {
	struct qrexec_msg out = {.type = m->value == 1 ? QREXEC_JUST_EXEC : QREXEC_EXEC_CMDLINE,
		.peer = {m->domain, m->port}};

	out.command.text = m->texts[0];
	out.command.len = strlen(m->texts[0]);
	link_send(d->control, &out);
}

static void on_broker_message(void *data, const struct broker_msg *m, int fd) {
	struct daemon *d = data;
	struct pending *p;

	(void)fd;
	if (!d->control)
		return;
	if (m->type == BROKER_EXEC) {
		on_exec(d, m);
		return;
	}
	p = g_hash_table_lookup(d->pending, &m->id);
	if (!p)
		return;
	if (m->type == BROKER_CONNECT)
		link_send(d->control, &(struct qrexec_msg){.type = QREXEC_SERVICE_CONNECT,
					      .peer = {m->domain, m->port},
					      .ident = p->ident});
	else
		refuse(d, &p->ident);
	g_hash_table_remove(d->pending, &m->id);
}

/* Without a broker nobody may call anybody. */
static void on_broker_ended(void *data, bool bad) {
	struct daemon *d = data;

	if (bad)
		g_warning("the broker sent what makes no sense");
	d->broker = packets_free(d->broker);
	quit(d, 1);
}

static void on_agent_ready(void *data) {
	struct daemon *d = data;

	packets_send(d->broker,
		&(struct broker_msg){.type = BROKER_READY, .value = link_version(d->control)}, -1);
}

void daemon_start(struct daemon *d, libvchan_t *v, int broker_fd) {
	const struct link_plan agent = {.vchan = v,
		.theirs = QREXEC_FROM_AGENT,
		.hello = LINK_ANSWER,
		.version = QREXEC_VERSION,
		.message = on_agent_message,
		.ready = on_agent_ready,
		.ended = on_agent_ended,
		.data = d};
	const struct packets_plan broker = {.fd = broker_fd,
		.theirs = BROKER_TO_DAEMON,
		.message = on_broker_message,
		.ended = on_broker_ended,
		.data = d};

	d->quota.limit = DAEMON_PENDING_MAX;
	d->pending = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, pending_free);
	d->broker = packets_new(&broker);
	d->control = link_new(&agent);
}

void daemon_stop(struct daemon *d) {
	d->control = link_free(d->control);
	d->broker = packets_free(d->broker);
	if (d->pending)
		g_hash_table_destroy(d->pending);
	d->pending = NULL;
}
