/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead log`: shows the audit file (docs/audit.md). Changes nothing, needs no bulkheadd. */
#include "common/audit.h"
#include "domains/cli/cli.h"
#include "domains/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

struct viewer {
	gboolean follow, json, all;
	char *domain;
	char *path;
	int fd;
	GString *rest; /* of a line that is not whole yet */
	unsigned bad;
};

static const char *text_of(JsonObject *o, const char *key) {
	return json_object_get_string_member_with_default(o, key, "");
}

/* What was decoded from \u00xx is made harmless again: no byte of a domain moves a cursor. */
static void put(GString *line, const char *text) {
	for (; *text; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);

		if (c == '\\')
			g_string_append(line, "\\\\");
		else if (c >= 0x20 && c <= 0x7e)
			g_string_append_c(line, (char)c);
		else
			g_string_append_printf(line, c <= 0xff ? "\\x%02x" : "\\u{%x}", c);
	}
}

static void put_if(GString *line, const char *before, const char *text, const char *after) {
	if (!*text)
		return;
	g_string_append(line, before);
	put(line, text);
	g_string_append(line, after);
}

static void put_time(GString *line, JsonObject *o) {
	double time = json_object_get_double_member_with_default(o, "time", 0);
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local((gint64)time);
	g_autofree char *words = when ? g_date_time_format(when, "%Y-%m-%d %H:%M:%S") : NULL;

	g_string_append(line, words ? words : "(no time)");
}

static void put_number(GString *line, JsonObject *o, const char *key, const char *unit) {
	if (json_object_has_member(o, key))
		g_string_append_printf(line, ", %" G_GINT64_FORMAT " %s",
			json_object_get_int_member_with_default(o, key, 0), unit);
}

static void put_ms(GString *line, JsonObject *o, const char *key, const char *what) {
	if (json_object_has_member(o, key))
		g_string_append_printf(line, ", %s %.1f ms", what,
			(double)json_object_get_int_member_with_default(o, key, 0) / 1000);
}

static void put_rule(
	GString *line, JsonObject *o, const char *words, const char *file, const char *number) {
	if (!*text_of(o, file))
		return;
	put_if(line, words, text_of(o, file), ":");
	g_string_append_printf(
		line, "%" G_GINT64_FORMAT, json_object_get_int_member_with_default(o, number, 0));
}

static void put_people(GString *line, JsonObject *o) {
	const char *target = text_of(o, "target"), *final = text_of(o, "final_target");

	put_if(line, " ", text_of(o, "domain"), "");
	put_if(line, " ", text_of(o, "source"), "");
	if (*text_of(o, "source") && (*target || *final))
		g_string_append(line, " ->");
	put_if(line, " ", *target ? target : final, "");
	if (*target && *final && strcmp(target, final) != 0)
		put_if(line, " (", final, ")");
}

static void print_record(JsonObject *o) {
	g_autoptr(GString) line = g_string_new(NULL);

	put_time(line, o);
	put_if(line, "  ", text_of(o, "event"), "");
	put_people(line, o);
	put_if(line, "  ", text_of(o, "service"), "");
	put_if(line, "  ", text_of(o, "outcome"), "");
	put_if(line, ": ", text_of(o, "reason"), "");
	put_number(line, o, "files", "files");
	put_number(line, o, "bytes", "bytes");
	put_number(line, o, "count", "records");
	put_if(line, ", sha256 ", text_of(o, "sha256"), "");
	put_if(line, ", said by ", text_of(o, "said_by"), "");
	put_if(line, ", answered ", text_of(o, "choice"), "");
	put_rule(line, o, ", by ", "file", "line");
	put_rule(line, o, ", passing the deny of ", "passes_deny_file", "passes_deny_line");
	put_ms(line, o, "ask_us", "asked");
	put_ms(line, o, "start_us", "started in");
	put_ms(line, o, "connect_us", "connected in");
	put_ms(line, o, "total_us", "over after");
	puts(line->str);
}

static bool is_wanted(const struct viewer *v, JsonObject *o) {
	static const char *const keys[] = {"source", "target", "final_target", "domain"};

	if (!v->json && !v->all && !strcmp(text_of(o, "event"), "end"))
		return false;
	if (!v->domain)
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if (!strcmp(text_of(o, keys[i]), v->domain))
			return true;
	return false;
}

/* A file that somebody else wrote into is shown only as far as it holds what ours writes. */
static bool is_printable(const char *line) {
	for (; *line; line++)
		if (*line < 0x20 || *line > 0x7e)
			return false;
	return true;
}

static void take_line(struct viewer *v, const char *line) {
	g_autoptr(JsonNode) node = is_printable(line) ? json_from_string(line, NULL) : NULL;

	if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
		v->bad += *line != 0;
		return;
	}
	if (!is_wanted(v, json_node_get_object(node)))
		return;
	if (v->json)
		puts(line);
	else
		print_record(json_node_get_object(node));
}

static void read_on(struct viewer *v) {
	char bytes[65536];
	ssize_t n;

	while (v->fd >= 0 && (n = read(v->fd, bytes, sizeof(bytes))) > 0) {
		char *end;

		g_string_append_len(v->rest, bytes, n);
		while ((end = memchr(v->rest->str, '\n', v->rest->len))) {
			*end = 0;
			take_line(v, v->rest->str);
			g_string_erase(v->rest, 0, end + 1 - v->rest->str);
		}
	}
	fflush(stdout);
}

static void open_next(struct viewer *v, const char *path) {
	if (v->fd >= 0)
		close(v->fd);
	v->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	g_string_truncate(v->rest, 0);
}

static bool is_same(const struct viewer *v) {
	struct stat ours, named;

	return v->fd >= 0 && !fstat(v->fd, &ours) && !stat(v->path, &named) &&
	       ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
}

/* Several files may have been begun since: what is kept of them is shown too, each once. */
static void catch_up(struct viewer *v) {
	struct stat ours, st;
	int i = 0;

	read_on(v);
	if (is_same(v))
		return;
	read_on(v); /* what came before it was moved, and after we read */
	if (v->fd >= 0 && !fstat(v->fd, &ours)) {
		for (i = AUDIT_KEPT; i > 0; i--) {
			g_autofree char *path = g_strdup_printf("%s.%d", v->path, i);

			if (!stat(path, &st) && st.st_ino == ours.st_ino &&
				st.st_dev == ours.st_dev)
				break;
		}
		i = i ? i : AUDIT_KEPT + 1;
	}
	while (--i > 0) {
		g_autofree char *path = g_strdup_printf("%s.%d", v->path, i);

		open_next(v, path);
		read_on(v);
	}
	open_next(v, v->path);
	read_on(v);
}

static void show_all(struct viewer *v) {
	for (int i = AUDIT_KEPT; i > 0; i--) {
		g_autofree char *path = g_strdup_printf("%s.%d", v->path, i);

		open_next(v, path);
		read_on(v);
	}
	open_next(v, v->path);
	read_on(v);
}

/* Waits in read: an event comes when the folder's files change. */
static int follow(struct viewer *v) {
	g_autofree char *folder = g_path_get_dirname(v->path);
	char events[4096];
	int watch = inotify_init1(IN_CLOEXEC);

	g_mkdir_with_parents(folder, 0700);
	if (watch < 0 ||
		inotify_add_watch(watch, folder, IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0) {
		fprintf(stderr, "bulkhead: %s cannot be watched: %s\n", folder, g_strerror(errno));
		return CLI_FAILED;
	}
	show_all(v);
	do
		catch_up(v);
	while (!ferror(stdout) && read(watch, events, sizeof(events)) > 0);
	return CLI_OK;
}

int cmd_log(int argc, char **argv) {
	struct viewer v = {.fd = -1};
	const GOptionEntry entries[] = {
		{"follow", 'f', 0, G_OPTION_ARG_NONE, &v.follow, "go on with what happens", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &v.json, "the records as they are", NULL},
		{"domain", 'd', 0, G_OPTION_ARG_STRING, &v.domain, "only what concerns DOMAIN",
			"DOMAIN"},
		{"all", 'a', 0, G_OPTION_ARG_NONE, &v.all, "the ends of calls too", NULL}, {NULL}};
	g_autofree char *state = paths_state();
	int r = CLI_OK;

	if (!cli_options(&argc, &argv, entries, "",
		    "Shows what crossed between domains, what was refused and why, and which "
		    "domains started and stopped.",
		    false))
		return CLI_USAGE;
	if (argc > 1) {
		fprintf(stderr, "usage: bulkhead log [--follow] [--json] [--domain DOMAIN]\n");
		return CLI_USAGE;
	}
	v.path = g_build_filename(state, "audit.jsonl", NULL);
	v.rest = g_string_new(NULL);
	if (v.follow)
		r = follow(&v);
	else
		show_all(&v);
	if (v.bad)
		fprintf(stderr, "bulkhead: %u lines are no records and were left out\n", v.bad);
	if (v.fd < 0 && errno != ENOENT) {
		fprintf(stderr, "bulkhead: %s: %s\n", v.path, g_strerror(errno));
		r = CLI_FAILED;
	}
	auto_close(&v.fd);
	g_string_free(v.rest, TRUE);
	g_free(v.path);
	g_free(v.domain);
	return r;
}
