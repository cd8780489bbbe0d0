/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy undo`: lists the answers "always" and takes one back. Writes only their file. */
#include "domains/cli/cmd-policy.h"

#include "policy/store.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_MAX 1000000000

struct undo_cli {
	char *folder;
	gboolean list, json;
};

static char *own_folder(const struct undo_cli *cli) {
	struct policy_folders folders;
	char *own;

	if (cli->folder)
		return g_strdup(cli->folder);
	if (policy_folders_default(&folders))
		return NULL;
	own = g_strdup(folders.own);
	policy_folders_deinit(&folders);
	return own;
}

static struct policy_answer_entry *entries_of(const char *text, size_t *count) {
	struct policy_answer_entry *entries;

	*count = policy_answers_list(text, NULL, 0);
	entries = g_new0(struct policy_answer_entry, *count + 1);
	policy_answers_list(text, entries, *count);
	return entries;
}

static void print_json(const struct policy_answer_entry *entries, size_t count) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_array(json);
	for (size_t i = 0; i < count; i++) {
		g_autofree char *rule = g_strndup(entries[i].rule, entries[i].rule_len);
		g_autofree char *shown = policy_cli_escape(rule);

		json_builder_begin_object(json);
		json_builder_set_member_name(json, "number");
		json_builder_add_int_value(json, entries[i].number);
		json_builder_set_member_name(json, "rule");
		json_builder_add_string_value(json, shown);
		json_builder_set_member_name(json, "undone");
		json_builder_add_boolean_value(json, entries[i].undone);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	policy_cli_json_print(json);
}

static void print_text(const struct policy_answer_entry *entries, size_t count) {
	for (size_t i = 0; i < count; i++) {
		g_autofree char *rule = g_strndup(entries[i].rule, entries[i].rule_len);
		g_autofree char *shown = policy_cli_escape(rule);

		printf("%4u  %s%s\n", entries[i].number, shown,
			entries[i].undone ? "  (taken back)" : "");
	}
	if (count == 0)
		printf("no question was answered \"always\"\n");
}

static int tell(int answer) {
	fprintf(stderr, "bulkhead policy: %s\n", policy_store_words(answer));
	return answer == POLICY_STORE_E_NONE ? 1 : POLICY_EXIT_POLICY;
}

static int list(const struct undo_cli *cli, const char *folder) {
	AUTO(auto_free) char *text = NULL;
	g_autofree struct policy_answer_entry *entries = NULL;
	size_t count;
	int r = policy_store_read(folder, &text);

	if (r)
		return tell(r);
	entries = entries_of(text ? text : "", &count);
	if (cli->json)
		print_json(entries, count);
	else
		print_text(entries, count);
	return 0;
}

static int undo(const char *folder, unsigned number) {
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *when = g_date_time_format(now, "%Y-%m-%d %H:%M");
	struct policy_change change;
	int r = policy_store_undo(folder, number, when, &change);

	if (!r)
		r = policy_store_commit(&change);
	if (!r) {
		g_autofree char *rule = policy_cli_escape(change.rule);

		printf("taken back: answer %u\n      %s\n", change.number, rule);
	}
	policy_change_deinit(&change);
	return r ? tell(r) : 0;
}

static int run(const struct undo_cli *cli, const char *number) {
	g_autofree char *folder = own_folder(cli);
	guint64 n = 0;

	if (!folder) {
		fputs("bulkhead policy: there is no home folder to look in; name one with "
		      "--folder\n",
			stderr);
		return POLICY_EXIT_REQUEST;
	}
	if (cli->list)
		return list(cli, folder);
	if (number && !g_ascii_string_to_unsigned(number, 10, 1, NUMBER_MAX, &n, NULL)) {
		fprintf(stderr, "bulkhead policy: \"%s\" is no number of an answer\n", number);
		return POLICY_EXIT_REQUEST;
	}
	return undo(folder, (unsigned)n);
}

int cmd_policy_undo(int argc, char **argv) {
	struct undo_cli cli = {.list = FALSE};
	const GOptionEntry entries[] = {
		{"list", 0, 0, G_OPTION_ARG_NONE, &cli.list, "only list the answers", NULL},
		{"json", 0, 0, G_OPTION_ARG_NONE, &cli.json, "list them in JSON", NULL},
		{"folder", 0, 0, G_OPTION_ARG_FILENAME, &cli.folder,
			"the folder with the file of answers, if not the usual one", "FOLDER"},
		{NULL}};
	int r = POLICY_EXIT_REQUEST;

	if (policy_cli_options(&argc, &argv, entries, "[NUMBER]",
		    "Takes back an answer \"always\": the newest, or the one of that number.\nExit "
		    "status: 0, 1 there is no such answer, 3 the file cannot be written, 4 wrong "
		    "option.")) {
		if (argc > 2 || (cli.list && argc > 1))
			fputs("usage: bulkhead policy undo [--list] [NUMBER]\n", stderr);
		else
			r = run(&cli, argc > 1 ? argv[1] : NULL);
	}
	g_free(cli.folder);
	return r;
}
