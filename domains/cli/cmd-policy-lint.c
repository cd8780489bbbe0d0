/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy lint`: errors, and what is probably not meant so. Changes nothing. */
#include "domains/cli/cmd-policy.h"

#include "policy/lint.h"

#include <stdio.h>

static void json_finding(JsonBuilder *json, const struct policy_finding *finding) {
	json_builder_begin_object(json);
	json_builder_set_member_name(json, "kind");
	json_builder_add_string_value(json, policy_finding_name(finding->kind));
	policy_cli_json_rule(json, finding->rule);
	json_builder_set_member_name(json, "message");
	json_builder_add_string_value(json, finding->words);
	if (finding->other) {
		json_builder_set_member_name(json, "other");
		json_builder_begin_object(json);
		policy_cli_json_rule(json, finding->other);
		json_builder_end_object(json);
	}
	json_builder_end_object(json);
}

static void print_json(const struct policy_cli *cli, const struct policy_findings *findings) {
	g_autoptr(JsonBuilder) json = json_builder_new();

	json_builder_begin_object(json);
	json_builder_set_member_name(json, "rules");
	json_builder_add_int_value(json, (gint64)policy_rule_count(cli->load.policy));
	json_builder_set_member_name(json, "errors");
	json_builder_begin_array(json);
	json_builder_end_array(json);
	json_builder_set_member_name(json, "findings");
	json_builder_begin_array(json);
	for (size_t i = 0; i < findings->count; i++)
		json_finding(json, &findings->list[i]);
	json_builder_end_array(json);
	json_builder_end_object(json);
	policy_cli_json_print(json);
}

static void print_finding(const struct policy_finding *finding) {
	g_autofree char *where = policy_cli_where(finding->rule);
	g_autofree char *text = policy_cli_escape(finding->rule->text);

	printf("%s: %s: %s\n      %s\n", where, policy_finding_name(finding->kind), finding->words,
		text);
	if (finding->other) {
		g_autofree char *there = policy_cli_where(finding->other);
		g_autofree char *other = policy_cli_escape(finding->other->text);

		printf("    see %s\n      %s\n", there, other);
	}
}

static void print_text(const struct policy_cli *cli, const struct policy_findings *findings) {
	for (size_t i = 0; i < findings->count; i++)
		print_finding(&findings->list[i]);
	printf("%zu rules, no errors, %zu findings\n", policy_rule_count(cli->load.policy),
		findings->count);
	if (findings->incomplete)
		printf("(too many rules and domains to look for all unreachable rules)\n");
	if (cli->made_up)
		printf("(without --domains: names, tags and states of domains were not looked "
		       "at)\n");
}

int cmd_policy_lint(int argc, char **argv) {
	AUTO(policy_cli_deinit) struct policy_cli cli = {0};
	const GOptionEntry entries[] = {POLICY_CLI_OPTIONS(&cli),
		{"draft", 0, 0, G_OPTION_ARG_STRING, &cli.draft,
			"as if this file of your own folder held what standard input says", "NAME"},
		{NULL}};
	struct policy_findings findings;
	int r;

	if (!policy_cli_options(&argc, &argv, entries, "",
		    "Looks for errors, and for rules without effect or with one that is hardly "
		    "meant.\nExit status: 0 nothing found, 1 findings, 3 error in the policy, 4 "
		    "wrong option."))
		return POLICY_EXIT_REQUEST;
	if (argc > 1) {
		fputs("usage: bulkhead policy lint [OPTION...]\n", stderr);
		return POLICY_EXIT_REQUEST;
	}
	r = policy_cli_load(&cli);
	if (!r)
		r = policy_cli_domains(&cli, NULL, 0);
	if (r)
		return r;
	if (policy_lint(cli.load.policy, cli.system, !cli.made_up, &findings)) {
		fputs("bulkhead policy: there is not enough memory\n", stderr);
		policy_findings_deinit(&findings);
		return POLICY_EXIT_REQUEST;
	}
	if (cli.json)
		print_json(&cli, &findings);
	else
		print_text(&cli, &findings);
	r = findings.count > 0;
	policy_findings_deinit(&findings);
	return r;
}
