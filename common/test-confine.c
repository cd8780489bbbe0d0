/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process that gave it up can no longer do; each in a child, since there is no way back. */
#include "common/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/landlock.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void in_child(void (*act)(void)) {
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		act();
		_exit(0); /* what it asserts ends it with another status */
	}
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
}

static bool kernel_has_landlock(void) {
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 2;
}

static void expect_closed(const char *path) {
	g_assert_cmpint(open(path, O_RDONLY | O_CLOEXEC), ==, -1);
	g_assert_cmpint(errno, ==, EACCES);
}

static void play_no_files(void) {
	char again[32];
	int memory = memfd_create("m", MFD_CLOEXEC);

	g_assert_cmpint(confine_rights(), ==, 0);
	confine_no_files();
	expect_closed("/dev/null");
	expect_closed("/etc/passwd");
	g_snprintf(again, sizeof(again), "/proc/self/fd/%d", memory);
	g_assert_cmpint(open(again, O_RDONLY | O_CLOEXEC), >=, 0);
}

static void test_no_files(void) {
	if (kernel_has_landlock())
		in_child(play_no_files);
	else
		g_test_skip("this kernel has no Landlock");
}

static void play_beneath(void) {
	int dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);

	g_assert_cmpint(confine_beneath(&dev, 1), ==, 0);
	g_assert_cmpint(open("/dev/null", O_RDWR | O_CLOEXEC), >=, 0);
	expect_closed("/etc/passwd");
}

static void test_beneath(void) {
	if (kernel_has_landlock() && !SANITIZED)
		in_child(play_beneath);
	else
		g_test_skip("this kernel has no Landlock, or this build a sanitizer");
}

static void play_limits(void) {
	struct rlimit l;

	g_assert_cmpint(confine_limit(RLIMIT_NOFILE, 50), ==, 0);
	g_assert_cmpint(confine_limit(RLIMIT_NOFILE, 5000), ==, 0);
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &l), ==, 0);
	g_assert_cmpuint(l.rlim_cur, ==, 50);
	g_assert_cmpuint(l.rlim_max, ==, 50);
}

static void test_limits(void) {
	in_child(play_limits);
}

static void play_rights(void) {
	g_assert_cmpint(confine_rights(), ==, 0);
	g_assert_cmpint(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), ==, 1);
}

static void test_rights(void) {
	in_child(play_rights);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/confine/no-files", test_no_files);
	g_test_add_func("/confine/beneath", test_beneath);
	g_test_add_func("/confine/limits", test_limits);
	g_test_add_func("/confine/rights", test_rights);
	return g_test_run();
}
