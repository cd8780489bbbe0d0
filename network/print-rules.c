/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests/integration/test_network_rules.py: what bulkhead-network-serve would load, on stdout.
 *
 *     print-rules common
 *     print-rules rules|commands|gone VIF PLAN     PLAN: as it stands in xenstore
 */
#include "network/rules.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
	g_autofree char *text = NULL;
	struct network_plan plan;

	if (argc == 2 && !strcmp(argv[1], "common")) {
		text = network_rules_common();
	} else if (argc == 4 && !network_plan_decode(span_over(argv[3], strlen(argv[3])), &plan)) {
		text = !strcmp(argv[1], "rules")      ? network_rules_vif(argv[2], &plan)
		       : !strcmp(argv[1], "commands") ? network_commands_vif(argv[2], &plan)
						      : network_rules_gone(argv[2]);
	}
	if (!text)
		return 2;
	fputs(text, stdout);
	return 0;
}
