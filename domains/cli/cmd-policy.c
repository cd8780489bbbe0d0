/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the policy subcommands share: options, reading, words for errors. Changes nothing. */
#include "domains/cli/cmd-policy.h"

#include "policy/system-json.h"
#include "policy/world.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *words;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"explain", "why a call is allowed, denied or asked about", cmd_policy_explain},
	{"lint", "what is wrong or without effect in the policy", cmd_policy_lint},
	{"graph", "who can reach whom", cmd_policy_graph},
	{"names", "the rules that name a domain", cmd_policy_names},
	{"files", "the files that make up the policy", cmd_policy_files},
	{"leases", "answers that hold for a while, and how to end them", cmd_policy_leases},
	{"undo", "take back an answer \"always\"", cmd_policy_undo},
};

static int usage(FILE *to) {
	fputs("usage: bulkhead policy COMMAND [OPTION...]\n\n", to);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].words);
	fputs("\n`bulkhead policy COMMAND --help` tells more.\n", to);
	return to == stdout ? 0 : POLICY_EXIT_REQUEST;
}

int cmd_policy(int argc, char **argv) {
	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help"))
		return usage(stdout);
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "bulkhead policy: there is no command \"%s\"\n", argv[1]);
	return usage(stderr);
}

bool policy_cli_options(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
	const char *summary) {
	g_autoptr(GOptionContext) context = g_option_context_new(usage);
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(context, summary);
	if (g_option_context_parse(context, argc, argv, &error))
		return true;
	fprintf(stderr, "bulkhead policy: %s\n", error->message);
	return false;
}

