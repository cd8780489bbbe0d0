/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead run DOMAIN COMMAND...`: starts the domain if it does not run, then the command in it.
 */
#include "domains/cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static bool start(struct cli *c, const char *domain, GError **error) {
	g_autoptr(GVariant) r = cli_call(c, domain, "Start", NULL, NULL, error);

	return r != NULL;
}

static bool run(struct cli *c, const char *domain, char **argv, guint32 *id, GError **error) {
	g_autoptr(GVariant) r = cli_call(
		c, domain, "Run", g_variant_new("(^aay)", (const char *const *)argv), "(u)", error);

	if (r)
		g_variant_get(r, "(u)", id);
	return r != NULL;
}

static bool wait_for(struct cli *c, const char *domain, guint32 id, int *status, GError **error) {
	g_autoptr(GVariant) r = cli_call(c, domain, "Wait", g_variant_new("(u)", id), "(i)", error);

	if (r)
		g_variant_get(r, "(i)", status);
	return r != NULL;
}

int cmd_run(int argc, char **argv) {
	gboolean wait = FALSE;
	GOptionEntry entries[] = {{"wait", 'w', 0, G_OPTION_ARG_NONE, &wait,
					  "until the command ends; its exit status is ours", NULL},
		{NULL}};
	g_autoptr(GError) error = NULL;
	struct cli c;
	guint32 id = 0;
	int status, ended = 0, first = 2;

	if (!cli_options(&argc, &argv, entries, "DOMAIN [--] COMMAND [ARGUMENT ...]",
		    "Runs a command in a domain, and starts the domain if need be.\nWhat it prints "
		    "goes to `bulkhead domain log DOMAIN`.",
		    true))
		return CLI_USAGE;
	if (argc > 2 && !strcmp(argv[2], "--"))
		first = 3;
	if (argc <= first) {
		fprintf(stderr, "bulkhead: run needs a domain and a command\n");
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	if (status)
		return status;
	if (!start(&c, argv[1], &error) || !run(&c, argv[1], argv + first, &id, &error) ||
		(wait && !wait_for(&c, argv[1], id, &ended, &error)))
		status = cli_fail(error);
	else if (wait)
		status = WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
	cli_disconnect(&c);
	return status;
}
