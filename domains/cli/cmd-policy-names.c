/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bulkhead policy names`: the rules that name a domain. Rules mean names, whoever has them: who
 * removes a domain, or makes one of an old name, should look (bug class E12). Changes nothing.
 */
#include "domains/cli/cmd-policy.h"

#include <stdio.h>

static void print_rule(const struct policy_rule *rule) {
	g_autofree char *where = policy_cli_where(rule);
	g_autofree char *text = policy_cli_escape(rule->text);

	printf("%s\n      %s\n", where, text);
}

static size_t print_all(const struct policy_cli *cli, const char *name, const char *uuid) {
	g_autoptr(JsonBuilder) json = json_builder_new();
	size_t count = 0;

	json_builder_begin_array(json);
	for (size_t i = 0; i < policy_rule_count(cli->load.policy); i++) {
		const struct policy_rule *rule = policy_rule_at(cli->load.policy, i);

		if (!policy_rule_names(rule, name, uuid))
			continue;
		count++;
		json_builder_begin_object(json);
		policy_cli_json_rule(json, rule);
		json_builder_end_object(json);
		if (!cli->json)
			print_rule(rule);
	}
	json_builder_end_array(json);
	if (cli->json)
		policy_cli_json_print(json);
	else if (count == 0)
		printf("no rule names %s\n", name);
	return count;
}

static int names(struct policy_cli *cli, const char *name) {
	const struct policy_domain *domain;
	int r = policy_cli_load(cli);

	if (!r)
		r = policy_cli_domains(cli, NULL, 0);
	if (r)
		return r;
	domain = policy_system_find(cli->system, name);
	return print_all(cli, name, domain ? domain->uuid : NULL) > 0;
}

int cmd_policy_names(int argc, char **argv) {
	AUTO(policy_cli_deinit) struct policy_cli cli = {0};
	const GOptionEntry entries[] = {POLICY_CLI_OPTIONS(&cli), {NULL}};

	if (!policy_cli_options(&argc, &argv, entries, "DOMAIN",
		    "Lists the rules that name a domain, existing or not.\nExit status: 0 none "
		    "does, 1 some do, 3 error in the policy, 4 wrong option."))
		return POLICY_EXIT_REQUEST;
	if (argc != 2) {
		fputs("usage: bulkhead policy names [OPTION...] DOMAIN\n", stderr);
		return POLICY_EXIT_REQUEST;
	}
	return names(&cli, argv[1]);
}