char *policy_cli_escape(const char *text) {
	GString *out = g_string_new(NULL);

	while (*text) {
		gunichar c = g_utf8_get_char_validated(text, -1);

		if (c >= (gunichar)-2 || !g_unichar_isprint(c)) {
			g_string_append_printf(out, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		g_string_append_unichar(out, c);
		text = g_utf8_next_char(text);
	}
	return g_string_free(out, FALSE);
}

char *policy_cli_where(const struct policy_rule *rule) {
	g_autofree char *file = policy_cli_escape(rule->file);

	return rule->line ? g_strdup_printf("%s:%u", file, rule->line)
			  : g_strdup_printf("%s (implied after it)", file);
}

static void print_error(const struct policy_error *error) {
	g_autofree char *file = policy_cli_escape(error->file);
	g_autofree char *words = policy_cli_escape(error->words);
	g_autofree char *text = policy_cli_escape(error->text);

	fputs(file, stderr);
	if (error->line)
		fprintf(stderr, ":%u", error->line);
	if (error->column)
		fprintf(stderr, ":%u", error->column);
	fprintf(stderr, ": %s\n", words);
	if (*text)
		fprintf(stderr, "    %s\n", text);
}

static void json_text(JsonBuilder *json, const char *key, const char *text) {
	g_autofree char *escaped = policy_cli_escape(text);

	json_builder_set_member_name(json, key);
	json_builder_add_string_value(json, escaped);
}

static void json_number(JsonBuilder *json, const char *key, guint number) {
	json_builder_set_member_name(json, key);
	if (number)
		json_builder_add_int_value(json, number);
	else
		json_builder_add_null_value(json);
}

static void json_error(JsonBuilder *json, const struct policy_error *error) {
	json_text(json, "file", error->file);
	json_number(json, "line", error->line);
	json_number(json, "column", error->column);
	json_text(json, "text", error->text);
	json_text(json, "message", error->words);
}

void policy_cli_json_rule(JsonBuilder *json, const struct policy_rule *rule) {
	json_builder_set_member_name(json, "file");
	if (rule)
		json_builder_add_string_value(json, rule->file);
	else
		json_builder_add_null_value(json);
	json_number(json, "line", rule ? rule->line : 0);
	json_builder_set_member_name(json, "rule");
	if (rule)
		json_builder_add_string_value(json, rule->text);
	else
		json_builder_add_null_value(json);
}

void policy_cli_json_print(JsonBuilder *json) {
	g_autoptr(JsonNode) root = json_builder_get_root(json);
	g_autofree char *text = json_to_string(root, TRUE);

	puts(text);
}

/* The same object for every subcommand: an outcome, and the errors; file and line of the first. */
static void print_errors_json(const struct policy_load *load, const char *words) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_text(json, "outcome", "policy-syntax-error");
	json_text(json, "reason", words);
	json_builder_set_member_name(json, "file");
	if (load->errors.count)
		json_builder_add_string_value(json, load->errors.list[0].file);
	else
		json_builder_add_null_value(json);
	json_number(json, "line", load->errors.count ? load->errors.list[0].line : 0);
	json_builder_set_member_name(json, "passed_over");
	json_builder_begin_array(json);
	json_builder_end_array(json);
	json_builder_set_member_name(json, "errors");
	json_builder_begin_array(json);
	for (size_t i = 0; i < load->errors.count; i++) {
		json_builder_begin_object(json);
		json_error(json, &load->errors.list[i]);
		json_builder_end_object(json);
	}
	json_builder_end_array(json);
	json_builder_end_object(json);
	policy_cli_json_print(json);
}

static int tell_errors(const struct policy_cli *cli, int r) {
	const struct policy_load *load = &cli->load;
	g_autofree char *words =
		r == POLICY_E_BROKEN ? g_strdup("the policy has errors, so every call is denied")
		: r == POLICY_E_BUSY
			? g_strdup_printf("%s is being written right now: try again",
				  load->busy ? load->busy : "the policy")
			: g_strdup_printf("the policy cannot be read: %s", g_strerror(-r));

	if (cli->json) {
		print_errors_json(load, words);
		return POLICY_EXIT_POLICY;
	}
	for (size_t i = 0; i < load->errors.count; i++)
		print_error(&load->errors.list[i]);
	if (load->errors.more)
		fprintf(stderr, "... and %zu more\n", load->errors.more);
	fprintf(stderr, "bulkhead policy: %s\n", words);
	return POLICY_EXIT_POLICY;
}

/* A file that was written a moment ago by somebody else settles soon; one that is held open does
 * not, and is told. */
#define TRIES   8
#define WAIT_US 30000

int policy_cli_load(struct policy_cli *cli) {
	struct policy_folders usual = {0};
	struct policy_places places = {(const char *const *)cli->folders,
		cli->folders ? g_strv_length(cli->folders) : 0,
		cli->compat ? cli->compat : POLICY_COMPAT_FOLDER};
	struct policy_override draft = {0};
	int r = cli->draft || !cli->folders ? policy_folders_default(&usual) : 0;

	if (!cli->folders) {
		places.folders = (const char *const *)usual.list;
		places.folder_count = usual.count;
	}
	if (!r && cli->draft)
		r = policy_cli_draft(cli->draft, usual.own, &draft);
	for (unsigned i = 0; r == 0 && i < TRIES; i++) {
		if (i > 0)
			g_usleep(WAIT_US);
		policy_load_deinit(&cli->load);
		r = draft.text ? policy_load_with(&places, &draft, &cli->load)
			       : policy_load(&places, &cli->load);
		if (r != POLICY_E_BUSY)
			break;
		r = i + 1 < TRIES ? 0 : r;
	}
	g_free((char *)draft.text);
	policy_folders_deinit(&usual);
	return r ? tell_errors(cli, r) : 0;
}

int policy_cli_domains(struct policy_cli *cli, const char *const *names, size_t name_count) {
	g_autoptr(GError) error = NULL;

	if (cli->domains) {
		cli->system = policy_system_from_file(cli->domains, &error);
		if (cli->system)
			return 0;
		fprintf(stderr, "bulkhead policy: %s: %s\n", cli->domains, error->message);
		return POLICY_EXIT_REQUEST;
	}
	cli->system = policy_cli_live_domains();
	if (cli->system)
		return 0;
	cli->made_up = true;
	if (policy_world_new(cli->load.policy, names, name_count, &cli->system)) {
		fputs("bulkhead policy: there is not enough memory\n", stderr);
		return POLICY_EXIT_REQUEST;
	}
	return 0;
}

void policy_cli_deinit(struct policy_cli *cli) {
	g_strfreev(cli->folders);
	g_free(cli->compat);
	g_free(cli->domains);
	g_free(cli->draft);
	policy_load_deinit(&cli->load);
	policy_system_free(cli->system);
	*cli = (struct policy_cli){0};
}
