/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-domain-init: process 1 of a sandbox. Starts the X server, the session bus and our
 * agents, starts them again with back-off when they end, reaps, and runs commands (argv, never a
 * shell) for bulkhead-local-domain outside, with which it speaks proto/init.h on descriptor 3. When
 * that closes, it ends and the sandbox with it.
 */
#include "domains/backoff.h"
#include "domains/channel.h"
#include "domains/init-services.h"
#include "domains/sandbox.h"
#include "proto/init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define COMMANDS_MAX 1024

struct init {
	GMainLoop *loop;
	struct channel *host;
	struct services *services;
	GHashTable *commands; /* pid -> the request's id */
	bool stopping;
	GArray *ends, *end_sources; /* while stopping: pidfds of those that are left */
};

static void tell(struct init *in, enum init_event_type type, uint32_t id, uint32_t value) {
	struct init_event e = {type, id, value};
	uint8_t packet[INIT_EVENT_SIZE];

	init_encode_event(&e, packet);
	/* If the host is gone, on_host_closed ends everything. */
	if (channel_send(in->host, packet, sizeof(packet), -1))
		g_main_loop_quit(in->loop);
}

static void on_service(void *user, enum init_service s, bool started, int status) {
	struct init *in = user;

	tell(in, started ? INIT_SERVICE_STARTED : INIT_SERVICE_ENDED, s,
		started ? 0 : (uint32_t)status);
}

static void on_display(void *user) {
	tell(user, INIT_READY, 0, 0);
}

static void run(struct init *in, const struct init_request *r) {
	g_autofree char **argv = g_new0(char *, r->n_args + 1);
	const char *at = r->args;
	pid_t pid;
	int err;

	for (uint32_t i = 0; i < r->n_args; i++, at += strlen(at) + 1)
		argv[i] = (char *)(uintptr_t)at;
	err = in->stopping                                      ? ESHUTDOWN
	      : g_hash_table_size(in->commands) >= COMMANDS_MAX ? EAGAIN
								: services_spawn(argv, -1, &pid);
	if (err) {
		tell(in, INIT_COMMAND_FAILED, r->id, (uint32_t)err);
		return;
	}
	g_hash_table_insert(in->commands, GINT_TO_POINTER(pid), GUINT_TO_POINTER(r->id));
	tell(in, INIT_COMMAND_STARTED, r->id, 0);
}

static gboolean on_one_ended(gint fd, GIOCondition cond, gpointer user);

/* Its end is seen whoever reaps it: the X server has children of its own. false: it has ended. */
static bool watch_end(struct init *in, pid_t pid) {
	AUTO(auto_close) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd ended = {.fd = fd, .events = POLLIN};
	guint id;

	if (fd < 0 || poll(&ended, 1, 0) != 0)
		return false;
	id = g_unix_fd_add(fd, G_IO_IN, on_one_ended, in);
	g_array_append_val(in->ends, fd);
	g_array_append_val(in->end_sources, id);
	fd = -1;
	return true;
}

static void unwatch_all(struct init *in) {
	for (guint i = 0; i < in->ends->len; i++) {
		g_source_remove(g_array_index(in->end_sources, guint, i));
		close(g_array_index(in->ends, int, i));
	}
	g_array_set_size(in->ends, 0);
	g_array_set_size(in->end_sources, 0);
}

/* Watches every process that is neither this one nor a service; ends when there is none. signal:
 * sent to each of them. */
static void end_when_alone(struct init *in, int signal) {
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool alone = true;

	unwatch_all(in);
	while (proc && (e = readdir(proc))) {
		guint64 pid;

		if (!g_ascii_string_to_unsigned(e->d_name, 10, 2, INT_MAX, &pid, NULL) ||
			services_is(in->services, (pid_t)pid) || !watch_end(in, (pid_t)pid))
			continue;
		alone = false;
		if (signal) {
			kill((pid_t)pid, signal);
			/* A stopped process could not act on it. */
			kill((pid_t)pid, SIGCONT);
		}
	}
	if (proc)
		closedir(proc);
	if (alone)
		g_main_loop_quit(in->loop);
}

static gboolean on_one_ended(gint fd, GIOCondition cond, gpointer user) {
	/* Removes this source too. */
	end_when_alone(user, 0);
	return G_SOURCE_CONTINUE;
}

static void stop(struct init *in) {
	in->stopping = true;
	services_stop_restarting(in->services);
	end_when_alone(in, SIGTERM);
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	struct init *in = user;
	struct init_request r;

	if (init_decode_request(span_over(data, size), &r))
		return;
	if (r.type == INIT_RUN)
		run(in, &r);
	else
		stop(in);
}

static void on_host_closed(void *user) {
	struct init *in = user;

	g_main_loop_quit(in->loop);
}

static gboolean on_child(gint fd, GIOCondition cond, gpointer user) {
	struct init *in = user;
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		continue;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		gpointer id;

		if (services_ended(in->services, pid, status))
			continue;
		id = g_hash_table_lookup(in->commands, GINT_TO_POINTER(pid));
		if (id) {
			g_hash_table_remove(in->commands, GINT_TO_POINTER(pid));
			tell(in, INIT_COMMAND_ENDED, GPOINTER_TO_UINT(id),
				(uint32_t)status & 0xffff);
		}
	}
	if (in->stopping)
		end_when_alone(in, 0);
	return G_SOURCE_CONTINUE;
}

static int watch_children(struct init *in) {
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -1;
	g_unix_fd_add(fd, G_IO_IN, on_child, in);
	return 0;
}

int main(int argc, char **argv) {
	static const struct channel_handler host = {on_packet, on_host_closed};
	static const struct services_handler handler = {on_service, on_display};
	struct init in = {0};

	if (getpid() != 1 || fcntl(SANDBOX_INIT_FD, F_SETFD, FD_CLOEXEC)) {
		fprintf(stderr, "bulkhead-domain-init is started by bulkhead-local-domain only\n");
		return 2;
	}
	/* Descriptors of the host's folders, from which the sandbox was made, must end here. */
	if (syscall(SYS_close_range, SANDBOX_INIT_FD + 1, ~0U, 0)) {
		perror("bulkhead-domain-init: close_range");
		return 1;
	}
	in.loop = g_main_loop_new(NULL, FALSE);
	in.ends = g_array_new(FALSE, FALSE, sizeof(int));
	in.end_sources = g_array_new(FALSE, FALSE, sizeof(guint));
	in.commands = g_hash_table_new(NULL, NULL);
	in.host = channel_new(SANDBOX_INIT_FD, INIT_REQUEST_MAX, false, &host, &in);
	if (watch_children(&in)) {
		perror("bulkhead-domain-init: signalfd");
		return 1;
	}
	tell(&in, INIT_HELLO, 0, INIT_VERSION);
	in.services = services_new(&handler, &in);
	g_main_loop_run(in.loop);
	return 0;
}
