/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/half.h"

#include "common/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM     "bulkhead-gui-decoder"
#define FIRST_OTHER 3 /* behind the standard descriptors */

/* What a sanitizer and the transport of tests are told. No DISPLAY, no bus, no home. */
static const char *const kept[] = {
	"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "VCHAN_DOMAIN", "VCHAN_SOCKET_DIR"};

static char **own_environment(void) {
	GPtrArray *env = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(kept); i++) {
		const char *value = g_getenv(kept[i]);

		if (value)
			g_ptr_array_add(env, g_strconcat(kept[i], "=", value, NULL));
	}
	g_ptr_array_add(env, NULL);
	return (char **)g_ptr_array_free(env, FALSE);
}

static char **own_arguments(char **argv, int socket) {
	GPtrArray *args = g_ptr_array_new();

	g_ptr_array_add(args, g_strdup(PROGRAM));
	for (char **a = argv + 1; *a; a++)
		g_ptr_array_add(args, g_strdup(*a));
	g_ptr_array_add(args, g_strdup_printf("--view-fd=%d", socket));
	g_ptr_array_add(args, NULL);
	return (char **)g_ptr_array_free(args, FALSE);
}

/* Beside this program, wherever that was started from. */
static char *program_path(void) {
	g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *folder = own ? g_path_get_dirname(own) : NULL;

	return folder ? g_build_filename(folder, PROGRAM, NULL) : NULL;
}

static bool keep(int fd) {
	return fd < 0 || fcntl(fd, F_SETFD, 0) == 0;
}

/* In the child; returns only if the program cannot run. */
static void become(const char *path, char **argv, char **env, int socket, int vchan_fd) {
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		close_range(FIRST_OTHER, ~0u, CLOSE_RANGE_CLOEXEC) < 0 || !keep(socket) ||
		!keep(vchan_fd))
		return;
	execve(path, argv, env);
}

int half_start(char **argv, int vchan_fd, int *ret_socket, pid_t *ret_pid) {
	g_autofree char *path = program_path();
	g_auto(GStrv) env = own_environment(), args = NULL;
	AUTO(auto_close) int ours = -1, theirs = -1;
	AUTO(auto_close) int vchan = vchan_fd;
	int pair[2];
	pid_t pid;

	if (!path)
		return -ENOENT;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	args = own_arguments(argv, theirs);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		become(path, args, env, theirs, vchan);
		fprintf(stderr, "bulkhead-gui-daemon: cannot run %s: %s\n", path,
			g_strerror(errno));
		_exit(127);
	}
	*ret_socket = TAKE_FD(ours);
	*ret_pid = pid;
	return 0;
}

void half_end(pid_t pid) {
	if (pid <= 0)
		return;
	/* A sanitizer has something to say at the end of an honest one. */
	if (!SANITIZED)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}
