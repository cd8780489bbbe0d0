/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead run DOMAIN COMMAND...`: starts the domain if it does not run, then the command in it.
 */
#include "domains/cli/cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static bool start(struct cli *c, const char *domain, GError **error) {
	g_autoptr(GVariant) r = cli_call_job(c, domain, "Start", NULL, NULL, error);

	return r != NULL;
}

static bool run(struct cli *c, const char *domain, char **argv, guint32 *id, GError **error) {
	g_autoptr(GVariant) r = cli_call_job(
		c, domain, "Run", g_variant_new("(^aay)", (const char *const *)argv), "(u)", error);

	if (r)
		g_variant_get(r, "(u)", id);
	return r != NULL;
}

static bool wait_for(struct cli *c, const char *domain, guint32 id, int *status, GError **error) {
	g_autoptr(GVariant)
		r = cli_call_job(c, domain, "Wait", g_variant_new("(u)", id), "(i)", error);

	if (r)
		g_variant_get(r, "(i)", status);
	return r != NULL;
}

static char *make_disposable(struct cli *c, const char *model, GError **error) {
	g_autoptr(GVariant) r = cli_call(
		c, NULL, "CreateDisposable", g_variant_new("(s)", model), "(os)", error);
	char *name = NULL;

	if (r)
		g_variant_get(r, "(os)", NULL, &name);
	return name;
}

/* Ctrl-C ends a throw-away domain, with the command in it. */
static int ended_early(const char *domain, const GError *error, bool disposable) {
	if (!disposable || !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return cli_fail(error);
	fprintf(stderr, "bulkhead: %s is thrown away\n", domain);
	return CLI_INTERRUPTED;
}

/* Its domain ended first, as if it were killed. */
static int lost(const char *domain, const GError *error, bool disposable) {
	int status = ended_early(domain, error, disposable);

	return status == CLI_COMMAND ? 128 + SIGKILL : status;
}

/* The exit status. What went wrong was said. */
static int run_in(struct cli *c, const char *domain, char **argv, bool wait, bool disposable) {
	g_autoptr(GError) error = NULL;
	guint32 id = 0;
	int ended = 0;

	if (!start(c, domain, &error) || !run(c, domain, argv, &id, &error))
		return ended_early(domain, error, disposable);
	if (!wait)
		return CLI_OK;
	if (!wait_for(c, domain, id, &ended, &error))
		return lost(domain, error, disposable);
	return WIFSIGNALED(ended) ? 128 + WTERMSIG(ended) : WEXITSTATUS(ended);
}

static int run_and_throw_away(struct cli *c, const char *model, char **argv) {
	g_autoptr(GError) error = NULL;
	g_autofree char *name = make_disposable(c, model, &error);
	g_autoptr(GVariant) r = NULL;
	int status;

	if (!name)
		return cli_fail(error);
	status = run_in(c, name, argv, true, true);
	/* One that did not start is gone already. */
	r = cli_call(c, name, "Kill", NULL, NULL, NULL);
	return status;
}

int cmd_run(int argc, char **argv) {
	gboolean wait = FALSE, disposable = FALSE;
	GOptionEntry entries[] = {{"wait", 'w', 0, G_OPTION_ARG_NONE, &wait,
					  "until the command ends; its exit status is ours", NULL},
		{"disposable", 0, 0, G_OPTION_ARG_NONE, &disposable,
			"in a throw-away domain like DOMAIN, which ends with the command", NULL},
		{NULL}};
	struct cli c;
	int status, first = 2;

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
	status = disposable ? run_and_throw_away(&c, argv[1], argv + first)
			    : run_in(&c, argv[1], argv + first, wait, false);
	cli_disconnect(&c);
	return status;
}
