/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The local backend: a domain is a sandbox, its helper is bulkhead-local-domain, its hypervisor
 * bulkhead-hv. This file talks to both; it never sees a byte that a domain chose.
 */
#include "domains/backend.h"
#include "domains/channel.h"
#include "domains/hv-client.h"
#include "domains/local-msg.h"
#include "domains/paths.h"
#include "domains/program.h"
#include "domains/sandbox-template.h"
#include "domains/systemd-scope.h"
#include "proto/init.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

struct backend {
	int runtime;
	struct hv_client *hv;
	GList *machines;
	void (*ready)(void *user, const char *error);
	void *user;
	bool told;
	char *hopeless;
};

struct machine {
	struct backend *in;
	struct domain_name name;
	const struct machine_events *events;
	void *user;
	struct channel *control;
	int dir, listener;
	unsigned memory;
	uint32_t id;
	enum domain_state state;
	dev_t root_dev; /* of the template that it was started from; 0, 0: not known */
	ino_t root_ino;
	char *template; /* NULL: the host's programs */
	char *reason;   /* of a failure */
	bool over;      /* the last event was told */
};

static void send_msg(struct machine *m, const struct local_msg *msg, int fd) {
	g_autofree uint8_t *packet = g_malloc(LOCAL_HEAD_SIZE + msg->n_more);

	/* A helper that is gone is told by its channel. */
	(void)!channel_send(m->control, packet, local_msg_encode(msg, packet), fd);
}

static void tell(struct machine *m, enum local_type type, uint32_t id, int32_t value) {
	struct local_msg msg = {.type = type, .id = id, .value = value};

	send_msg(m, &msg, -1);
}

static void set_state(struct machine *m, enum domain_state state, const char *reason) {
	bool over = state == DOMAIN_STOPPED || state == DOMAIN_FAILED;

	if (m->over)
		return;
	m->state = state;
	m->over = over;
	/* May free the machine. */
	m->events->state(m->user, state, reason);
}

/* Gives the domain an id in the bulkhead-hv that runs now. */
static int give_id(struct machine *m) {
	int r = m->listener < 0 ? -ENOTCONN
				: hv_client_create(m->in->hv, m->listener, m->memory, &m->id);

	return r;
}

static void renew_id(struct machine *m) {
	if (give_id(m))
		return; /* hv went again: its next start comes here */
	tell(m, LOCAL_SET_ID, m->id, hv_client_mark(m->in->hv));
	m->events->transport(m->user);
}

static void on_state(struct machine *m, const struct local_msg *msg) {
	static const enum domain_state map[LOCAL_STATE_COUNT] = {
		[LOCAL_STARTING] = DOMAIN_STARTING,
		[LOCAL_RUNNING] = DOMAIN_RUNNING,
		[LOCAL_PAUSED] = DOMAIN_PAUSED,
		[LOCAL_STOPPING] = DOMAIN_STOPPING,
		[LOCAL_ENDED] = DOMAIN_STOPPED,
		[LOCAL_FAILED] = DOMAIN_FAILED,
	};

	if (msg->value < LOCAL_STARTING || msg->value >= LOCAL_STATE_COUNT)
		return;
	/* The end is told when the helper's channel closes: then nothing of it is left. */
	if (msg->value == LOCAL_ENDED || msg->value == LOCAL_FAILED) {
		m->state = map[msg->value];
		g_free(m->reason);
		m->reason = g_strdup(msg->text);
		return;
	}
	set_state(m, map[msg->value], msg->text);
}

static void on_mark(struct machine *m, const struct local_msg *msg, int *fds, unsigned n_fds) {
	if (n_fds > 0) {
		auto_close(&m->listener);
		m->listener = TAKE_FD(fds[0]);
	}
	if (msg->value != hv_client_mark(m->in->hv))
		renew_id(m);
}

static void on_fact(struct machine *m, const struct local_msg *msg) {
	static const int map[LOCAL_FACT_COUNT] = {[LOCAL_FACT_NETWORK] = FACT_NETWORK,
		[LOCAL_FACT_USER] = FACT_HOST_USER,
		[LOCAL_FACT_CGROUP] = FACT_CGROUP,
		[LOCAL_FACT_SERVICE] = FACT_SERVICE};

	if (msg->id >= 1 && msg->id < LOCAL_FACT_COUNT && msg->id != LOCAL_FACT_X_SERVER)
		m->events->fact(m->user, (enum machine_fact)map[msg->id], msg->text);
}

static void on_refused(struct machine *m, const struct local_msg *msg) {
	enum domain_request what = msg->value == LOCAL_PAUSE     ? REQUEST_PAUSE
				   : msg->value == LOCAL_UNPAUSE ? REQUEST_UNPAUSE
								 : REQUEST_RUN;

	m->events->refused(m->user, what, msg->text);
}

