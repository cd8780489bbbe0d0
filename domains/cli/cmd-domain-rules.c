/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules mean names, whoever has them: who removes a domain hears which rules name it still, and who
 * makes one of a name that stands in rules is asked first (bug class E12).
 */
#include "domains/cli/cmd-domain.h"
#include "domains/cli/cmd-policy.h"

#include <stdio.h>
#include <unistd.h>

static size_t print_rules(const char *name, const char *before, const char *after) {
	AUTO(policy_cli_deinit) struct policy_cli cli = {0};
	size_t count = 0;

	if (policy_cli_load(&cli))
		return 0;
	for (size_t i = 0; i < policy_rule_count(cli.load.policy); i++) {
		const struct policy_rule *rule = policy_rule_at(cli.load.policy, i);
		g_autofree char *where = NULL, *text = NULL;

		if (!policy_rule_names(rule, name, NULL))
			continue;
		if (count++ == 0)
			fprintf(stderr, "%s%s%s:\n", before, name, after);
		where = policy_cli_where(rule);
		text = policy_cli_escape(rule->text);
		fprintf(stderr, "  %s: %s\n", where, text);
	}
	return count;
}

void domain_rules_left(const char *name) {
	print_rules(
		name, "These rules name ", " still, and would hold for a new domain of that name");
}

bool domain_rules_accept(const char *name, bool asked) {
	char answer[16] = "";

	if (print_rules(name, "These rules hold for every domain that is called ", "") == 0 ||
		asked || !isatty(STDIN_FILENO))
		return true;
	fputs("Make the domain? [y/N] ", stderr);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}
