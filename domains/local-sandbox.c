/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sandbox of one domain: its start, its life, its end. */
#include "domains/local.h"
#include "domains/backend.h"

#include "domains/local-start.h"
#include "domains/paths.h"
#include "domains/sandbox.h"
#include "domains/sandbox-template.h"
#include "proto/init.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define INFO_MAX 4096

void local_set_state(struct local *l, enum local_state state, const char *reason) {
	bool over = state == LOCAL_ENDED || state == LOCAL_FAILED;

	if (l->state == state || l->state == LOCAL_ENDED || l->state == LOCAL_FAILED)
		return;
	l->state = state;
	g_free(l->reason);
	l->reason = g_strdup(reason);
	if (l->log && *reason)
		bounded_log_note(l->log, reason);
	local_tell_state(l);
	if (over)
		g_main_loop_quit(l->loop);
}

static void check_running(struct local *l) {
	if (l->state == LOCAL_STARTING && l->display && l->net_settled)
		local_set_state(l, LOCAL_RUNNING, "");
}

static void on_net_done(void *user, bool connected, const char *why) {
	struct local *l = user;
	g_autofree char *text = connected ? g_strdup("connected")
					  : g_strconcat("missing: ", why, NULL);

	local_fact(l, LOCAL_FACT_NETWORK, text);
	if (!connected)
		bounded_log_note(l->log, text);
	l->net_settled = true;
	check_running(l);
}

static void on_net_lost(void *user, const char *why) {
	struct local *l = user;
	g_autofree char *text = g_strconcat("missing: ", why, NULL);

	local_fact(l, LOCAL_FACT_NETWORK, text);
	bounded_log_note(l->log, text);
}

static void connect_network(struct local *l) {
	static const struct local_net_handler handler = {on_net_done, on_net_lost};

	if (l->net || l->net_settled || l->pid1 <= 0)
		return;
	l->net = local_net_new(l->dir, l->pid1, l->o.net_allow ? l->o.net_allow : "", &handler, l);
}

static void service_event(struct local *l, const struct init_event *e) {
	g_autofree char *text = NULL;

	if (e->type == INIT_SERVICE_STARTED)
		return;
	text = g_strdup_printf("the domain's %s ended (%s %u) and starts anew",
		init_service_name((enum init_service)e->id), e->value & 0x7f ? "signal" : "status",
		e->value & 0x7f ? e->value & 0x7f : e->value >> 8);
	bounded_log_note(l->log, text);
	local_fact(l, LOCAL_FACT_SERVICE, text);
}

static void on_init_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	struct local *l = user;
	struct init_event e;

	if (init_decode_event(span_over(data, size), &e)) {
		l->init = channel_free(l->init);
		bounded_log_note(l->log, "the domain's init sent nonsense and was ended");
		local_sandbox_kill(l);
		return;
	}
	switch (e.type) {
	case INIT_HELLO:
		connect_network(l);
		break;
	case INIT_READY:
		l->display = true;
		check_running(l);
		break;
	case INIT_SERVICE_STARTED:
	case INIT_SERVICE_ENDED:
		service_event(l, &e);
		break;
	case INIT_COMMAND_STARTED:
		local_tell(l, LOCAL_COMMAND_STARTED, e.id, 0, "");
		break;
	case INIT_COMMAND_FAILED:
		local_tell(l, LOCAL_COMMAND_FAILED, e.id, (int32_t)e.value, "");
		break;
	case INIT_COMMAND_ENDED:
		/* Who learns of the end finds in the log what it printed. */
		bounded_log_flush(l->log);
		local_tell(l, LOCAL_COMMAND_ENDED, e.id, (int32_t)e.value, "");
		break;
	}
}

static void on_init_closed(void *user) {
	struct local *l = user;

	/* The process behind it ends too: on_sandbox_ended tells. */
	l->init = channel_free(l->init);
	if (l->pidfd >= 0)
		local_sandbox_kill(l);
}

static void on_sandbox_ended(GPid pid, gint status, gpointer user) {
	struct local *l = user;
	g_autofree char *why = NULL;

	l->bwrap = 0;
	if (l->asked_to_end) {
		local_set_state(l, LOCAL_ENDED, "");
		return;
	}
	if (l->state == LOCAL_STARTING)
		why = g_strdup_printf("the sandbox did not start: %s",
			*bounded_log_last(l->log) ? bounded_log_last(l->log) : "it said nothing");
	else
		why = g_strdup_printf("the sandbox ended by itself (%s %d)",
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	local_set_state(l, LOCAL_FAILED, why);
}

/* bwrap writes {"child-pid": N, ...}. */
static gboolean on_info(gint fd, GIOCondition cond, gpointer user) {
	struct local *l = user;
	char text[INFO_MAX + 1], *at;
	ssize_t n = read(fd, text, INFO_MAX);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	l->info_source = 0;
	text[n > 0 ? n : 0] = 0;
	at = strstr(text, "\"child-pid\":");
	if (at)
		l->pid1 = (pid_t)g_ascii_strtoll(at + strlen("\"child-pid\":"), NULL, 10);
	if (l->pid1 > 0)
		l->pidfd = (int)syscall(SYS_pidfd_open, l->pid1, 0);
	return G_SOURCE_REMOVE;
}

static char *machine_id(const char *name) {
	g_autofree char *seed = g_strdup_printf("bulkhead %s %u", name, (unsigned)geteuid());
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, seed, -1);

	return g_strndup(sum, 32);
}

