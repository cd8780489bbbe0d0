/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two processes can no longer do once they are confined; each in a child. */
#include "gui-daemon/confine.h"

#include "common/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

static int in_child(void (*confine)(void), void (*act)(void)) {
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		confine();
		act();
		_exit(0); /* what it asserts ends it with another status */
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	return status;
}

static void decoder(void) {
	g_assert_cmpint(confine_decoder(NULL), ==, 0);
}

static pid_t victim; /* whom the screen may end */

static void screen(void) {
	g_assert_cmpint(confine_screen(victim), ==, 0);
}

static void refused(long answer) {
	if (answer != -1 || errno != EPERM)
		abort();
}

static void play_refused(void) {
	refused(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
	refused(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
	refused(unlink("/tmp/no-such-file"));
	refused(kill(getppid(), 0));
	refused(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, NULL));
	refused(syscall(SYS_pidfd_open, getppid(), 0));
	refused(syscall(SYS_io_uring_setup, 1, NULL));
	refused(fcntl(0, F_SETOWN, getppid()));
	refused((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void play_socket(void) {
	(void)!socket(AF_UNIX, SOCK_STREAM, 0);
}

static void play_connect(void) {
	(void)!connect(0, NULL, 0);
}

static void play_execute(void) {
	char *argv[] = {(char[]){"true"}, NULL};

	(void)!execve("/bin/true", argv, NULL);
}

static void play_trace(void) {
	(void)!ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void test_both(void) {
	static void (*const deadly[])(void) = {play_socket, play_connect, play_execute, play_trace};
	static void (*const halves[])(void) = {decoder, screen};

	if (SANITIZED) {
		g_test_skip("this build is not confined");
		return;
	}
	for (size_t h = 0; h < G_N_ELEMENTS(halves); h++) {
		g_assert_cmpint(in_child(halves[h], play_refused), ==, 0);
		for (size_t i = 0; i < G_N_ELEMENTS(deadly); i++)
			g_assert_cmpint(WTERMSIG(in_child(halves[h], deadly[i])), ==, SIGSYS);
	}
}

/* Each has what only the other needs not. */
static void play_decoder(void) {
	int fd = memfd_create("m", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct statfs fs;

	if (fd < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
		abort();
	refused(fcntl(fd, F_GET_SEALS));
	refused(fstatfs(fd, &fs));
	refused(kill(victim, SIGKILL));
}

static void play_screen(void) {
	refused(memfd_create("m", MFD_CLOEXEC));
	refused(kill(victim, SIGTERM));
	if (kill(victim, SIGKILL) < 0)
		abort();
}

static void test_each(void) {
	int status;

	if (SANITIZED) {
		g_test_skip("this build is not confined");
		return;
	}
	victim = fork();
	if (victim == 0) {
		pause();
		_exit(0);
	}
	g_assert_cmpint(in_child(decoder, play_decoder), ==, 0);
	g_assert_cmpint(in_child(screen, play_screen), ==, 0);
	g_assert_cmpint(waitpid(victim, &status, 0), ==, victim);
	g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/gui-daemon/confined/both", test_both);
	g_test_add_func("/gui-daemon/confined/each", test_each);
	return g_test_run();
}