static void act(struct machine *m, const struct local_msg *msg, int *fds, unsigned n_fds) {
	switch (msg->type) {
	case LOCAL_STATE:
		m->id = m->id ? m->id : msg->id;
		on_state(m, msg);
		break;
	case LOCAL_MARK:
		on_mark(m, msg, fds, n_fds);
		break;
	case LOCAL_FACT:
		on_fact(m, msg);
		break;
	case LOCAL_KEPT:
		if (n_fds > 0 && msg->id < KEPT_COUNT)
			m->events->kept(m->user, (enum machine_kept)msg->id, TAKE_FD(fds[0]));
		break;
	case LOCAL_COMMAND_STARTED:
		m->events->command(m->user, msg->id, COMMAND_STARTED, 0);
		break;
	case LOCAL_COMMAND_FAILED:
		m->events->command(m->user, msg->id, COMMAND_FAILED, msg->value);
		break;
	case LOCAL_COMMAND_ENDED:
		m->events->command(m->user, msg->id, COMMAND_ENDED, msg->value);
		break;
	case LOCAL_REFUSED:
		on_refused(m, msg);
		break;
	case LOCAL_QUERY:
	case LOCAL_SET_ID:
	case LOCAL_RUN:
	case LOCAL_STOP:
	case LOCAL_KILL:
	case LOCAL_PAUSE:
	case LOCAL_UNPAUSE:
	case LOCAL_BEGIN:
	case LOCAL_KEEP:
	case LOCAL_FOCUS:
		break;
	}
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	int own[CHANNEL_FDS_MAX];
	struct local_msg msg;

	for (unsigned i = 0; i < n_fds; i++)
		own[i] = fds[i];
	if (!local_msg_decode(span_over(data, size), &msg))
		act(user, &msg, own, n_fds);
	for (unsigned i = 0; i < n_fds; i++)
		auto_close(&own[i]);
}

static void on_closed(void *user) {
	struct machine *m = user;

	if (m->state == DOMAIN_STOPPED)
		set_state(m, DOMAIN_STOPPED, "");
	else
		set_state(m, DOMAIN_FAILED,
			m->reason ? m->reason : "the domain's helper process ended");
}

static struct machine *machine_new(struct backend *b, const struct definition *d,
	const struct machine_events *events, void *user) {
	struct machine *m = g_new0(struct machine, 1);

	m->in = b;
	m->name = d->name;
	m->events = events;
	m->user = user;
	m->dir = m->listener = -1;
	m->memory = d->maxmem;
	m->template = strcmp(d->template, "host") ? g_strdup(d->template) : NULL;
	m->state = DOMAIN_STARTING;
	b->machines = g_list_prepend(b->machines, m);
	return m;
}

static void attach(struct machine *m, int fd) {
	static const struct channel_handler handler = {on_packet, on_closed};

	m->control = channel_new(fd, LOCAL_PACKET_MAX, true, &handler, m);
}

static struct machine *local_free(struct machine *m) {
	if (!m)
		return NULL;
	m->in->machines = g_list_remove(m->in->machines, m);
	if (m->over) {
		g_autofree char *below = g_strdup_printf("domains/%s", m->name.s);

		hv_client_destroy(m->in->hv, m->id);
		paths_remove_below(m->in->runtime, below);
	}
	channel_free(m->control);
	auto_close(&m->listener);
	auto_close(&m->dir);
	g_free(m->template);
	g_free(m->reason);
	g_free(m);
	return NULL;
}

static int open_dir(struct machine *m, bool create, GError **error) {
	g_autofree char *below = g_strdup_printf("domains/%s", m->name.s);

	m->dir = paths_open_below(m->in->runtime, below, create, error);
	return m->dir < 0 ? -1 : 0;
}

/* A listening socket in the domain's folder, which is closed to others. mode: of its file. */
static int listen_at(struct machine *m, const char *name, mode_t mode, GError **error) {
	g_autofree char *path = paths_by_fd(m->dir, name);
	AUTO(auto_close)
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	g_strlcpy(a.sun_path, path, sizeof(a.sun_path));
	unlinkat(m->dir, name, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
		fchmodat(m->dir, name, mode, 0) || listen(fd, 64)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s/%s: %s", m->name.s, name,
			g_strerror(errno));
		return -1;
	}
	return TAKE_FD(fd);
}