static int open_home(struct local *l, GError **error) {
	g_autofree char *data = paths_data(),
			*below = g_strdup_printf("domains/%s/home", l->o.name);
	AUTO(auto_close) int base = paths_open_private(data, error);
	g_autofree char *folder = g_strdup_printf("domains/%s", l->o.name);
	AUTO(auto_close) int dir = base < 0 ? -1 : paths_open_below(base, folder, true, error);
	struct stat st;
	int fd;

	if (dir < 0)
		return -1;
	if (mkdirat(dir, "home", 0700) && errno != EEXIST) {
		g_set_error(
			error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", below, g_strerror(errno));
		return -1;
	}
	/* The home may belong to the domain's own host user: no right to read it is needed. */
	fd = openat(dir, "home", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s/%s: %s", data, below,
			errno == ENOTDIR ? "a symbolic link or file stands where the home should be"
					 : g_strerror(errno));
		auto_close(&fd);
		return -1;
	}
	if (st.st_uid != geteuid() && st.st_uid != l->map.uid) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			"%s/%s belongs to host user %u, as which this domain cannot run now (%s)",
			data, below, (unsigned)st.st_uid,
			l->map.own ? "/etc/subuid was changed" : l->map.why);
		close(fd);
		return -1;
	}
	return fd;
}

static void tell_facts(struct local *l) {
	g_autofree char *user = l->map.own ? g_strdup_printf(
						     "its own host user %u", (unsigned)l->map.uid)
					   : g_strdup_printf("this user (%u): %s",
						     (unsigned)l->map.uid, l->map.why);
	g_autofree char *cgroup = l->cgroup.path ? g_strdup(l->cgroup.path)
						 : g_strconcat("none: ", l->cgroup.why, NULL);

	local_fact(l, LOCAL_FACT_USER, user);
	local_fact(l, LOCAL_FACT_CGROUP, cgroup);
	if (!strcmp(l->o.network, "none")) {
		l->net_settled = true;
		local_fact(l, LOCAL_FACT_NETWORK, "none");
	}
}

/* The pipes and sockets between the sandbox and us; ours first. */
struct ends {
	int info[2], output[2], init[2];
};

static void ends_close(struct ends *e) {
	for (int i = 0; i < 2; i++) {
		auto_close(&e->info[i]);
		auto_close(&e->output[i]);
		auto_close(&e->init[i]);
	}
}

static int start_process(struct local *l, struct ends *e, int home, GError **error) {
	AUTO(auto_close) int procs = cgroup_open_procs(&l->cgroup);
	AUTO(auto_close)
	int hv = l->o.hv_fd < 0 ? -1 : openat(l->dir, "hv.sock", O_PATH | O_CLOEXEC);
	g_autofree char *id = machine_id(l->o.name), *resolv = strcmp(l->o.network, "none")
								       ? local_net_resolv_conf()
								       : g_strdup("");
	struct sandbox s = {.name = l->o.name,
		.user = l->o.user,
		.machine_id = id,
		.resolv_conf = resolv,
		.nested = l->o.nested,
		.staged = l->map.own,
		.template = l->template,
		.home = home,
		.hv_socket = hv,
		.info = e->info[1]};
	struct sandbox_command command = {0};
	struct local_start start = {
		&command, &l->map, home, e->init[1], e->output[1], e->info[1], procs};
	int r = sandbox_command_init(&command, &s, error);

	if (!r) {
		l->bwrap = local_start(&start, error);
		r = l->bwrap > 0 ? 0 : -1;
	}
	sandbox_command_deinit(&command);
	return r;
}

