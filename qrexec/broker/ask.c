/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to the person: one dialog process each, with a socket of its own. Equal questions of
 * one domain share a dialog; a domain has few open at once; who was denied often waits.
 */
#include "qrexec/broker/broker.h"
#include "qrexec/lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>

#define OPEN_MAX       3 /* dialogs of one domain at once */
#define DENIALS_MAX    3 /* of one domain, then it is silenced for a while */
#define SILENCE_US     (60 * G_USEC_PER_SEC)
#define ANSWER_SECONDS 180

struct waiter {
	uint64_t ticket;
	void (*answer)(void *data, const char *chosen, enum broker_choice choice);
	void *data;
};

struct ask {
	struct asks *in;
	char *key, *source;
	struct packets *dialog;
	GSList *waiters;
	guint timeout;
	int pidfd;
};

struct temper { /* of one domain */
	unsigned open, denied;
	gint64 silent_until;
};

struct asks {
	struct broker *broker;
	GHashTable *open;    /* key -> struct ask */
	GHashTable *tempers; /* domain -> struct temper */
	uint64_t next_ticket;
};

static struct temper *temper_of(struct asks *a, const char *source) {
	struct temper *t = g_hash_table_lookup(a->tempers, source);

	if (!t) {
		t = g_new0(struct temper, 1);
		g_hash_table_insert(a->tempers, g_strdup(source), t);
	}
	return t;
}

static void ask_free(void *data) {
	struct ask *k = data;

	k->dialog = packets_free(k->dialog);
	if (k->timeout)
		g_source_remove(k->timeout);
	if (k->pidfd >= 0) {
		pidfd_send_signal(k->pidfd, SIGTERM, NULL, 0);
		spawn_adopt(k->pidfd);
	}
	g_slist_free_full(k->waiters, g_free);
	g_free(k->key);
	g_free(k->source);
	g_free(k);
}

/* Tells everybody who waits, when the ask is gone already: they may ask again at once. */
static void settle(struct ask *k, const char *chosen, enum broker_choice choice) {
	struct asks *a = k->in;
	struct temper *t = temper_of(a, k->source);
	GSList *waiters = k->waiters;
	g_autofree char *copy = g_strdup(chosen);

	k->waiters = NULL;
	t->open--;
	t->denied = chosen ? 0 : t->denied + 1;
	if (t->denied >= DENIALS_MAX) {
		t->silent_until = g_get_monotonic_time() + SILENCE_US;
		t->denied = 0;
	}
	g_hash_table_remove(a->open, k->key);
	for (GSList *i = waiters; i; i = i->next) {
		struct waiter *w = i->data;

		w->answer(w->data, copy, choice);
	}
	g_slist_free_full(waiters, g_free);
}

static void on_choice(void *data, const struct broker_msg *m, int fd) {
	struct ask *k = data;
	bool yes = m->value != BROKER_DENY && m->texts[0][0];

	(void)fd;
	settle(k, yes ? m->texts[0] : NULL, yes ? (enum broker_choice)m->value : BROKER_DENY);
}

static void on_dialog_ended(void *data, bool bad) {
	if (bad)
		g_warning("the dialog answered what makes no sense");
	settle(data, NULL, BROKER_DENY);
}

static gboolean on_timeout(gpointer data) {
	struct ask *k = data;

	k->timeout = 0;
	settle(k, NULL, BROKER_DENY);
	return G_SOURCE_REMOVE;
}

/* The dialog program with its socket as descriptor 3; our end, or -errno. */
static int start_dialog(struct asks *a, struct ask *k) {
	int pair[2], r;
	char number[8];
	char *argv[] = {(char *)a->broker->options.ask, (char *)"--broker-fd", number, NULL};
	struct spawn_plan sp = {.path = argv[0],
		.argv = argv,
		.envp = environ,
		.keep_stderr = true,
		.no_streams = true,
		.one_socket = -1,
		.keep_fds = true};
	struct spawned s;

	if (!argv[0])
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	snprintf(number, sizeof(number), "%d", pair[1]);
	fcntl(pair[1], F_SETFD, 0);
	r = spawn(&sp, &s);
	close(pair[1]);
	if (r) {
		close(pair[0]);
		return r;
	}
	k->pidfd = s.pidfd;
	return pair[0];
}

