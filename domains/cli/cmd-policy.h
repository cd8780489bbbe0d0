/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* `bulkhead policy ...`: each subcommand is a file of its own; argv[0] is the subcommand's name. */
#include "policy/loader.h"
#include "policy/system.h"

#include <json-glib/json-glib.h>

int cmd_policy(int argc, char **argv);
int cmd_policy_lint(int argc, char **argv);
int cmd_policy_explain(int argc, char **argv);
int cmd_policy_graph(int argc, char **argv);
int cmd_policy_undo(int argc, char **argv);
int cmd_policy_leases(int argc, char **argv);
int cmd_policy_files(int argc, char **argv);
int cmd_policy_names(int argc, char **argv);

enum {
	POLICY_EXIT_ALLOW = 0,
	POLICY_EXIT_DENY = 1,
	POLICY_EXIT_ASK = 2,
	POLICY_EXIT_POLICY = 3,  /* the policy has errors, or is being written */
	POLICY_EXIT_REQUEST = 4, /* the request, an option or the domains' file is wrong */
};

/* Options that every subcommand has, and what they lead to. All zero is empty. */
struct policy_cli {
	char **folders; /* --dir, as often as one likes; none: the usual ones */
	char *compat;
	char *domains;
	char *draft; /* a file of the own folder whose text comes from standard input */
	gboolean json;
	struct policy_load load;
	struct policy_system *system;
	bool made_up; /* system comes from the rules alone: no --domains was given */
};

/* The rows of --dir, --compat-dir, --domains and --json, to stand in a subcommand's own table. */
#define POLICY_CLI_OPTIONS(cli)                                                                    \
	{"dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(cli)->folders,                                \
		"read the policy of this folder instead of the usual ones", "FOLDER"},             \
		{"compat-dir", 0, 0, G_OPTION_ARG_FILENAME, &(cli)->compat,                        \
			"read the rules of !compat-4.0 from this folder", "FOLDER"},               \
		{"domains", 0, 0, G_OPTION_ARG_FILENAME, &(cli)->domains,                          \
			"the domains there are, as JSON", "FILE"},                                 \
	{                                                                                          \
		"json", 0, 0, G_OPTION_ARG_NONE, &(cli)->json, "answer in JSON", NULL              \
	}

/* Parses argv; false after a message if that went wrong. usage: what stands behind the options. */
bool policy_cli_options(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
	const char *summary);

/* Reads the policy: 0, or POLICY_EXIT_POLICY after the errors were told (on standard error as text,
 * or as a JSON object on standard output). */
int policy_cli_load(struct policy_cli *cli);

/* The text on standard input, in place of the file of that name in the own folder. 0, -EINVAL: no
 * such name can be, -E2BIG, or -errno. text is the caller's. */
MUST_USE int policy_cli_draft(const char *name, const char *own, struct policy_override *ret);

/* Reads the domains, asks bulkheadd for them, or makes some up from the rules and `names`: 0, or
 * POLICY_EXIT_REQUEST after a message. */
int policy_cli_domains(struct policy_cli *cli, const char *const *names, size_t name_count);

/* The domains of the bulkheadd that runs; NULL if there is none. (policy-domains.c; the program of
 * tests has none.) */
struct policy_system *policy_cli_live_domains(void);

void policy_cli_deinit(struct policy_cli *cli);

/* Adds "file", "line" and "rule" of a rule (nulls for none) to the open object. */
void policy_cli_json_rule(JsonBuilder *json, const struct policy_rule *rule);
void policy_cli_json_print(JsonBuilder *json);

/* "FILE:LINE", for a rule that the old format implies "FILE (implied)". Free it. */
char *policy_cli_where(const struct policy_rule *rule);

/* A text of a file or a person with every control character and broken byte as \xNN. Free it. */
char *policy_cli_escape(const char *text);
