/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Xen backend: a domain is a guest. This file starts one bulkhead-xen-domain for each, talks to
 * it, and replaces it when it dies or owes an answer for too long. It links nothing of Xen's.
 */
#include "domains/backend.h"
#include "domains/channel.h"
#include "domains/paths.h"
#include "domains/program.h"
#include "domains/xen-volumes.h"
#include "proto/helper.h"

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* Xen's own limits end a slow start; what is asked of a running domain takes a moment. */
#define PATIENCE_BEGIN_S 300
#define TRIES            4

struct backend {
	int runtime;
	char *runtime_path;
	unsigned patience; /* seconds */
	GList *machines;
	void (*ready)(void *user, const char *error);
	void *user;
};

struct machine {
	struct backend *in;
	struct definition *definition;
	unsigned slot;
	const struct machine_events *events;
	void *user;
	struct channel *control;
	pid_t helper;
	uint32_t id, serial;
	enum domain_state state;
	gint64 root_changed; /* of the template, when it started */
	unsigned tries;
	guint later, watchdog;
	struct helper_msg owed; /* the request whose answer is still owed; its type 0: none */
	gint64 kill_at;         /* microseconds; when a domain that was to stop is destroyed; 0 */
	GList *commands;        /* struct command */
	bool focused, weighed;  /* the person works in it; so was its weight asked for */
	bool over;
};

struct command {
	struct machine *in; /* NULL: its machine went */
	uint32_t id;
};

static void start_helper(struct machine *m, bool adopt);

static void set_state(struct machine *m, enum domain_state state, const char *reason) {
	bool over = state == DOMAIN_STOPPED || state == DOMAIN_FAILED;

	if (m->over)
		return;
	m->state = state;
	m->over = over;
	/* May free the machine. */
	m->events->state(m->user, state, reason);
}

static gboolean on_no_answer(gpointer user) {
	struct machine *m = user;

	m->watchdog = 0;
	g_warning("domain %s: its helper does not answer; it is replaced", m->definition->name.s);
	if (m->helper)
		kill(m->helper, SIGKILL); /* on_closed starts the next */
	return G_SOURCE_REMOVE;
}

static void send_owed(struct machine *m) {
	uint8_t packet[HELPER_SIZE];
	bool begin = m->owed.type == HELPER_BEGIN;

	helper_encode(&m->owed, packet);
	g_clear_handle_id(&m->watchdog, g_source_remove);
	m->watchdog = g_timeout_add_seconds(
		begin ? PATIENCE_BEGIN_S : m->in->patience, on_no_answer, m);
	/* A helper that is gone is told by its channel. */
	if (m->control)
		(void)!channel_send(m->control, packet, sizeof(packet), -1);
}

static void ask(struct machine *m, enum helper_type type, int32_t value, const char *text) {
	m->owed = (struct helper_msg){.type = type, .serial = ++m->serial, .value = value};
	g_strlcpy(m->owed.text, text, sizeof(m->owed.text));
	send_owed(m);
}

/* credit2 counts from 256 for the ordinary share. */
static unsigned weight_of(const struct definition *d, bool focused) {
	unsigned w = d->cpu_weight * 256 / 100 * (focused ? BACKEND_FOCUS_FACTOR : 1);

	return CLAMP(w, 1, 65535);
}

/* One request at a time: what could not be asked for is once the other was answered. */
static void weigh(struct machine *m) {
	bool runs = m->state == DOMAIN_RUNNING || m->state == DOMAIN_PAUSED;

	if (m->owed.type || !runs || m->weighed == m->focused)
		return;
	m->weighed = m->focused;
	ask(m, HELPER_WEIGHT, (int32_t)weight_of(m->definition, m->focused), "");
}

static void on_answer(struct machine *m, const struct helper_msg *msg) {
	enum helper_type what = m->owed.type;

	if (msg->serial != m->serial)
		return;
	g_clear_handle_id(&m->watchdog, g_source_remove);
	m->owed.type = (enum helper_type)0;
	m->tries = 0;
	weigh(m);
	if (msg->type == HELPER_DONE)
		return;
	if (what == HELPER_PAUSE || what == HELPER_UNPAUSE)
		m->events->refused(
			m->user, what == HELPER_PAUSE ? REQUEST_PAUSE : REQUEST_UNPAUSE, msg->text);
	else
		g_warning("domain %s: %s", m->definition->name.s, msg->text);
}

