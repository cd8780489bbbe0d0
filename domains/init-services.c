/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/init-services.h"

#include "domains/backoff.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>

#define BIN "/run/bulkhead/bin/"

/* READY_DISPLAY: tells on descriptor 3 when clients can connect. NEEDS_DISPLAY: starts after it, so
 * that the X server, for which all wait, has the processors to itself. */
enum { READY_DISPLAY = 1, NEEDS_DISPLAY = 2 };

/* The first row of a service whose files exist is taken. */
static const struct row {
	enum init_service service;
	unsigned flags;
	const char *files[3];
	const char *argv[20];
} table[] = {
	{INIT_X_SERVER, READY_DISPLAY,
		{"/usr/lib/xorg/Xorg", "/usr/lib/xorg/modules/drivers/dummy_drv.so",
			"/run/bulkhead/xorg-dummy.conf"},
		{"/usr/lib/xorg/Xorg", ":0", "-config", "/run/bulkhead/xorg-dummy.conf",
			"-configdir", "/nonexistent", "-displayfd", "3", "-noreset", "-nolisten",
			"tcp", "-novtswitch", "-sharevts", "-logfile", "/dev/null"}},
	{INIT_X_SERVER, READY_DISPLAY, {"/usr/bin/Xvfb"},
		{"/usr/bin/Xvfb", ":0", "-screen", "0", "1920x1200x24", "-displayfd", "3",
			"-noreset", "-nolisten", "tcp"}},
	{INIT_SESSION_BUS, 0, {"/usr/bin/dbus-daemon", "/usr/share/dbus-1/session.conf"},
		{"/usr/bin/dbus-daemon", "--session", "--nofork", "--nopidfile", "--nosyslog",
			"--address=unix:path=/run/user/1000/bus"}},
	{INIT_GUI_AGENT, NEEDS_DISPLAY, {BIN "bulkhead-gui-agent", "/run/bulkhead/hv.sock"},
		{BIN "bulkhead-gui-agent", "--vchan=local:/run/bulkhead/hv.sock"}},
	{INIT_QREXEC_AGENT, NEEDS_DISPLAY, {BIN "bulkhead-qrexec-agent", "/run/bulkhead/hv.sock"},
		{BIN "bulkhead-qrexec-agent", "--vchan=local:/run/bulkhead/hv.sock"}},
	{INIT_NOTIFY_AGENT, NEEDS_DISPLAY, {BIN "bulkhead-notify-agent", "/usr/bin/dbus-daemon"},
		{BIN "bulkhead-notify-agent"}},
};

struct service {
	struct services *in;
	const struct row *row; /* NULL: not in this sandbox */
	pid_t pid;             /* 0: not running */
	struct backoff backoff;
	guint timer;
};

struct services {
	const struct services_handler *handler;
	void *user;
	struct service service[INIT_SERVICE_MAX + 1];
	bool display, no_restart;
	guint ready_source;
	int ready_fd;
};

int services_spawn(char *const *argv, int ready_fd, pid_t *ret) {
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	if (ready_fd >= 0)
		posix_spawn_file_actions_adddup2(&actions, ready_fd, 3);
	err = posix_spawnp(ret, argv[0], &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return err;
}

static void start(struct service *v);

static void set_display(struct services *s, bool up) {
	s->display = up;
	for (unsigned i = 1; up && i <= INIT_SERVICE_MAX; i++)
		if (s->service[i].row && s->service[i].row->flags & NEEDS_DISPLAY)
			start(&s->service[i]);
}

static gboolean on_ready(gint fd, GIOCondition cond, gpointer user) {
	struct services *s = user;
	char text[16];
	ssize_t n = read(fd, text, sizeof(text));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	/* The number and the newline may come in two writes. */
	if (n > 0 && !memchr(text, '\n', (size_t)n))
		return G_SOURCE_CONTINUE;
	close(s->ready_fd);
	s->ready_fd = -1;
	s->ready_source = 0;
	if (n > 0) {
		s->handler->display(s->user);
		set_display(s, true);
	}
	return G_SOURCE_REMOVE;
}

static int make_ready_pipe(struct services *s) {
	int p[2];

	if (pipe2(p, O_CLOEXEC))
		return -1;
	g_clear_handle_id(&s->ready_source, g_source_remove);
	auto_close(&s->ready_fd);
	s->ready_fd = p[0];
	g_unix_set_fd_nonblocking(p[0], TRUE, NULL);
	s->ready_source = g_unix_fd_add(p[0], G_IO_IN | G_IO_HUP, on_ready, s);
	return p[1];
}

static gboolean on_timer(gpointer user) {
	struct service *v = user;

	v->timer = 0;
	start(v);
	return G_SOURCE_REMOVE;
}

static void again(struct service *v) {
	unsigned wait = backoff_ended(&v->backoff, g_get_monotonic_time() / 1000);

	if (!v->in->no_restart && !v->timer)
		v->timer = g_timeout_add(wait, on_timer, v);
}

static void start(struct service *v) {
	struct services *s = v->in;
	AUTO(auto_close) int ready = -1;

	if (v->pid || v->timer || s->no_restart || (v->row->flags & NEEDS_DISPLAY && !s->display))
		return;
	if (v->row->flags & READY_DISPLAY)
		ready = make_ready_pipe(s);
	backoff_started(&v->backoff, g_get_monotonic_time() / 1000);
	if (services_spawn((char *const *)(uintptr_t)v->row->argv, ready, &v->pid)) {
		v->pid = 0;
		s->handler->changed(s->user, v->row->service, false, 127 << 8);
		again(v);
		return;
	}
	s->handler->changed(s->user, v->row->service, true, 0);
}

bool services_ended(struct services *s, pid_t pid, int status) {
	for (unsigned i = 1; i <= INIT_SERVICE_MAX; i++) {
		struct service *v = &s->service[i];

		if (v->pid != pid)
			continue;
		v->pid = 0;
		s->handler->changed(s->user, v->row->service, false, status & 0xffff);
		if (v->row->flags & READY_DISPLAY)
			set_display(s, false);
		again(v);
		return true;
	}
	return false;
}

bool services_is(const struct services *s, pid_t pid) {
	for (unsigned i = 1; i <= INIT_SERVICE_MAX; i++)
		if (s->service[i].pid == pid)
			return true;
	return false;
}

void services_stop_restarting(struct services *s) {
	s->no_restart = true;
}

static bool row_usable(const struct row *r) {
	for (size_t i = 0; i < G_N_ELEMENTS(r->files) && r->files[i]; i++)
		if (access(r->files[i], F_OK))
			return false;
	return true;
}

struct services *services_new(const struct services_handler *handler, void *user) {
	struct services *s = g_new0(struct services, 1);

	s->handler = handler;
	s->user = user;
	s->ready_fd = -1;
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		struct service *v = &s->service[table[i].service];

		v->in = s;
		if (!v->row && row_usable(&table[i]))
			v->row = &table[i];
	}
	for (unsigned i = 1; i <= INIT_SERVICE_MAX; i++)
		if (s->service[i].row)
			start(&s->service[i]);
	return s;
}
