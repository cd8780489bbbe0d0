/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/copy/report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>

#define CALLER "qrexec-client-vm"
#define EVERY  0.2 /* seconds */

/* Its stderr is not ours: a call lasts until the last holder of that is gone. */
static int start_call(int socket) {
	char *const argv[] = {
		(char *)CALLER, (char *)"@adminvm", (char *)"bulkhead.CopyReport", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t pipe;
	pid_t pid;
	int r;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	if (posix_spawn_file_actions_init(&files))
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	r = posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
	if (!r)
		r = posix_spawn_file_actions_adddup2(&files, socket, STDOUT_FILENO);
	if (!r)
		r = posix_spawn_file_actions_addopen(
			&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!r)
		r = posix_spawnattr_setsigdefault(&attributes, &pipe);
	if (!r)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (!r)
		r = posix_spawnp(&pid, CALLER, &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -r;
}

static void tell(struct report *r) {
	uint8_t record[COPYREPORT_SIZE];

	if (r->fd < 0)
		return;
	copyreport_encode(&r->now, record);
	/* All of it or nothing fits, as long as only records are written; what does not fit now is
	 * not waited for. */
	if (write(r->fd, record, sizeof(record)) != (ssize_t)sizeof(record) && errno != EAGAIN)
		report_close(r);
}

void report_open(struct report *r, enum copyreport_role role, const char *peer, uint64_t total) {
	int pair[2];

	*r = (struct report){.fd = -1};
	r->now = (struct copyreport){.kind = COPYREPORT_RUNNING, .role = role, .total = total};
	if (domain_name_parse(peer, &r->now.peer) && role == COPYREPORT_RECEIVES)
		return;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return;
	if (start_call(pair[1]) || fcntl(pair[0], F_SETFL, O_NONBLOCK))
		close(pair[0]);
	else
		r->fd = pair[0];
	close(pair[1]);
	clock_gettime(CLOCK_MONOTONIC, &r->told);
	tell(r);
}

void report_tell(struct report *r, uint64_t files, uint64_t bytes) {
	struct timespec now;

	if (r->fd < 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((double)(now.tv_sec - r->told.tv_sec) + (double)(now.tv_nsec - r->told.tv_nsec) / 1e9 <
		EVERY)
		return;
	r->told = now;
	r->now.files = files;
	r->now.bytes = bytes;
	tell(r);
}

void report_listen(struct report *r) {
	char word;
	ssize_t n;

	if (r->fd < 0)
		return;
	n = read(r->fd, &word, 1);
	if (n == 1 && word == COPYREPORT_CANCEL)
		r->cancelled = true;
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		report_close(r);
}

static bool is_word(char c) {
	return c == COPYREPORT_CANCEL || c == COPYREPORT_RENAME || c == COPYREPORT_REPLACE ||
	       c == COPYREPORT_SKIP;
}

enum copyreport_word report_ask(
	struct report *r, uint64_t files, uint64_t bytes, unsigned seconds) {
	struct pollfd p = {.fd = r->fd, .events = POLLIN};
	char word;

	r->now.kind = COPYREPORT_TAKEN;
	r->now.files = files;
	r->now.bytes = bytes;
	tell(r);
	if (r->fd < 0 || poll(&p, 1, (int)seconds * 1000) <= 0)
		return COPYREPORT_RENAME;
	if (read(r->fd, &word, 1) != 1 || !is_word(word))
		return COPYREPORT_RENAME;
	r->cancelled = word == COPYREPORT_CANCEL;
	return (enum copyreport_word)word;
}

void report_end(struct report *r, uint64_t files, uint64_t bytes, uint32_t error,
	const uint8_t digest[TALLY_DIGEST]) {
	r->now.kind = error ? COPYREPORT_FAILED : COPYREPORT_DONE;
	r->now.error = error;
	r->now.files = files;
	r->now.bytes = bytes;
	if (!error)
		memcpy(r->now.digest, digest, TALLY_DIGEST);
	tell(r);
	report_close(r);
}

void report_close(struct report *r) {
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}