static void on_state(struct machine *m, const struct helper_msg *msg) {
	static const enum domain_state map[HELPER_STATE_COUNT] = {
		[HELPER_STARTING] = DOMAIN_STARTING,
		[HELPER_RUNNING] = DOMAIN_RUNNING,
		[HELPER_PAUSED] = DOMAIN_PAUSED,
		[HELPER_STOPPING] = DOMAIN_STOPPING,
		[HELPER_ENDED] = DOMAIN_STOPPED,
		[HELPER_FAILED] = DOMAIN_FAILED,
	};

	m->id = msg->domain;
	set_state(m, map[msg->value], msg->text);
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	struct machine *m = user;
	struct helper_msg msg;

	if (helper_decode(span_over(data, size), &msg))
		return;
	if (msg.type == HELPER_STATE)
		on_state(m, &msg);
	else if (msg.type == HELPER_FACT)
		m->events->fact(m->user, FACT_NETWORK, msg.text);
	else if (msg.type == HELPER_DONE || msg.type == HELPER_REFUSED)
		on_answer(m, &msg);
}

static gboolean on_later(gpointer user) {
	struct machine *m = user;

	m->later = 0;
	start_helper(m, true);
	return G_SOURCE_REMOVE;
}

/* The helper went and the domain may run on: the next one takes it over. */
static void on_closed(void *user) {
	struct machine *m = user;

	m->control = channel_free(m->control);
	m->helper = 0;
	g_clear_handle_id(&m->watchdog, g_source_remove);
	if (++m->tries > TRIES) {
		set_state(m, DOMAIN_FAILED,
			"its helper process ends again and again; see bulkheadd's log");
		return;
	}
	m->later = g_timeout_add(m->tries == 1 ? 0 : 1000u << m->tries, on_later, m);
}

static void add(GPtrArray *argv, const char *option, const char *value) {
	if (value && *value)
		g_ptr_array_add(argv, g_strdup_printf("--%s=%s", option, value));
}

static void add_number(GPtrArray *argv, const char *option, unsigned value) {
	g_ptr_array_add(argv, g_strdup_printf("--%s=%u", option, value));
}

static void add_definition(GPtrArray *argv, const struct machine *m) {
	static const char *const modes[] = {"pvh", "pv", "hvm"};
	const struct definition *d = m->definition;
	g_auto(GStrv) devices = g_strsplit(d->pci, " ", -1);
	g_autofree char *block = paths_find("bulkhead-xen-block");

	add(argv, "name", d->name.s);
	add(argv, "virt-mode", modes[d->virt_mode]);
	add(argv, "seclabel", d->seclabel);
	add(argv, "block", block);
	add(argv, "netvm", d->netvm);
	add(argv, "net-allow", d->net_allow);
	for (char **p = devices; *p; p++)
		add(argv, "pci", *p);
	add_number(argv, "slot", m->slot);
	add_number(argv, "memory", d->memory);
	add_number(argv, "maxmem", d->maxmem);
	add_number(argv, "vcpus", d->vcpus);
	add_number(argv, "weight", weight_of(d, false));
	add_number(argv, "cap", d->cpu_cap);
	if (d->provides_network) {
		g_ptr_array_add(argv, g_strdup("--driver-domain"));
		add_number(argv, "serve-timeout", d->qrexec_timeout);
	}
}

static int spawn(struct machine *m, int end) {
	g_autofree char *program = paths_find("bulkhead-xen-domain");
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	const int fds[] = {end, -1};
	struct program s = {.fds = fds, .detach = true};

	if (!program)
		return -ENOENT;
	g_ptr_array_add(argv, g_strdup(program));
	add_definition(argv, m);
	xen_volumes_arguments(m->definition, argv);
	g_ptr_array_add(argv, NULL);
	s.argv = (const char *const *)argv->pdata;
	return program_start(&s, &m->helper);
}

