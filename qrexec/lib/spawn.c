/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting programs; see spawn.h. */
#include "qrexec/lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* Ends of the streams: [0] ours, [1] the program's. */
struct ends {
	int in[2], out[2], err[2];
};

static void close_pair(int fd[2]) {
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static void ends_free(struct ends *e) {
	close_pair(e->in);
	close_pair(e->out);
	close_pair(e->err);
}

static int ends_open(const struct spawn_plan *p, struct ends *e) {
	const int kind = SOCK_STREAM | SOCK_CLOEXEC;

	if (p->no_streams) {
		e->in[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
		return e->in[1] < 0 ? -errno : 0;
	}
	if (p->one_socket < 0) {
		if (socketpair(AF_UNIX, kind, 0, e->in) || socketpair(AF_UNIX, kind, 0, e->out))
			return -errno;
		/* Each carries one direction; the other is shut so that an end is seen as one. */
		shutdown(e->in[0], SHUT_RD);
		shutdown(e->out[0], SHUT_WR);
	}
	if (p->keep_stderr)
		return 0;
	/* A pipe, so that a program can open /dev/stderr; our end is a description of its own. */
	if (pipe2(e->err, O_CLOEXEC))
		return -errno;
	return fcntl(e->err[0], F_SETFL, O_NONBLOCK) ? -errno : 0;
}

static void child_fds(const struct spawn_plan *p, const struct ends *e, int fds[3]) {
	fds[0] = p->one_socket >= 0 ? p->one_socket : e->in[1];
	fds[1] = p->one_socket >= 0 ? p->one_socket : p->no_streams ? e->in[1] : e->out[1];
	fds[2] = p->no_streams ? e->in[1] : p->keep_stderr ? STDERR_FILENO : e->err[1];
}

static int start_here(const struct spawn_plan *p, const int fds[3], pid_t *ret) {
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int r;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	/* Never by way of a number that a later step still needs. */
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&fa, fds[i], i);
	if (!p->keep_fds)
		posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	if (p->dir)
		posix_spawn_file_actions_addchdir_np(&fa, p->dir);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						(p->keep_session ? 0 : POSIX_SPAWN_SETSID)));
	r = posix_spawn(ret, p->path, &fa, &attr, p->argv, p->envp);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return -r;
}

static void become_and_exec(const struct spawn_plan *p, const struct passwd *pw, const int fds[3]) {
	sigset_t none;

	sigemptyset(&none);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (dup2(fds[0], 0) < 0 || dup2(fds[1], 1) < 0 || dup2(fds[2], 2) < 0)
		_exit(125);
	closefrom(3);
	if (initgroups(pw->pw_name, pw->pw_gid) || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
		_exit(125);
	if (chdir(pw->pw_dir) && chdir("/"))
		_exit(125);
	setenv("HOME", pw->pw_dir, 1);
	setenv("USER", pw->pw_name, 1);
	setenv("LOGNAME", pw->pw_name, 1);
	execve(p->path, p->argv, environ);
	_exit(errno == ENOENT ? 127 : 125);
}

/* Only an agent that runs as root in a machine of its own comes here. */
static int start_as(const struct spawn_plan *p, const int fds[3], pid_t *ret) {
	struct passwd *pw = getpwnam(p->user);
	pid_t pid;

	if (!pw)
		return -ENOENT;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		environ = (char **)p->envp;
		become_and_exec(p, pw, fds);
	}
	*ret = pid;
	return 0;
}

int spawn(const struct spawn_plan *plan, struct spawned *ret) {
	AUTO(ends_free) struct ends e = {{-1, -1}, {-1, -1}, {-1, -1}};
	struct spawned s = {.pidfd = -1};
	int fds[3];
	int r = ends_open(plan, &e);

	if (r)
		return r;
	child_fds(plan, &e, fds);
	r = plan->user ? start_as(plan, fds, &s.pid) : start_here(plan, fds, &s.pid);
	if (r)
		return r;
	s.pidfd = pidfd_open(s.pid, 0);
	if (s.pidfd < 0) {
		r = -errno;
		kill(s.pid, SIGKILL);
		waitpid(s.pid, NULL, 0);
		return r;
	}
	s.in = TAKE_FD(e.in[0]);
	s.out = TAKE_FD(e.out[0]);
	s.err = TAKE_FD(e.err[0]);
	*ret = s;
	return 0;
}

static bool is_ours(const char *variable) {
	return g_str_has_prefix(variable, "QREXEC") &&
	       !g_str_has_prefix(variable, "QREXEC_SERVICE_PATH=") &&
	       !g_str_has_prefix(variable, "QREXEC_AGENT_PID=");
}

static void add(GPtrArray *env, const char *name, const struct qrexec_piece *p) {
	g_ptr_array_add(env, g_strdup_printf("%s=%.*s", name, (int)p->len, p->at));
}

char **spawn_environment(const struct qrexec_command *c) {
	GPtrArray *env = g_ptr_array_new();
	static const struct qrexec_piece empty = {"", 0}, name = {"name", 4},
					 keyword = {"keyword", 7};

	for (char **e = environ; *e; e++)
		if (!is_ours(*e))
			g_ptr_array_add(env, g_strdup(*e));
	if (c->service) {
		add(env, "QREXEC_REMOTE_DOMAIN", &c->source);
		add(env, "QREXEC_SERVICE_FULL_NAME", &c->key);
		if (c->has_argument)
			add(env, "QREXEC_SERVICE_ARGUMENT", &c->argument);
		add(env, "QREXEC_REQUESTED_TARGET_TYPE",
			!c->has_target         ? &empty
			: c->target_is_keyword ? &keyword
					       : &name);
		if (c->has_target)
			add(env,
				c->target_is_keyword ? "QREXEC_REQUESTED_TARGET_KEYWORD"
						     : "QREXEC_REQUESTED_TARGET",
				&c->target);
	}
	g_ptr_array_add(env, NULL);
	return (char **)g_ptr_array_free(env, FALSE);
}

int spawn_reap(int pidfd) {
	siginfo_t info = {0};

	if (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | WNOHANG) || info.si_pid == 0)
		return -1;
	return info.si_code == CLD_EXITED ? info.si_status & 0xff : 128 + info.si_status;
}

static gboolean on_orphan(gint pidfd, GIOCondition condition, gpointer data) {
	(void)condition;
	(void)data;
	if (spawn_reap(pidfd) < 0)
		return G_SOURCE_CONTINUE;
	close(pidfd);
	return G_SOURCE_REMOVE;
}

void spawn_adopt(int pidfd) {
	g_unix_fd_add(pidfd, G_IO_IN, on_orphan, NULL);
}