static int start(struct local *l, struct ends *e, GError **error) {
	static const struct channel_handler handler = {on_init_packet, on_init_closed};
	g_autofree char *state = paths_state(), *file = g_strconcat(l->o.name, ".log", NULL);
	AUTO(auto_close) int state_fd = paths_open_private(state, error);
	AUTO(auto_close)
	int logs = state_fd < 0 ? -1 : paths_open_below(state_fd, "domains", true, error);
	AUTO(auto_close) int home = -1;

	if (logs < 0)
		return -1;
	if (pipe2(e->info, O_CLOEXEC) || pipe2(e->output, O_CLOEXEC) ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, e->init)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", g_strerror(errno));
		return -1;
	}
	l->log = bounded_log_new(logs, file, TAKE_FD(e->output[0]), error);
	if (!l->log)
		return -1;
	bounded_log_note(l->log, "start");
	uid_map_choose((unsigned)l->o.slot, &l->map);
	home = open_home(l, error);
	if (home < 0)
		return -1;
	cgroup_init(&l->cgroup, l->o.name);
	cgroup_limit(&l->cgroup, (unsigned)l->o.memory, (unsigned)l->o.cpu_weight);
	tell_facts(l);
	if (l->o.template && strcmp(l->o.template, "host") != 0) {
		l->template = template_hold(l->o.template, error);
		if (l->template <0)
			return -1;
	}
	if (start_process(l, e, home, error))
		return -1;
	l->init = channel_new(TAKE_FD(e->init[0]), INIT_EVENT_SIZE, false, &handler, l);
	l->info = TAKE_FD(e->info[0]);
	g_unix_set_fd_nonblocking(l->info, TRUE, NULL);
	l->info_source = g_unix_fd_add(l->info, G_IO_IN | G_IO_HUP, on_info, l);
	g_child_watch_add(l->bwrap, on_sandbox_ended, l);
	return 0;
}

bool local_sandbox_start(struct local *l) {
	struct ends e = {{-1, -1}, {-1, -1}, {-1, -1}};
	g_autoptr(GError) error = NULL;
	int r = start(l, &e, &error);

	ends_close(&e);
	if (r)
		local_set_state(
			l, LOCAL_FAILED, error ? error->message : "the sandbox could not be made");
	return !r;
}

static void refuse(struct local *l, enum local_type what, const char *why) {
	local_tell(l, LOCAL_REFUSED, 0, what, why);
}

void local_sandbox_run(struct local *l, const struct local_msg *m) {
	struct init_request check;

	if (init_decode_request(span_over(m->more, m->n_more), &check) || check.type != INIT_RUN ||
		check.id != m->id)
		refuse(l, LOCAL_RUN, "not a command");
	else if (l->state == LOCAL_PAUSED)
		local_tell(l, LOCAL_COMMAND_FAILED, m->id, EAGAIN, "");
	else if (!l->init || l->asked_to_end || channel_send(l->init, m->more, m->n_more, -1))
		local_tell(l, LOCAL_COMMAND_FAILED, m->id, ESHUTDOWN, "");
}

void local_sandbox_kill(struct local *l) {
	l->asked_to_end = l->asked_to_end || l->init;
	if (!cgroup_kill(&l->cgroup))
		return;
	/* The end of process 1 is the end of all in its namespace. */
	if (l->pidfd >= 0 && !syscall(SYS_pidfd_send_signal, l->pidfd, SIGKILL, NULL, 0))
		return;
	if (l->bwrap > 0)
		kill(l->bwrap, SIGKILL);
	else
		local_set_state(l, LOCAL_ENDED, "");
}

static gboolean on_too_late(gpointer user) {
	struct local *l = user;

	l->kill_timer = 0;
	bounded_log_note(l->log, "it did not end in time and was killed");
	local_sandbox_kill(l);
	return G_SOURCE_REMOVE;
}

void local_sandbox_stop(struct local *l, int timeout_ms) {
	uint8_t packet[INIT_HEAD_SIZE];
	size_t n = init_encode_request(INIT_STOP, 0, NULL, packet, sizeof(packet));

	if (l->asked_to_end)
		return;
	l->asked_to_end = true;
	(void)!cgroup_freeze(&l->cgroup, false);
	if (!l->init || channel_send(l->init, packet, n, -1)) {
		local_sandbox_kill(l);
		return;
	}
	local_set_state(l, LOCAL_STOPPING, "");
	l->kill_timer = g_timeout_add((guint)CLAMP(timeout_ms, 0, 3600000), on_too_late, l);
}

void local_sandbox_pause(struct local *l, bool pause) {
	enum local_type what = pause ? LOCAL_PAUSE : LOCAL_UNPAUSE;
	g_autofree char *why = NULL;
	int r;

	if (l->state != (pause ? LOCAL_RUNNING : LOCAL_PAUSED)) {
		refuse(l, what, pause ? "only a running domain can be paused" : "it is not paused");
		return;
	}
	r = cgroup_freeze(&l->cgroup, pause);
	if (r) {
		why = r == -ENOTSUP
			      ? g_strdup_printf("this domain has no cgroup: %s", l->cgroup.why)
			      : g_strdup(g_strerror(-r));
		refuse(l, what, why);
		return;
	}
	local_set_state(l, pause ? LOCAL_PAUSED : LOCAL_RUNNING, "");
}

/* While the person works in it, it comes before the others where processors are short. */
void local_sandbox_focus(struct local *l, bool focused) {
	cgroup_weigh(&l->cgroup, (unsigned)l->o.cpu_weight * (focused ? BACKEND_FOCUS_FACTOR : 1));
}