static int spawn_helper(
	struct machine *m, const struct definition *d, unsigned slot, int manager, GError **error) {
	g_autofree char *program = paths_find("bulkhead-local-domain"),
			*folder = paths_by_fd(m->dir, ""), *runtime = NULL;
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	/* Here and not in the helper: a bulkheadd that comes after this one finds the helper even
	 * if it has not begun yet. */
	AUTO(auto_close) int control = listen_at(m, "control", 0600, error);
	struct program s = {.fds = (int[]){manager, m->listener, control, -1}, .detach = true};
	int r;

	if (control < 0)
		return -1;

	if (!program) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			"bulkhead-local-domain is not installed (nor in BULKHEAD_LIBEXEC)");
		return -1;
	}
	folder[strlen(folder) - 1] = 0;
	runtime = g_file_read_link(folder, NULL);
	if (!g_getenv("BULKHEAD_CGROUP") && systemd_scope_possible())
		systemd_scope_words(argv, d->name.s);
	g_ptr_array_add(argv, g_strdup(program));
	g_ptr_array_add(argv, g_strdup_printf("--name=%s", d->name.s));
	g_ptr_array_add(argv, g_strdup_printf("--user=%s", d->default_user));
	g_ptr_array_add(argv, g_strdup_printf("--runtime=%s", runtime));
	g_ptr_array_add(argv, g_strdup_printf("--template=%s", d->template));
	g_ptr_array_add(argv, g_strdup_printf("--network=%s", *d->netvm ? "pasta" : "none"));
	g_ptr_array_add(argv, g_strdup_printf("--net-allow=%s", d->net_allow));
	g_ptr_array_add(argv, g_strdup_printf("--slot=%u", slot));
	g_ptr_array_add(argv, g_strdup_printf("--memory=%u", d->maxmem));
	g_ptr_array_add(argv, g_strdup_printf("--cpu-weight=%u", d->cpu_weight));
	g_ptr_array_add(argv, g_strdup_printf("--domain-id=%u", m->id));
	g_ptr_array_add(argv, g_strdup_printf("--hv-mark=%d", hv_client_mark(m->in->hv)));
	g_ptr_array_add(argv, g_strdup("--manager-fd=3"));
	g_ptr_array_add(argv, g_strdup("--hv-fd=4"));
	g_ptr_array_add(argv, g_strdup("--control-fd=5"));
	if (d->kind == KIND_DISPOSABLE)
		g_ptr_array_add(argv, g_strdup("--fresh"));
	if (d->nested_sandbox)
		g_ptr_array_add(argv, g_strdup("--nested-sandbox"));
	g_ptr_array_add(argv, NULL);
	s.argv = (const char *const *)argv->pdata;
	r = program_start(&s, NULL);
	if (r)
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", program, g_strerror(-r));
	return r;
}

static void look_at_template(const struct machine *m, struct stat *ret) {
	AUTO(auto_close) int fd = m->template ? template_open(m->template, NULL) : -1;

	if (fd < 0 || fstat(fd, ret))
		memset(ret, 0, sizeof(*ret));
}

static struct machine *local_start(struct backend *b, const struct definition *d, unsigned slot,
	const struct machine_events *events, void *user, GError **error) {
	struct machine *m = machine_new(b, d, events, user);
	struct stat root;
	int pair[2], r;

	if (open_dir(m, true, error))
		return local_free(m);
	/* The domain's processes connect to it, whose user may be another than ours; its file is
	 * mounted into the sandbox. */
	m->listener = listen_at(m, "hv.sock", 0666, error);
	if (m->listener < 0)
		return local_free(m);
	r = give_id(m);
	if (r) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "bulkhead-hv gives no domain: %s",
			b->hopeless ? b->hopeless : g_strerror(-r));
		return local_free(m);
	}
	m->over = true; /* until it runs, freeing it gives the id back */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", g_strerror(errno));
		return local_free(m);
	}
	look_at_template(m, &root);
	m->root_dev = root.st_dev;
	m->root_ino = root.st_ino;
	r = spawn_helper(m, d, slot, pair[1], error);
	close(pair[1]);
	if (r) {
		close(pair[0]);
		return local_free(m);
	}
	m->over = false;
	attach(m, pair[0]);
	return m;
}

