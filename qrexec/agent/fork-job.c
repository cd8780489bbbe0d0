/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/agent/fork-job.h"

#include <errno.h>
#include <glib-unix.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/un.h>

struct fork_job {
	int fd;
	guint source;
	void (*over)(void *data);
	void *data;
};

char *fork_job_path(const char *pattern, const char *user) {
	const char *at = strstr(pattern, "%s");

	if (!at)
		return g_strdup(pattern);
	if (!*user || strchr(user, '/') || user[0] == '.')
		return NULL;
	return g_strdup_printf("%.*s%s%s", (int)(at - pattern), pattern, user, at + 2);
}

/* Who listens there must be that user: another could read what the call carries. */
static bool is_theirs(int fd, const char *user) {
	struct ucred peer;
	socklen_t size = sizeof(peer);
	struct passwd *pw = getpwnam(user);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return false;
	return peer.uid == geteuid() || (pw && pw->pw_uid == peer.uid);
}

static int connect_to(const char *pattern, const char *user) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	g_autofree char *path = fork_job_path(pattern, user);
	AUTO(auto_close) int fd = -1;

	if (!path || strlen(path) >= sizeof(at.sun_path))
		return -1;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) || !is_theirs(fd, user))
		return -1;
	return TAKE_FD(fd);
}

static gboolean on_end(gint fd, GIOCondition condition, gpointer data) {
	struct fork_job *j = data;
	char byte;

	(void)condition;
	if (recv(fd, &byte, 1, MSG_DONTWAIT) != 0 && errno == EAGAIN)
		return G_SOURCE_CONTINUE;
	j->source = 0;
	j->over(j->data);
	return G_SOURCE_REMOVE;
}

struct fork_job *fork_job_new(const char *pattern, const char *user, const struct qrexec_msg *m,
	void (*over)(void *data), void *data) {
	static uint8_t buf[QREXEC_JOB_HEADER + QREXEC_COMMAND_MAX];
	size_t size = qrexec_job_encode(m, buf, sizeof(buf));
	AUTO(auto_close) int fd = size ? connect_to(pattern, user) : -1;
	struct fork_job *j;

	/* A fresh socket takes a whole job. */
	if (fd < 0 || send(fd, buf, size, MSG_NOSIGNAL) != (ssize_t)size)
		return NULL;
	j = g_new0(struct fork_job, 1);
	j->fd = TAKE_FD(fd);
	j->over = over;
	j->data = data;
	j->source = g_unix_fd_add(j->fd, G_IO_IN, on_end, j);
	return j;
}

struct fork_job *fork_job_free(struct fork_job *j) {
	if (!j)
		return NULL;
	if (j->source)
		g_source_remove(j->source);
	close(j->fd);
	g_free(j);
	return NULL;
}
