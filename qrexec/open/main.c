/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-open (also qvm-open-in-vm, qvm-open-in-dvm): opens a file or a link in another domain.
 * A file that was changed there comes back; it takes the old one's place only when all of it is
 * here and the call ended well.
 */
#include "proto/open.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER 65536
#define CLIENT "qrexec-client-vm"
#define TALK   "--talk-with-service"

enum { EXIT_TROUBLE = 1, EXIT_USAGE = 2 };

extern char **environ;

static int write_all(int fd, const void *data, size_t size) {
	const char *at = data;

	while (size > 0) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int pass_on(int from, int to) {
	static char buffer[BUFFER];
	ssize_t n;
	int r;

	while ((n = read(from, buffer, sizeof(buffer))) != 0) {
		r = n < 0 ? (errno == EINTR ? 0 : -errno) : write_all(to, buffer, (size_t)n);
		if (r)
			return r;
	}
	return 0;
}

/* What qrexec-client-vm runs: the service is on stdin and stdout, the file and what comes back are
 * on 3 and 4. */
static int talk(const char *name, bool view_only) {
	uint8_t field[OPEN_FIELD];

	signal(SIGPIPE, SIG_IGN);
	open_encode_name(name, view_only, field);
	if (write_all(STDOUT_FILENO, field, sizeof(field)) || pass_on(3, STDOUT_FILENO))
		return EXIT_TROUBLE;
	close(STDOUT_FILENO);
	return pass_on(STDIN_FILENO, 4) ? EXIT_TROUBLE : 0;
}

/* Runs the client; its exit code. Descriptors are -1 or become 3, 4 and, in, stdin. */
static int run_client(const char *const *argv, int in, int file, int back) {
	posix_spawn_file_actions_t actions;
	int status, error;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (file >= 0)
		posix_spawn_file_actions_adddup2(&actions, file, 3);
	if (back >= 0)
		posix_spawn_file_actions_adddup2(&actions, back, 4);
	error = posix_spawnp(
		&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error) {
		fprintf(stderr, "%s: %s\n", argv[0], strerror(error));
		return EXIT_TROUBLE;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TROUBLE;
}

static int above_stdio(int fd) {
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);

	if (fd >= 0)
		close(fd);
	return high;
}

static int open_url(const char *target, const char *url) {
	const char *const argv[] = {CLIENT, "--", target, "qubes.OpenURL", NULL};
	char text[OPEN_URL_MAX + 1];
	AUTO(auto_close) int in = -1;
	int p[2];

	if (open_decode_url(span_over(url, strlen(url)), text)) {
		fprintf(stderr, "Only http, https and ftp links are opened elsewhere.\n");
		return EXIT_TROUBLE;
	}
	/* It fits into a pipe's buffer. */
	if (pipe2(p, O_CLOEXEC))
		return EXIT_TROUBLE;
	in = above_stdio(p[0]);
	if (write_all(p[1], text, strlen(text)) || write_all(p[1], "\n", 1)) {
		close(p[1]);
		return EXIT_TROUBLE;
	}
	close(p[1]);
	return run_client(argv, in, -1, -1);
}

/* A file for what comes back: beside the old one; where that cannot be, in a folder for everybody's
 * files. */
static int make_back(const char *path, char *ret, size_t size, bool *ret_beside) {
	int n = snprintf(ret, size, "%s.XXXXXX", path), fd;

	fd = n > 0 && (size_t)n < size ? mkostemp(ret, O_CLOEXEC) : -1;
	*ret_beside = fd >= 0;
	if (fd >= 0)
		return above_stdio(fd);
	snprintf(ret, size, "/tmp/changed-file.XXXXXX");
	return above_stdio(mkostemp(ret, O_CLOEXEC));
}

static int take_back(const char *path, const char *back, int fd, bool beside, mode_t mode) {
	if (!beside) {
		fprintf(stderr, "%s cannot be replaced; the changed file is %s.\n", path, back);
		return EXIT_TROUBLE;
	}
	if (fchmod(fd, mode & 0777) || fsync(fd) || rename(back, path)) {
		fprintf(stderr, "%s: %s; the changed file is %s.\n", path, strerror(errno), back);
		return EXIT_TROUBLE;
	}
	return 0;
}

static int open_file(const char *self, const char *target, const char *path, bool view_only) {
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *const argv[] = {CLIENT, "--", target, "qubes.OpenInVM", self, TALK, name,
		view_only ? "view" : NULL, NULL};
	AUTO(auto_close) int file = above_stdio(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
	AUTO(auto_close) int back = -1;
	char back_path[4096];
	struct stat st, got;
	bool beside;
	int r;

	if (file < 0 || fstat(file, &st) || !S_ISREG(st.st_mode)) {
		fprintf(stderr, "%s: %s\n", path, file < 0 ? strerror(errno) : "is no file");
		return EXIT_TROUBLE;
	}
	back = make_back(path, back_path, sizeof(back_path), &beside);
	if (back < 0) {
		fprintf(stderr, "No place for a changed file: %s\n", strerror(errno));
		return EXIT_TROUBLE;
	}
	r = run_client(argv, -1, file, back);
	if (!r && !view_only && !fstat(back, &got) && got.st_size > 0)
		return take_back(path, back_path, back, beside, st.st_mode);
	unlink(back_path);
	return r;
}

static int usage(const char *name, bool fixed) {
	fprintf(stderr,
		"usage: %s [--view-only] %sFILE|URL\n"
		"Opens a file or a link in another domain%s. A file that is changed there comes "
		"back.\n",
		name,
		fixed                    ? ""
		: strstr(name, "-in-vm") ? "TARGET "
					 : "[-t TARGET] ",
		fixed ? ", a fresh throw-away" : "");
	return EXIT_USAGE;
}

static bool is_url(const char *text) {
	const char *colon = strstr(text, "://");

	return colon && colon > text && !memchr(text, '/', (size_t)(colon - text));
}

int main(int argc, char **argv) {
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	bool fixed = strstr(name, "-in-dvm") != NULL, to_vm = strstr(name, "-in-vm") != NULL;
	bool view_only = false;
	const char *target = "@dispvm";
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int at = 1;

	if (argc >= 3 && !strcmp(argv[1], TALK))
		return talk(argv[2], argc > 3);
	for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		if (!strcmp(argv[at], "--view-only"))
			view_only = true;
		else if (!fixed && !to_vm && !strcmp(argv[at], "-t") && at + 1 < argc)
			target = argv[++at];
		else if (!strcmp(argv[at], "--") && ++at)
			break;
		else
			return usage(name, fixed);
	}
	if (to_vm && at < argc)
		target = argv[at++];
	if (at + 1 != argc || n <= 0)
		return usage(name, fixed);
	self[n] = 0;
	return is_url(argv[at]) ? open_url(target, argv[at])
				: open_file(self, target, argv[at], view_only);
}