static struct machine *local_adopt(struct backend *b, const struct definition *d, unsigned slot,
	const struct machine_events *events, void *user) {
	struct machine *m = machine_new(b, d, events, user);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	g_autofree char *path = NULL;
	int fd;

	if (open_dir(m, false, NULL))
		return local_free(m);
	path = paths_by_fd(m->dir, "control");
	g_strlcpy(a.sun_path, path, sizeof(a.sun_path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		auto_close(&fd);
		m->over = true; /* what lies there is a leftover */
		return local_free(m);
	}
	attach(m, fd);
	tell(m, LOCAL_QUERY, 0, 0);
	return m;
}

static void local_run(struct machine *m, uint32_t id, const char *const *argv) {
	g_autofree uint8_t *packet = g_malloc(INIT_REQUEST_MAX);
	struct local_msg msg = {.type = LOCAL_RUN, .id = id, .more = packet};

	msg.n_more = init_encode_request(INIT_RUN, id, argv, packet, INIT_REQUEST_MAX);
	if (msg.n_more)
		send_msg(m, &msg, -1);
	else
		m->events->command(m->user, id, COMMAND_FAILED, E2BIG);
}

static void local_stop(struct machine *m, unsigned timeout_ms) {
	tell(m, LOCAL_STOP, 0, (int32_t)timeout_ms);
}

static void local_kill(struct machine *m) {
	tell(m, LOCAL_KILL, 0, 0);
}

static void local_pause(struct machine *m, bool pause) {
	tell(m, pause ? LOCAL_PAUSE : LOCAL_UNPAUSE, 0, 0);
}

static void local_focus(struct machine *m, bool focused) {
	tell(m, LOCAL_FOCUS, 0, focused);
}

static bool local_outdated(const struct machine *m) {
	struct stat now;

	look_at_template(m, &now);
	return m->template &&
	       (!now.st_ino || now.st_ino != m->root_ino || now.st_dev != m->root_dev);
}

static void local_keep(struct machine *m, enum machine_kept what, int fd) {
	struct local_msg msg = {.type = LOCAL_KEEP, .id = what};

	send_msg(m, &msg, fd);
}

static uint32_t local_id(const struct machine *m) {
	return m->id;
}

static int local_transport(struct machine *m, int as, char **spec, int *fd) {
	int r = m->id ? hv_client_admit(m->in->hv, m->id) : -ENOTCONN;

	if (r < 0)
		return r;
	*fd = r;
	*spec = g_strdup_printf("local-fd:%d", as);
	return 0;
}

struct forget {
	void (*done)(void *user, bool ok);
	void *user;
};

static void on_forgotten(void *user, pid_t pid, int status) {
	struct forget *f = user;

	f->done(f->user, WIFEXITED(status) && WEXITSTATUS(status) == 0);
	g_free(f);
}

/* A process of its own: a home can be large, and may belong to the domain's own host user. */
static void local_forget(struct backend *b, const char *name, unsigned slot,
	void (*done)(void *user, bool ok), void *user) {
	g_autofree char *program = paths_find("bulkhead-local-domain"),
			*what = g_strdup_printf("--forget=%s", name),
			*number = g_strdup_printf("--slot=%u", slot);
	struct forget *f = g_new0(struct forget, 1);
	struct program s = {.ended = on_forgotten, .user = f};

	f->done = done;
	f->user = user;
	s.argv = (const char *[]){program, what, number, NULL};
	if (!program || program_start(&s, NULL))
		on_forgotten(f, 0, 1 << 8);
}

static void tell_ready(struct backend *b, const char *error) {
	if (b->told)
		return;
	b->told = true;
	b->ready(b->user, error);
}

static void on_up(void *user, int32_t mark) {
	struct backend *b = user;

	for (GList *l = b->machines; l; l = l->next)
		renew_id(l->data);
	tell_ready(b, NULL);
}

static void on_down(void *user) {
	struct backend *b = user;

	for (GList *l = b->machines; l; l = l->next)
		((struct machine *)l->data)->id = 0;
}

static void on_hopeless(void *user, const char *why) {
	struct backend *b = user;

	b->hopeless = g_strdup(why);
	tell_ready(b, why);
}

static struct backend *local_open(int runtime, const char *runtime_path,
	void (*ready)(void *user, const char *error), void *user) {
	static const struct hv_client_handler handler = {on_up, on_down, on_hopeless};
	struct backend *b = g_new0(struct backend, 1);

	b->runtime = runtime;
	b->ready = ready;
	b->user = user;
	b->hv = hv_client_new(runtime, runtime_path, &handler, b);
	return b;
}

static struct backend *local_close(struct backend *b) {
	if (!b)
		return NULL;
	hv_client_free(b->hv);
	g_free(b->hopeless);
	g_free(b);
	return NULL;
}

const struct backend_ops backend_local = {
	.name = "local",
	.kept = "home",
	.open = local_open,
	.close = local_close,
	.start = local_start,
	.adopt = local_adopt,
	.id = local_id,
	.run = local_run,
	.stop = local_stop,
	.kill = local_kill,
	.pause = local_pause,
	.focus = local_focus,
	.outdated = local_outdated,
	.keep = local_keep,
	.transport = local_transport,
	.free = local_free,
	.forget = local_forget,
};
