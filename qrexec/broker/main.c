/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-qrexec-broker: decides every call by the policy, asks the person where it says so, and
 * brings the two sides together. Started by the manager with an open socket; ends with it.
 */
#include "common/audit.h"
#include "qrexec/broker/broker.h"
#include "qrexec/lib/log.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

static void on_manager(void *data, const struct broker_msg *m, int fd) {
	struct broker *b = data;

	if (m->type == BROKER_DAEMON && fd >= 0) {
		domains_attach(b->domains, m->domain, m->texts[0], fd);
		return;
	}
	if (m->type == BROKER_DONE) {
		calls_manager_done(b->calls, m, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (m->type == BROKER_DOMAIN)
		domains_update(b->domains, m);
	else if (m->type == BROKER_DOMAIN_GONE)
		domains_remove(b->domains, m->texts[0]);
	else if (m->type == BROKER_PASTE)
		pastes_decide(b->pastes, m);
	else if (m->type == BROKER_CLIPBOARD)
		pastes_record(b->pastes, m);
}

static void on_manager_ended(void *data, bool bad) {
	struct broker *b = data;

	if (bad)
		g_warning("the manager sent what makes no sense");
	b->manager = packets_free(b->manager);
	g_main_loop_quit(b->loop);
}

static gboolean on_signal(gpointer data) {
	struct broker *b = data;

	g_main_loop_quit(b->loop);
	return G_SOURCE_CONTINUE;
}

static int parse_options(int argc, char **argv, struct broker_options *o) {
	static char *vchan, *ask, *serve, *audit, *socket, *journal;
	static int manager_fd = -1;
	const GOptionEntry entries[] = {{"manager-fd", 0, 0, G_OPTION_ARG_INT, &manager_fd,
						"the open socket to the manager", "N"},
		{"vchan", 0, 0, G_OPTION_ARG_STRING, &vchan,
			"how the admin domain's services reach domains (else: by the manager)",
			"SPEC"},
		{"ask", 0, 0, G_OPTION_ARG_FILENAME, &ask, "the dialog", "PROGRAM"},
		{"serve", 0, 0, G_OPTION_ARG_FILENAME, &serve, "runs services of the admin domain",
			"PROGRAM"},
		{"audit", 0, 0, G_OPTION_ARG_FILENAME, &audit, "where decisions are written",
			"FILE"},
		{"journal", 0, 0, G_OPTION_ARG_FILENAME, &journal,
			"the journal's socket (" AUDIT_JOURNAL ")", "PATH"},
		{"socket", 0, 0, G_OPTION_ARG_FILENAME, &socket, "where qrexec-client connects",
			"PATH"},
		{NULL}};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		fprintf(stderr, "bulkhead-qrexec-broker: %s\n", error->message);
		return -1;
	}
	if (manager_fd < 0)
		fprintf(stderr, "bulkhead-qrexec-broker: --manager-fd is needed\n");
	o->vchan = vchan;
	o->ask = ask;
	o->serve = serve;
	o->audit = audit;
	o->journal = journal ? journal : AUDIT_JOURNAL;
	o->socket = socket;
	return manager_fd;
}

static void open_audit(struct broker *b) {
	int r = b->options.audit ? audit_open(b->options.audit, b->options.journal, &b->audit) : 0;

	/* For what runs in the admin domain: the service that writes the receipts of copies. */
	if (b->audit)
		g_setenv("BULKHEAD_AUDIT", b->options.audit, TRUE);
	if (r)
		g_warning("no audit file %s: %s", b->options.audit, g_strerror(-r));
}

static void start(struct broker *b, int manager_fd) {
	const struct packets_plan plan = {.fd = manager_fd,
		.theirs = BROKER_FROM_MANAGER,
		.accept_fd = true,
		.message = on_manager,
		.ended = on_manager_ended,
		.data = b};

	fcntl(manager_fd, F_SETFD, FD_CLOEXEC);
	open_audit(b);
	b->ports = ports_new();
	b->asks = asks_new(b);
	b->pastes = pastes_new(b);
	b->leases = policy_leases_new();
	if (!b->leases)
		g_error("there is not enough memory");
	b->calls = calls_new(b);
	b->domains = domains_new(b);
	b->manager = packets_new(&plan);
	b->rules = rules_new(b);
}

static void stop(struct broker *b) {
	b->admin = admin_free(b->admin);
	b->calls = calls_free(b->calls);
	b->asks = asks_free(b->asks);
	b->pastes = pastes_free(b->pastes);
	b->leases = policy_leases_free(b->leases);
	b->domains = domains_free(b->domains);
	b->rules = rules_free(b->rules);
	b->ports = ports_free(b->ports);
	b->manager = packets_free(b->manager);
	b->audit = audit_close(b->audit);
}

int main(int argc, char **argv) {
	struct broker b = {0};
	int manager_fd = parse_options(argc, argv, &b.options), r = 0;

	if (manager_fd < 0)
		return 2;
	log_use("bulkhead-qrexec-broker", NULL);
	signal(SIGPIPE, SIG_IGN);
	b.loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGTERM, on_signal, &b);
	start(&b, manager_fd);
	if (b.options.socket)
		r = admin_listen(&b, b.options.socket, &b.admin);
	if (r)
		g_warning("cannot listen at %s: %s", b.options.socket, g_strerror(-r));
	else
		g_main_loop_run(b.loop);
	stop(&b);
	g_main_loop_unref(b.loop);
	return r ? 1 : 0;
}
