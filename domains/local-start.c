/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/local-start.h"

#include "domains/local-stage.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sched.h>
#include <stdint.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define BWRAP   "/usr/bin/bwrap"
#define ARGS_AT 9 /* below the descriptors that the command names, which begin at 10 */

/* The child says here why it could not become bwrap. */
struct failure {
	int err;
	char what[60];
};

static void give_up(int report, const char *what, int err) {
	struct failure f = {err, ""};

	strncpy(f.what, what, sizeof(f.what) - 1);
	(void)!write(report, &f, sizeof(f));
	_exit(127);
}

static int put_in_place(const struct local_start *s) {
	int null = open("/dev/null", O_RDONLY);

	if (null < 0 || dup2(null, 0) < 0 || dup2(s->output, 1) < 0 || dup2(s->output, 2) < 0)
		return -1;
	if (dup2(s->init, SANDBOX_INIT_FD) < 0 || fcntl(s->info, F_SETFD, 0))
		return -1;
	for (guint i = 0; i < s->command->fds->len; i++)
		if (fcntl(g_array_index(s->command->fds, int, i), F_SETFD, 0))
			return -1;
	return 0;
}

static int args_file(const struct sandbox_command *c) {
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < c->args->len; i++) {
		const char *a = g_ptr_array_index(c->args, i);

		/* The program's name and what follows cannot stand in the file. */
		if (!strcmp(a, "--"))
			break;
		g_string_append_len(text, a, (gssize)strlen(a) + 1);
	}
	return sandbox_memfd("bulkhead-args", text->str, text->len);
}

/* sync: a socket; a byte to the parent, one back when the user namespace is mapped. */
static void enter_user(const struct local_start *s, int sync, int report) {
	char c = 0;
	int r;

	if (!s->map->own)
		return;
	if (unshare(CLONE_NEWUSER))
		give_up(report, "a user namespace was refused", errno);
	if (write(sync, &c, 1) != 1 || read(sync, &c, 1) != 1)
		_exit(127);
	r = local_stage((const int *)(void *)s->command->binds->data, s->command->binds->len);
	if (r)
		give_up(report, "the domain's files could not be mounted", -r);
	r = uid_map_enter(s->home);
	if (r)
		give_up(report, "the domain's own host user could not be taken on", -r);
}

static void child(const struct local_start *s, int args, int sync, int report) {
	static char *const env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};
	char *argv[] = {(char *)(uintptr_t) "bwrap", (char *)(uintptr_t) "--args",
		(char *)(uintptr_t)G_STRINGIFY(ARGS_AT), (char *)(uintptr_t) "--", NULL, NULL};
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (s->cgroup >= 0 && write(s->cgroup, "0", 1) != 1)
		give_up(report, "the cgroup could not be entered", errno);
	enter_user(s, sync, report);
	if (dup2(args, ARGS_AT) < 0 || put_in_place(s))
		give_up(report, "descriptors", errno);
	argv[4] = g_ptr_array_index(s->command->args, s->command->args->len - 1);
	/* After the change of user, which clears it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execve(BWRAP, argv, env);
	give_up(report, BWRAP, errno);
}

static int settle(const struct local_start *s, pid_t pid, int sync, int report, GError **error) {
	struct failure f = {0};
	char c = 0;
	int r = 0;

	if (s->map->own && read(sync, &c, 1) == 1) {
		r = uid_map_write(s->map, pid);
		if (r || write(sync, &c, 1) != 1) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
				"newuidmap or newgidmap refused host user %u for the domain",
				(unsigned)s->map->uid);
			return -EPERM;
		}
	}
	/* Closed by a successful exec. */
	if (read(report, &f, sizeof(f)) != sizeof(f))
		return 0;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s: %s", f.what, g_strerror(f.err));
	return -f.err;
}

pid_t local_start(const struct local_start *s, GError **error) {
	AUTO(auto_close) int args = args_file(s->command);
	int sync[2], report[2], r;
	pid_t pid;

	if (args < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync))
		return -errno;
	if (pipe2(report, O_CLOEXEC)) {
		close(sync[0]);
		close(sync[1]);
		return -errno;
	}
	pid = fork();
	if (pid == 0) {
		close(sync[0]);
		close(report[0]);
		child(s, args, sync[1], report[1]);
	}
	r = pid < 0 ? -errno : 0;
	close(sync[1]);
	close(report[1]);
	if (!r)
		r = settle(s, pid, sync[0], report[0], error);
	close(sync[0]);
	close(report[0]);
	if (r && pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return r ? r : pid;
}
