/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead manager ...`: bulkheadd itself. */
#include "domains/cli/cli.h"

#include <stdio.h>
#include <string.h>

static int call(const char *method, GVariant *args) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) r = NULL, keep = args ? g_variant_ref_sink(args) : NULL;
	struct cli c;
	int status = cli_connect(&c, false);

	if (status)
		return status;
	r = cli_call(&c, NULL, method, args, NULL, &error);
	status = r ? CLI_OK : cli_fail(error);
	cli_disconnect(&c);
	return status;
}

static int print_status(bool json) {
	g_autoptr(GVariant) r = NULL, all = NULL;
	g_autoptr(GError) error = NULL;
	struct cli c;
	GVariantIter i;
	GVariant *value;
	const char *name;
	int status = cli_connect(&c, false);

	if (status)
		return status;
	r = g_dbus_connection_call_sync(c.connection, c.name, "/org/bulkhead",
		"org.freedesktop.DBus.Properties", "GetAll",
		g_variant_new("(s)", "org.bulkhead.Manager1"), G_VARIANT_TYPE("(a{sv})"),
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
	cli_disconnect(&c);
	if (!r)
		return cli_fail(error);
	all = g_variant_get_child_value(r, 0);
	if (json) {
		cli_print_json(all);
		return CLI_OK;
	}
	g_variant_iter_init(&i, all);
	while (g_variant_iter_loop(&i, "{&sv}", &name, &value)) {
		g_autofree char *text = g_variant_print(value, FALSE);

		printf("%-15s %s\n", name, text);
	}
	return CLI_OK;
}

int cmd_manager(int argc, char **argv) {
	gboolean json = FALSE, stop = FALSE;
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "status for programs", NULL},
		{"stop-domains", 0, 0, G_OPTION_ARG_NONE, &stop, "quit: stop all domains first",
			NULL},
		{NULL}};
	const char *what;

	if (!cli_options(&argc, &argv, entries, "status|reload|hide|show|quit",
		    "bulkheadd itself. hide: no window of any domain is seen until show.", false))
		return CLI_USAGE;
	what = argc == 2 ? argv[1] : "";
	if (!strcmp(what, "status"))
		return print_status(json);
	if (!strcmp(what, "reload"))
		return call("Reload", NULL);
	if (!strcmp(what, "hide") || !strcmp(what, "show"))
		return call("HideAll", g_variant_new("(b)", *what == 'h'));
	if (!strcmp(what, "quit"))
		return call("Quit", g_variant_new("(b)", stop));
	fprintf(stderr, "usage: bulkhead manager status|reload|hide|show|quit\n");
	return CLI_USAGE;
}
