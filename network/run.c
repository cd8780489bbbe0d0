/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network/run.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

static int memory_with(const char *text) {
	AUTO(auto_close) int fd = memfd_create("bulkhead-input", MFD_CLOEXEC);
	size_t size = strlen(text);

	if (fd < 0)
		return -errno;
	/* One write fills a memfd or fails. */
	if (write(fd, text, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		return errno ? -errno : -ENOSPC;
	return TAKE_FD(fd);
}

int run_with_input(const char *const *argv, const char *input) {
	static char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	AUTO(auto_close) int fd = memory_with(input);
	posix_spawn_file_actions_t actions;
	int r, status;
	pid_t pid;

	if (fd < 0)
		return fd;
	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	r = posix_spawn_file_actions_adddup2(&actions, fd, 0);
	if (!r)
		r = posix_spawn(
			&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return -r;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

int run_nft(const char *rules) {
	static const char *const argv[] = {"/usr/sbin/nft", "-f", "-", NULL};

	return run_with_input(argv, rules);
}

int run_ip(const char *commands) {
	static const char *const argv[] = {"/sbin/ip", "-batch", "-", NULL};

	return run_with_input(argv, commands);
}