/* The label in whose colour a domain, or a disposable made from it, is shown; "": not known. */
static const char *label_of(struct asks *a, const char *name) {
	static const char disposable[] = "@dispvm:";
	struct domain *d;

	if (!strcmp(name, "dom0"))
		return "black";
	if (g_str_has_prefix(name, disposable))
		name += strlen(disposable);
	d = domains_find(a->broker->domains, name);
	return d && d->label ? d->label : "";
}

static void send_question(struct ask *k, const struct question *q) {
	static struct broker_msg m;

	m = (struct broker_msg){.type = BROKER_QUESTION,
		.value = (uint32_t)(q->default_target + 1),
		.texts = {q->source, q->service, q->argument, q->target, q->rule,
			label_of(k->in, q->source)}};
	m.count = 6;
	for (size_t i = 0; i < q->target_count && m.count + 3 <= BROKER_TEXTS_MAX; i++) {
		m.texts[m.count++] = q->targets[i];
		m.texts[m.count++] = label_of(k->in, q->targets[i]);
		m.texts[m.count++] = q->rules[i];
	}
	packets_send(k->dialog, &m, -1);
}

static struct ask *open_dialog(struct asks *a, const char *key, const struct question *q) {
	struct ask *k = g_new0(struct ask, 1);
	struct packets_plan plan = {.theirs = BROKER_FROM_DIALOG,
		.message = on_choice,
		.ended = on_dialog_ended,
		.data = k};

	k->in = a;
	k->pidfd = -1;
	plan.fd = start_dialog(a, k);
	if (plan.fd < 0) {
		g_warning("no dialog for a question: %s", g_strerror(-plan.fd));
		ask_free(k);
		return NULL;
	}
	k->key = g_strdup(key);
	k->source = g_strdup(q->source);
	k->dialog = packets_new(&plan);
	k->timeout = g_timeout_add_seconds(ANSWER_SECONDS, on_timeout, k);
	temper_of(a, q->source)->open++;
	g_hash_table_insert(a->open, k->key, k);
	send_question(k, q);
	return k;
}

static bool may_ask(struct asks *a, const char *source) {
	struct temper *t = temper_of(a, source);

	return t->open < OPEN_MAX && g_get_monotonic_time() >= t->silent_until;
}

uint64_t asks_open(struct asks *a, const struct question *q,
	void (*answer)(void *data, const char *chosen, enum broker_choice choice), void *data) {
	g_autofree char *key = g_strdup_printf(
		"%s %s%s %s", q->source, q->service, q->argument, q->target);
	struct ask *k = g_hash_table_lookup(a->open, key);
	struct waiter *w;

	if (!k && may_ask(a, q->source))
		k = open_dialog(a, key, q);
	if (!k) {
		answer(data, NULL, BROKER_DENY);
		return 0;
	}
	w = g_new(struct waiter, 1);
	*w = (struct waiter){++a->next_ticket, answer, data};
	k->waiters = g_slist_append(k->waiters, w);
	return w->ticket;
}

/* The dialog goes with the last one who waits for it; that is no denial. */
static gboolean drop_waiter(gpointer key, gpointer value, gpointer data) {
	struct ask *k = value;
	const uint64_t *ticket = data;

	(void)key;
	for (GSList *i = k->waiters; i; i = i->next) {
		struct waiter *w = i->data;

		if (w->ticket != *ticket)
			continue;
		k->waiters = g_slist_delete_link(k->waiters, i);
		g_free(w);
		if (k->waiters)
			return FALSE;
		temper_of(k->in, k->source)->open--;
		return TRUE;
	}
	return FALSE;
}

void asks_cancel(struct asks *a, uint64_t ticket) {
	if (ticket)
		g_hash_table_foreach_remove(a->open, drop_waiter, &ticket);
}

struct asks *asks_new(struct broker *b) {
	struct asks *a = g_new0(struct asks, 1);

	a->broker = b;
	a->open = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, ask_free);
	a->tempers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return a;
}

struct asks *asks_free(struct asks *a) {
	if (!a)
		return NULL;
	g_hash_table_destroy(a->open);
	g_hash_table_destroy(a->tempers);
	g_free(a);
	return NULL;
}
