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
#include <stdio.h>
#include <string.h>

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
	r = send_files(&(struct send_plan){.paths = argv + first,
		.count = argc - first,
		.total = s.bytes,
		.target = target,
		.service = s.strange_names ? "qubes.Filecopy+allow-all-names" : "qubes.Filecopy"});
	return r == 0 && move ? remove_sources(argv + first, argc - first) : r;
}
