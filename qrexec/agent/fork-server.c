/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-qrexec-fork-server: started in a user's session, it runs the calls for that user that
 * the domain's agent (root) hands to it, with the session's display and bus.
 */
#include "qrexec/agent/agent.h"
#include "qrexec/agent/fork-job.h"
#include "qrexec/lib/config.h"
#include "qrexec/lib/defaults.h"
#include "qrexec/lib/log.h"
#include "qrexec/lib/service.h"
#include "vchan/backend.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define OURSELVES "."
#define JOB_MAX   (QREXEC_JOB_HEADER + QREXEC_COMMAND_MAX)

struct server {
	struct agent agent; /* calls.c serves it; it has no daemon of its own */
	GHashTable *jobs;   /* struct job -> itself */
};

struct job {
	struct server *in;
	int fd;
	guint source;
	bool running;
	struct qrexec_peer peer;
	size_t have;
	uint8_t buf[JOB_MAX];
};

static void job_free(void *data) {
	struct job *j = data;

	if (j->source)
		g_source_remove(j->source);
	close(j->fd);
	g_free(j);
}

static void start_job(struct job *j, struct qrexec_msg *m) {
	g_autofree char *text = g_strconcat(OURSELVES ":", m->command.text, NULL);

	j->running = true;
	j->peer = m->peer;
	m->command.text = text;
	m->command.len = strlen(text);
	calls_run(j->in->agent.calls, m);
}

/* True: more is to come. */
static bool read_job(struct job *j) {
	struct qrexec_msg m;
	size_t want = QREXEC_JOB_HEADER;
	int r = qrexec_job_decode(span_over(j->buf, j->have), &m, &want);

	while (r == QREXEC_E_LENGTH) {
		ssize_t n = recv(j->fd, j->buf + j->have, want - j->have, MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)
			return false;
		j->have += (size_t)n;
		r = qrexec_job_decode(span_over(j->buf, j->have), &m, &want);
	}
	if (r)
		return false;
	j->source = 0; /* the source ends with this answer */
	start_job(j, &m);
	return false;
}

static gboolean on_job(gint fd, GIOCondition condition, gpointer data) {
	struct job *j = data;

	(void)fd;
	(void)condition;
	if (read_job(j))
		return G_SOURCE_CONTINUE;
	if (!j->source) /* it runs, or is over already */
		return G_SOURCE_REMOVE;
	j->source = 0;
	g_hash_table_remove(j->in->jobs, j);
	return G_SOURCE_REMOVE;
}

static gboolean is_of(gpointer key, gpointer value, gpointer data) {
	const struct job *j = value;
	const struct qrexec_peer *peer = data;

	(void)key;
	return j->running && j->peer.domain == peer->domain && j->peer.port == peer->port;
}

static gboolean drop_idle(gpointer data) {
	job_free(data);
	return G_SOURCE_REMOVE;
}

/* Closing the connection says that the job is done. */
static void on_over(void *data, const struct qrexec_peer *peer) {
	struct server *s = data;
	struct job *j = g_hash_table_find(s->jobs, is_of, (gpointer)peer);

	if (!j)
		return;
	/* Perhaps from inside start_job. */
	g_hash_table_steal(s->jobs, j);
	g_idle_add(drop_idle, j);
}

/* Only root (the agent) and the user may hand us jobs. */
static bool may_ask(int fd) {
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

static gboolean on_connect(gint fd, GIOCondition condition, gpointer data) {
	struct server *s = data;
	int c = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct job *j;

	(void)condition;
	if (c < 0)
		return G_SOURCE_CONTINUE;
	if (!may_ask(c) || g_hash_table_size(s->jobs) >= 512) {
		close(c);
		return G_SOURCE_CONTINUE;
	}
	j = g_new0(struct job, 1);
	j->in = s;
	j->fd = c;
	g_hash_table_add(s->jobs, j);
	j->source = g_unix_fd_add(c, G_IO_IN, on_job, j);
	return G_SOURCE_CONTINUE;
}

static int listen_at(const char *path) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || chmod(path, 0600) ||
		listen(fd, SOMAXCONN))
		return -errno;
	return TAKE_FD(fd);
}

static gboolean on_signal(gpointer data) {
	struct server *s = data;

	g_main_loop_quit(s->agent.loop);
	return G_SOURCE_CONTINUE;
}

/* What calls.c asks of an agent, and a fork server has not. */
void agent_tell_terminated(struct agent *a, const struct qrexec_peer *peer) {
	(void)a;
	(void)peer;
}

void agent_call_over(struct agent *a) {
	(void)a;
}

static const char *from_env(const char *name, const char *otherwise) {
	const char *v = g_getenv(name);

	return v ? v : otherwise;
}

int main(int argc, char **argv) {
	static struct server s;
	g_autofree char *path = argc == 2 ? g_strdup(argv[1])
					  : fork_job_path(FORK_SERVER_SOCKET, g_get_user_name());
	int fd, r;

	if (argc > 2 || !path) {
		fprintf(stderr, "usage: bulkhead-qrexec-fork-server [SOCKET]\n");
		return 2;
	}
	log_use("bulkhead-qrexec-fork-server", NULL);
	signal(SIGPIPE, SIG_IGN);
	r = vchan_use(default_vchan());
	fd = r ? r : listen_at(path);
	if (fd < 0) {
		g_warning("%s: %s", r ? default_vchan() : path, g_strerror(-fd));
		return 1;
	}
	s.agent.options.user = OURSELVES;
	s.agent.options.no_session_wait = true;
	s.agent.options.service_paths = from_env("QREXEC_SERVICE_PATH", SERVICE_PATHS);
	s.agent.options.config_paths = from_env("QUBES_RPC_CONFIG_PATH", CONFIG_PATHS);
	s.agent.over = on_over;
	s.agent.over_data = &s;
	s.agent.loop = g_main_loop_new(NULL, FALSE);
	s.jobs = g_hash_table_new_full(NULL, NULL, job_free, NULL);
	s.agent.calls = calls_new(&s.agent);
	g_unix_fd_add(fd, G_IO_IN, on_connect, &s);
	g_unix_signal_add(SIGTERM, on_signal, &s);
	g_main_loop_run(s.agent.loop);
	s.agent.calls = calls_free(s.agent.calls);
	g_hash_table_destroy(s.jobs);
	g_main_loop_unref(s.agent.loop);
	close(fd);
	unlink(path);
	return 0;
}
