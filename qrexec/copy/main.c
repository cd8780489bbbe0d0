/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-copy, bulkhead-move and their other names: sends files to another domain. The policy
 * (and with it the person) decides where they may go; no name of a target can be typed past it.
 */
#include "common/text-filter.h"
#include "qrexec/copy/rm.h"
#include "qrexec/copy/send.h"
#include "qrexec/copy/tally.h"
#include "qrexec/copy/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct options {
	const char *name, *target;
	const char *clash; /* NULL: as the other side does it */
	bool to_vm;
};

static bool is_clash(const char *word) {
	static const char *const known[] = {"rename", "skip", "replace", "ask"};

	for (size_t i = 0; word && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(word, known[i]))
			return true;
	return !word;
}

struct scan {
	uint64_t bytes, entries;
	struct tally tops; /* what tells this copy from others */
	bool strange_names;
	unsigned broken;
};

static void add_top(struct scan *s, const struct filecopy_entry *e) {
	static uint8_t encoded[FILECOPY_LONG_MAX];
	size_t n = filecopy_encode_entry(e, encoded, sizeof(encoded));

	if (n)
		tally_entry(&s->tops, encoded, n);
}

static int on_entry(void *data, const struct filecopy_entry *e, int fd, bool again) {
	struct scan *s = data;
	const char *why = NULL;
	int r = filecopy_check_name(e->name, strlen(e->name), FILECOPY_ALL_NAMES);

	(void)fd;
	s->bytes += e->size;
	s->entries += !again;
	if (!strchr(e->name, '/') && !again)
		add_top(s, e);
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
	struct walk w = {.entry = on_entry, .skipped = on_skipped, .data = ret, .look_only = true};

	for (int i = 0; i < count; i++) {
		int r = walk_path(&w, paths[i]);

		if (r)
			return r;
	}
	return ret->broken ? -EINVAL : 0;
}

static int usage(const struct options *o) {
	fprintf(stderr,
		"usage: %s [--on-clash=rename|skip|replace|ask] %s FILE...\n"
		"--on-clash: what becomes of a file or folder whose name is taken there.\n%s",
		o->name, o->to_vm ? "TARGET" : "[-t TARGET]",
		o->to_vm ? "" : "Without a target, you are asked for one.\n");
	return EXIT_USAGE;
}

static const char *value_of(const char *arg, const char *option) {
	size_t len = strlen(option);

	return !strncmp(arg, option, len) && arg[len] == '=' ? arg + len + 1 : NULL;
}

/* Where the files begin in argv, or -1. */
static int parse_options(int argc, char **argv, struct options *o) {
	int at = 1;

	for (; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		const char *clash = value_of(argv[at], "--on-clash");

		if (!strcmp(argv[at], "--")) {
			at++;
			break;
		}
		if (clash)
			o->clash = clash;
		else if (!o->to_vm && !strcmp(argv[at], "-t") && at + 1 < argc)
			o->target = argv[++at];
		else
			return -1;
	}
	if (o->to_vm && at < argc) {
		o->target = argv[at++];
		if (at < argc && !strcmp(argv[at], "--"))
			at++;
	}
	return at < argc && (!o->to_vm || *o->target) && is_clash(o->clash) ? at : -1;
}

/* What to do with names that are taken, asked of the person; NULL: nothing. */
static const char *ask_clash(void) {
	char line[64];

	fprintf(stderr, "[r]ename the new one, re[p]lace the old one, [s]kip it, or [c]ancel? ");
	if (!isatty(STDIN_FILENO) || !fgets(line, sizeof(line), stdin))
		return NULL;
	return line[0] == 'r'   ? "rename"
	       : line[0] == 'p' ? "replace"
	       : line[0] == 's' ? "skip"
				: NULL;
}

static int send_with(struct send_plan *plan, bool strange_names, const char *clash) {
	char argument[64];

	snprintf(argument, sizeof(argument), "%s%s%s%s%s", strange_names || clash ? "+" : "",
		strange_names ? "allow-all-names" : "", strange_names && clash ? "+" : "",
		clash ? "on-clash-" : "", clash ? clash : "");
	plan->argument = argument;
	return send_files(plan);
}

static int send_choosing(struct send_plan *plan, const struct options *o, bool strange_names) {
	bool ask = o->clash && !strcmp(o->clash, "ask");
	int r = send_with(plan, strange_names, ask ? "refuse" : o->clash);
	const char *chosen;

	if (!ask || r != SEND_TAKEN)
		return r;
	chosen = ask_clash();
	return chosen ? send_with(plan, strange_names, chosen) : r;
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
	const char *slash = strrchr(argv[0], '/');
	struct options o = {.name = slash ? slash + 1 : argv[0], .target = ""};
	struct send_plan plan;
	uint8_t id[TALLY_DIGEST];
	struct scan s = {0};
	int first, r;

	o.to_vm = strstr(o.name, "-to-vm") != NULL;
	first = parse_options(argc, argv, &o);
	if (first < 0)
		return usage(&o);
	if (tally_init(&s.tops, true) || scan(argv + first, argc - first, &s))
		return 1;
	tally_digest(&s.tops, id);
	tally_deinit(&s.tops);
	plan = (struct send_plan){.paths = argv + first,
		.count = argc - first,
		.total = s.bytes,
		.entries = s.entries,
		.id = id,
		.target = o.target};
	r = send_choosing(&plan, &o, s.strange_names);
	return r == 0 && strstr(o.name, "move") ? remove_sources(argv + first, argc - first) : r;
}
