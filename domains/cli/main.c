/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bulkhead: the command line of a person. Every subcommand is a file of its own. */
#include "domains/cli/cli.h"
#include "domains/cli/cmd-policy.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{"domain", cmd_domain,
		"create, clone, list, show, set, remove, start, stop, kill, pause, unpause, "
		"snapshot, rollback, log"},
	{"template", cmd_template, "build, list, update and remove what domains are made from"},
	{"run", cmd_run, "run a command in a domain"},
	{"label", cmd_label, "the labels: colours and patterns"},
	{"manager", cmd_manager, "what holds for all domains: status, reload, hide, show, quit"},
	{"doctor", cmd_doctor, "what this computer lacks for running domains, and how to get it"},
	{"log", cmd_log, "what crossed between domains, and what was refused"},
	{"policy", cmd_policy, "explain, check and draw the policy"},
};

static void usage(FILE *f) {
	fprintf(f, "usage: bulkhead [--system] COMMAND ...\n\n");
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].what);
	fprintf(f, "\n--system: the bulkheadd of the system bus, also if one of yours runs\n"
		   "`bulkhead COMMAND --help` tells more.\n");
}

int main(int argc, char **argv) {
	setlocale(LC_ALL, "");
	if (argc > 1 && !strcmp(argv[1], "--system")) {
		cli_use_system_bus();
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return CLI_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("bulkhead " BULKHEAD_VERSION "\n");
		return CLI_OK;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "bulkhead: there is no command \"%s\"\n\n", argv[1]);
	usage(stderr);
	return CLI_USAGE;
}
