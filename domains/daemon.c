/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/daemon.h"

#include "domains/backoff.h"
#include "domains/channel.h"
#include "domains/paths.h"
#include "domains/program.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>

struct daemon {
	char *program;
	bool display;
	const struct daemon_handler *handler;
	void *user;
	struct channel *ctl;
	pid_t pid; /* 0: none, or adopted */
	unsigned watch;
	guint timer;
	struct backoff backoff;
};

static gboolean on_timer(gpointer user) {
	struct daemon *d = user;

	d->timer = 0;
	daemon_start(d);
	return G_SOURCE_REMOVE;
}

static void again(struct daemon *d, const char *why) {
	unsigned wait = backoff_ended(&d->backoff, g_get_monotonic_time() / 1000);

	d->ctl = channel_free(d->ctl);
	if (!d->timer)
		d->timer = g_timeout_add(wait, on_timer, d);
	d->handler->ended(d->user, why);
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	struct daemon *d = user;
	struct ctl_msg m;

	if (!ctl_decode(span_over(data, size), &m))
		d->handler->message(d->user, &m, n_fds > 0 ? fds[0] : -1);
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
}

static void on_closed(void *user) {
	struct daemon *d = user;

	d->ctl = channel_free(d->ctl);
	/* Ours is about to end, and on_ended comes; an adopted one has ended. */
	if (d->pid)
		kill(d->pid, SIGTERM);
	else
		again(d, NULL);
}

static void on_ended(void *user, pid_t pid, int status) {
	struct daemon *d = user;

	d->watch = 0;
	d->pid = 0;
	again(d, NULL);
}

static void attach(struct daemon *d, int fd) {
	static const struct channel_handler handler = {on_packet, on_closed};

	d->ctl = channel_free(d->ctl);
	d->ctl = channel_new(fd, CTL_SIZE, true, &handler, d);
}

static int spawn(struct daemon *d, GPtrArray *argv, int fd, int ctl) {
	int fds[] = {fd, ctl, -1};
	struct program s = {.fds = fd >= 0 ? fds : fds + 1,
		.detach = true,
		.display = d->display,
		.ended = on_ended,
		.user = d,
		.watch = &d->watch};

	g_ptr_array_add(argv, NULL);
	s.argv = (const char *const *)argv->pdata;
	return program_start(&s, &d->pid);
}

void daemon_start(struct daemon *d) {
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	AUTO(auto_close) int fd = -1;
	char *program;
	const char *why;
	int pair[2], r;

	if (d->pid || d->ctl)
		return;
	g_clear_handle_id(&d->timer, g_source_remove);
	program = paths_find(d->program);
	if (!program) {
		d->handler->ended(d->user, "it is not installed (nor in BULKHEAD_LIBEXEC)");
		return;
	}
	g_ptr_array_add(argv, program);
	backoff_started(&d->backoff, g_get_monotonic_time() / 1000);
	why = d->handler->prepare(d->user, argv, &fd);
	if (why) {
		d->handler->ended(d->user, why);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		again(d, "no descriptors are left");
		return;
	}
	g_ptr_array_add(argv, g_strdup_printf("--ctl-fd=%d", fd >= 0 ? 4 : 3));
	r = spawn(d, argv, fd, pair[1]);
	close(pair[1]);
	if (r) {
		close(pair[0]);
		d->pid = 0;
		again(d, g_strerror(-r));
		return;
	}
	attach(d, pair[0]);
	d->handler->started(d->user, pair[0]);
}

void daemon_adopt(struct daemon *d, int ctl) {
	backoff_started(&d->backoff, g_get_monotonic_time() / 1000);
	attach(d, ctl);
}

void daemon_restart(struct daemon *d) {
	if (d->pid) {
		kill(d->pid, SIGTERM); /* on_ended starts the next */
		return;
	}
	d->ctl = channel_free(d->ctl);
	daemon_start(d);
}

bool daemon_running(const struct daemon *d) {
	return d && d->ctl;
}

void daemon_tell(struct daemon *d, enum ctl_type type, uint32_t value, const char *text) {
	(void)!daemon_tell_fd(d, type, value, text, -1);
}

bool daemon_tell_fd(
	struct daemon *d, enum ctl_type type, uint32_t value, const char *text, int fd) {
	struct ctl_msg m = {.type = type, .value = value};
	uint8_t packet[CTL_SIZE];

	if (!d || !d->ctl)
		return false;
	g_strlcpy(m.text, text ? text : "", sizeof(m.text));
	ctl_encode(&m, packet);
	/* One that does not read is closed, and on_closed ends it. */
	return !channel_send(d->ctl, packet, sizeof(packet), fd);
}

/* Reaps a daemon that nobody waits for any more. */
static void on_reaped(GPid pid, gint status, gpointer user) {
}

struct daemon *daemon_new(
	const char *program, bool display, const struct daemon_handler *handler, void *user) {
	struct daemon *d = g_new0(struct daemon, 1);

	d->program = g_strdup(program);
	d->display = display;
	d->handler = handler;
	d->user = user;
	return d;
}

struct daemon *daemon_leave(struct daemon *d) {
	if (!d)
		return NULL;
	g_clear_handle_id(&d->timer, g_source_remove);
	g_clear_handle_id(&d->watch, g_source_remove);
	d->ctl = channel_free(d->ctl);
	if (d->pid)
		g_child_watch_add(d->pid, on_reaped, NULL);
	g_free(d->program);
	g_free(d);
	return NULL;
}

struct daemon *daemon_free(struct daemon *d) {
	if (d && d->pid)
		kill(d->pid, SIGTERM);
	return daemon_leave(d);
}