static void start_helper(struct machine *m, bool adopt) {
	static const struct channel_handler handler = {on_packet, on_closed};
	struct helper_msg again = m->owed;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		set_state(m, DOMAIN_FAILED, "no descriptors are left");
		return;
	}
	r = spawn(m, pair[1]);
	close(pair[1]);
	if (r) {
		g_autofree char *why = g_strdup_printf("bulkhead-xen-domain: %s", g_strerror(-r));

		close(pair[0]);
		set_state(m, DOMAIN_FAILED, why);
		return;
	}
	m->control = channel_new(pair[0], HELPER_SIZE, false, &handler, m);
	ask(m, HELPER_BEGIN, adopt, "");
	/* What the former one was asked for and did not do. */
	if (m->kill_at)
		ask(m, HELPER_STOP, (int32_t)MAX(0, (m->kill_at - g_get_monotonic_time()) / 1000),
			"");
	else if (again.type && again.type != HELPER_BEGIN)
		ask(m, again.type, again.value, again.text);
}

static struct machine *machine_new(struct backend *b, const struct definition *d,
	const struct machine_events *events, void *user) {
	struct machine *m = g_new0(struct machine, 1);

	m->in = b;
	m->definition = definition_copy(d);
	m->events = events;
	m->user = user;
	m->state = DOMAIN_STARTING;
	m->root_changed = xen_volumes_stamp(d);
	b->machines = g_list_prepend(b->machines, m);
	return m;
}

static char *folder_of(const struct machine *m) {
	return g_strdup_printf("domains/%s", m->definition->name.s);
}

static struct machine *xen_free(struct machine *m) {
	if (!m)
		return NULL;
	m->in->machines = g_list_remove(m->in->machines, m);
	g_clear_handle_id(&m->later, g_source_remove);
	g_clear_handle_id(&m->watchdog, g_source_remove);
	if (m->over) {
		g_autofree char *below = folder_of(m);

		paths_remove_below(m->in->runtime, below);
		xen_volumes_drop(m->definition);
	}
	for (GList *l = m->commands; l; l = l->next)
		((struct command *)l->data)->in = NULL;
	g_list_free(m->commands);
	channel_free(m->control);
	definition_free(m->definition);
	g_free(m);
	return NULL;
}

/* The volumes are there, or why not. */
static void on_volumes(void *user, const char *error) {
	struct machine *m = user;

	if (error)
		set_state(m, DOMAIN_FAILED, error);
	else
		start_helper(m, false);
}

static struct machine *xen_start(struct backend *b, const struct definition *d, unsigned slot,
	const struct machine_events *events, void *user, GError **error) {
	struct machine *m = machine_new(b, d, events, user);
	g_autofree char *below = folder_of(m);
	AUTO(auto_close) int dir = -1;

	m->slot = slot;
	if (!xen_volumes_check(d, error))
		return xen_free(m);
	/* Its being there says to the next bulkheadd that the domain runs. */
	dir = paths_open_below(b->runtime, below, true, error);
	if (dir < 0)
		return xen_free(m);
	xen_volumes_prepare(d, on_volumes, m);
	return m;
}

static struct machine *xen_adopt(struct backend *b, const struct definition *d, unsigned slot,
	const struct machine_events *events, void *user) {
	g_autofree char *below = g_strdup_printf("domains/%s", d->name.s);
	AUTO(auto_close) int dir = paths_open_below(b->runtime, below, false, NULL);
	struct machine *m;

	if (dir < 0)
		return NULL;
	m = machine_new(b, d, events, user);
	m->slot = slot;
	m->later = g_idle_add(on_later, m);
	return m;
}

static void on_command_ended(void *user, pid_t pid, int status) {
	struct command *c = user;

	if (c->in) {
		c->in->commands = g_list_remove(c->in->commands, c);
		c->in->events->command(c->in->user, c->id, COMMAND_ENDED, status);
	}
	g_free(c);
}

static char *command_line(const char *const *argv) {
	g_autoptr(GString) line = g_string_new("DEFAULT:exec");

	for (; *argv; argv++) {
		g_autofree char *word = g_shell_quote(*argv);

		g_string_append_c(line, ' ');
		g_string_append(line, word);
	}
	return g_string_free(g_steal_pointer(&line), FALSE);
}

