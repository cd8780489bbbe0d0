/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead policy` as a program of its own, for tests. */
#include "domains/cli/cmd-policy.h"

#include <locale.h>

int main(int argc, char **argv) {
	setlocale(LC_ALL, "");
	return cmd_policy(argc, argv);
}
