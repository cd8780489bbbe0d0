/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times programs that are started afresh, in turn, so that a noisy machine is noisy for all of
 * them.
 *
 *   bench-call ROUNDS EACH PARALLEL COMMAND -- COMMAND -- ...    microseconds: "p50 p99 p999
 * per-second lost" a command bench-call --broker PATH    the least broker there can be: a
 * descriptor for the client, a program for the other end bench-call --client PATH    its client;
 * ends when the program ends
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16
#define SERVICE      "/bin/true"

static uint64_t now_ns(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int at_path(const char *path, struct sockaddr_un *ret) {
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret->sun_path))
		return -1;
	memcpy(ret->sun_path, path, strlen(path));
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static pid_t start(char *const *argv, int in, int out) {
	posix_spawn_file_actions_t fa;
	pid_t pid = -1;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, in, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	if (posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&fa);
	return pid;
}

static void give(int to, int fd) {
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		perror("bench-call: sendmsg");
}

static int broker(const char *path) {
	char *argv[] = {(char *)SERVICE, NULL};
	struct sockaddr_un at;
	int listener = at_path(path, &at);

	signal(SIGCHLD, SIG_IGN);
	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
		listen(listener, 64))
		return 1;
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int c = accept4(listener, NULL, NULL, SOCK_CLOEXEC), pair[2];
		char byte;

		if (c < 0 || recv(c, &byte, 1, 0) != 1 ||
			socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			continue;
		give(c, pair[0]);
		start(argv, pair[1], pair[1]);
		close(pair[0]);
		close(pair[1]);
		close(c);
	}
}

static int client(const char *path) {
	char byte = 0, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct sockaddr_un at;
	int s = at_path(path, &at), fd;

	if (s < 0 || connect(s, (struct sockaddr *)&at, sizeof(at)) || send(s, &byte, 1, 0) != 1 ||
		recvmsg(s, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		return 1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return read(fd, &byte, 1) == 0 ? 0 : 1;
}

struct series {
	char **argv;
	int expect; /* exit code of the first run */
	uint64_t *took;
	size_t count, lost;
	uint64_t total; /* wall time of all rounds */
};

static int by_size(const void *a, const void *b) {
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void note(struct series *s, uint64_t took, int status) {
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;

	if (s->expect < 0)
		s->expect = code;
	if (code != s->expect)
		s->lost++;
	s->took[s->count++] = took;
}

/* EACH runs, PARALLEL of them at a time. */
static void one_round(struct series *s, unsigned each, unsigned parallel, int null) {
	struct {
		pid_t pid;
		uint64_t began;
	} run[64] = {0};
	unsigned started = 0, ended = 0;
	uint64_t begin = now_ns();

	while (ended < each) {
		int status, pair[2];
		pid_t pid;

		while (started < each && started - ended < parallel) {
			for (unsigned i = 0; i < parallel; i++) {
				if (run[i].pid)
					continue;
				run[i].began = now_ns();
				/* The least that a call must have. */
				if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
					abort();
				run[i].pid = start(s->argv, null, null);
				close(pair[0]);
				close(pair[1]);
				break;
			}
			started++;
		}
		pid = waitpid(-1, &status, 0);
		for (unsigned i = 0; i < parallel; i++)
			if (run[i].pid == pid) {
				note(s, now_ns() - run[i].began, status);
				run[i].pid = 0;
			}
		ended++;
	}
	s->total += now_ns() - begin;
}

static void print(struct series *s) {
	qsort(s->took, s->count, sizeof(uint64_t), by_size);
	printf("%.1f %.1f %.1f %.0f %zu\n", (double)s->took[s->count / 2] / 1e3,
		(double)s->took[s->count * 99 / 100] / 1e3,
		(double)s->took[s->count * 999 / 1000] / 1e3,
		(double)s->count * 1e9 / (double)s->total, s->lost);
}

static size_t split(char **argv, struct series *all, size_t runs) {
	size_t n = 0;

	while (*argv && n < COMMANDS_MAX) {
		struct series *s = &all[n++];

		*s = (struct series){.argv = argv, .expect = -1};
		s->took = calloc(runs, sizeof(uint64_t));
		if (!s->took)
			abort();
		while (*argv && strcmp(*argv, "--") != 0)
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return n;
}

int main(int argc, char **argv) {
	struct series all[COMMANDS_MAX];
	unsigned rounds, each, parallel;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t n;

	if (argc == 3 && !strcmp(argv[1], "--broker"))
		return broker(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "--client"))
		return client(argv[2]);
	if (argc < 5)
		return 2;
	rounds = (unsigned)strtoul(argv[1], NULL, 10);
	each = (unsigned)strtoul(argv[2], NULL, 10);
	parallel = (unsigned)strtoul(argv[3], NULL, 10);
	if (parallel == 0 || parallel > 64 || each == 0)
		return 2;
	n = split(argv + 4, all, (size_t)rounds * each);
	for (unsigned r = 0; r < rounds; r++)
		for (size_t i = 0; i < n; i++)
			one_round(&all[i], each, parallel, null);
	for (size_t i = 0; i < n; i++) {
		print(&all[i]);
		free(all[i].took);
	}
	return 0;
}