/* By the domain's qrexec-agent: bulkheadd itself speaks with no guest. */
static void xen_run(struct machine *m, uint32_t id, const char *const *argv) {
	g_autofree char *program = paths_find("qrexec-client"), *line = command_line(argv),
			*socket = g_strdup_printf("--socket=%s/broker.sock", m->in->runtime_path);
	const char *const client[] = {program, "-W", "-E", "--vchan=xen", socket, "-d",
		m->definition->name.s, line, NULL};
	struct command *c = g_new0(struct command, 1);
	struct program s = {.argv = client, .person = true, .ended = on_command_ended, .user = c};
	int r;

	c->in = m;
	c->id = id;
	r = program ? program_start(&s, NULL) : -ENOENT;
	if (r) {
		g_free(c);
		m->events->command(m->user, id, COMMAND_FAILED, -r);
		return;
	}
	m->commands = g_list_prepend(m->commands, c);
	m->events->command(m->user, id, COMMAND_STARTED, 0);
}

static void xen_stop(struct machine *m, unsigned timeout_ms) {
	m->kill_at = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
	ask(m, HELPER_STOP, (int32_t)timeout_ms, "");
}

static void xen_kill(struct machine *m) {
	m->kill_at = g_get_monotonic_time();
	ask(m, HELPER_KILL, 0, "");
}

static void xen_pause(struct machine *m, bool pause) {
	ask(m, pause ? HELPER_PAUSE : HELPER_UNPAUSE, 0, "");
}

static void xen_focus(struct machine *m, bool focused) {
	m->focused = focused;
	weigh(m);
}

static bool xen_change(struct machine *m, const struct definition *d, const char *key) {
	if (strcmp(key, "netvm") != 0 && strcmp(key, "memory") != 0)
		return false;
	definition_free(m->definition);
	m->definition = definition_copy(d);
	if (!strcmp(key, "netvm"))
		ask(m, HELPER_NETVM, 0, d->netvm);
	else
		ask(m, HELPER_MEMORY, (int32_t)d->memory, "");
	return true;
}

/* A template's update is a new file under the old name: the guest has the old one. */
static bool xen_outdated(const struct machine *m) {
	return m->root_changed != xen_volumes_stamp(m->definition);
}

/* Its daemons end with bulkheadd's end of their sockets and are started anew by the next one. */
static void xen_keep(struct machine *m, enum machine_kept what, int fd) {
}

static uint32_t xen_id(const struct machine *m) {
	return m->id;
}

static int xen_transport(struct machine *m, int as, char **spec, int *fd) {
	if (!m->id)
		return -ENOTCONN;
	*spec = g_strdup("xen");
	*fd = -1;
	return 0;
}

static void xen_forget(struct backend *b, const char *name, unsigned slot,
	void (*done)(void *user, bool ok), void *user) {
	done(user, xen_volumes_forget(name));
}

static gboolean tell_ready(gpointer user) {
	struct backend *b = user;

	b->ready(b->user, NULL);
	return G_SOURCE_REMOVE;
}

static struct backend *xen_open(int runtime, const char *runtime_path,
	void (*ready)(void *user, const char *error), void *user) {
	const char *patience = g_getenv("BULKHEAD_HELPER_PATIENCE");
	struct backend *b = g_new0(struct backend, 1);

	b->runtime = runtime;
	b->runtime_path = g_strdup(runtime_path);
	b->patience = patience ? (unsigned)CLAMP(g_ascii_strtoull(patience, NULL, 10), 1, 600) : 60;
	b->ready = ready;
	b->user = user;
	g_idle_add(tell_ready, b);
	return b;
}

static struct backend *xen_close(struct backend *b) {
	if (b)
		g_free(b->runtime_path);
	g_free(b);
	return NULL;
}

const struct backend_ops backend_xen = {
	.name = "xen",
	.kept = "private.img",
	.ordered = true,
	.open = xen_open,
	.close = xen_close,
	.start = xen_start,
	.adopt = xen_adopt,
	.id = xen_id,
	.run = xen_run,
	.stop = xen_stop,
	.kill = xen_kill,
	.pause = xen_pause,
	.focus = xen_focus,
	.change = xen_change,
	.outdated = xen_outdated,
	.keep = xen_keep,
	.transport = xen_transport,
	.free = xen_free,
	.forget = xen_forget,
};
