/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy` as a program of its own, for tests. */
#include "domains/cli/cmd-policy.h"

#include <locale.h>

struct policy_system *policy_cli_live_domains(void) {
	return NULL;
}

int main(int argc, char **argv) {
	setlocale(LC_ALL, "");
	return cmd_policy(argc, argv);
}
