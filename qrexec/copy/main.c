/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-copy, bulkhead-move and their other names: sends files to another domain. The policy
 * (and with it the person) decides where they may go; no name of a target can be typed past it.
 */
#include "common/text-filter.h"
#include "qrexec/copy/rm.h"
#include "qrexec/copy/send.h"
#include "qrexec/copy/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char child_mark[] = "--bulkhead-copy-child";

struct scan {
	uint64_t bytes;
	bool strange_names;
	unsigned broken;
};

static int on_entry(void *data, const struct filecopy_entry *e, int fd, bool again) {
	struct scan *s = data;
	const char *why = NULL;
	int r = filecopy_check_name(e->name, strlen(e->name), FILECOPY_ALL_NAMES);

	(void)fd;
	(void)again;
	s->bytes += e->size;
	if (!r && filecopy_check_name(e->name, strlen(e->name), 0))
		s->strange_names = true;
	if (!r && e->kind == FILECOPY_LINK) {
		r = filecopy_check_link(e->name, e->link, strlen(e->link), FILECOPY_ALL_NAMES);
		why = "the link points out of what is copied";
		if (!r && filecopy_check_link(e->name, e->link, strlen(e->link), 0))
			s->strange_names = true;
	}
	if (r) {
		char shown[512];

		text_filter(e->name, strlen(e->name), shown, sizeof(shown));
		fprintf(stderr, "%s: %s\n", shown, why && r == ENOLINK ? why : strerror(r));
		s->broken++;
	}
	return 0;
}

static int on_skipped(void *data, const char *path, int error) {
	struct scan *s = data;
	char shown[512];

	text_filter(path, strlen(path), shown, sizeof(shown));
	fprintf(stderr, "%s: %s\n", shown,
		error == EINVAL ? "is no file, folder or link" : strerror(error));
	s->broken++;
	return 0;
}

/* Everything is looked at before the first byte goes out. */
static int scan(char *const *paths, int count, struct scan *ret) {
	struct walk w = {.entry = on_entry, .skipped = on_skipped, .data = ret};

	for (int i = 0; i < count; i++) {
		int r = walk_path(&w, paths[i]);

		if (r)
			return r;
	}
	return ret->broken ? -EINVAL : 0;
}

static int usage(const char *name, bool to_vm) {
	fprintf(stderr, "usage: %s %s FILE...\n%s", name, to_vm ? "TARGET" : "[-t TARGET]",
		to_vm ? "" : "Without a target, you are asked for one.\n");
	return 2;
}

/* A client beside us if there is one (a sandbox, a build folder), else the one in the path. */
static const char *client_path(const char *self) {
	static char path[PATH_MAX];
	const char *slash = strrchr(self, '/');

	if (slash) {
		snprintf(path, sizeof(path), "%.*s/qrexec-client-vm", (int)(slash - self), self);
		if (!access(path, X_OK))
			return path;
	}
	return "qrexec-client-vm";
}

static int run_client(const char *target, const struct scan *s, char **paths, int count) {
	AUTO(auto_free) char **argv = calloc((size_t)count + 8, sizeof(char *));
	static char self[PATH_MAX];
	char total[32];
	int status, n = 0;
	pid_t pid;

	if (!argv || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 1;
	snprintf(total, sizeof(total), "%llu", (unsigned long long)s->bytes);
	argv[n++] = (char *)client_path(self);
	argv[n++] = (char *)target;
	argv[n++] = (char *)(s->strange_names ? "qubes.Filecopy+allow-all-names"
					      : "qubes.Filecopy");
	argv[n++] = self;
	argv[n++] = (char *)child_mark;
	argv[n++] = total;
	argv[n++] = (char *)(*target ? target : "the domain that was chosen");
	memcpy(argv + n, paths, (size_t)count * sizeof(char *));
	pid = fork();
	if (pid == 0) {
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(125);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int child(int argc, char **argv) {
	struct send_plan plan = {.paths = argv + 4, .count = argc - 4};

	if (argc < 5)
		return 2;
	plan.total = strtoull(argv[2], NULL, 10);
	plan.target = argv[3];
	return send_files(&plan);
}

static int remove_sources(char *const *paths, int count) {
	int failed = 0;

	for (int i = 0; i < count; i++) {
		int r = rm_tree(AT_FDCWD, paths[i]);

		if (r) {
			fprintf(stderr, "%s was copied but not removed: %s\n", paths[i],
				strerror(-r));
			failed = 1;
		}
	}
	return failed;
}

int main(int argc, char **argv) {
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	bool to_vm = strstr(name, "-to-vm") != NULL, move = strstr(name, "move") != NULL;
	const char *target = "";
	struct scan s = {0};
	int first = 1, r;

	if (argc > 1 && !strcmp(argv[1], child_mark))
		return child(argc, argv);
	if (to_vm && argc > 1 && argv[1][0] != '-') {
		target = argv[first++];
	} else if (!to_vm && argc > 2 && !strcmp(argv[1], "-t")) {
		target = argv[2];
		first = 3;
	}
	if (first < argc && !strcmp(argv[first], "--"))
		first++;
	else if (first < argc && argv[first][0] == '-')
		return usage(name, to_vm);
	if (first >= argc || (to_vm && !*target))
		return usage(name, to_vm);
	if (scan(argv + first, argc - first, &s))
		return 1;
	r = run_client(target, &s, argv + first, argc - first);
	return r == 0 && move ? remove_sources(argv + first, argc - first) : r;
}
