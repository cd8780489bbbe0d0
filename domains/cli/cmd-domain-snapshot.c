/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead domain snapshot|rollback|snapshots`. */
#include "domains/cli/cli.h"
#include "domains/cli/cmd-domain.h"

#include <stdio.h>
#include <string.h>

static int call(const char *domain, const char *method, const char *snapshot) {
	g_autoptr(GVariant) r = NULL;
	g_autoptr(GError) error = NULL;
	struct cli c;
	int status = cli_connect(&c, true);

	if (status)
		return status;
	r = cli_call_job(&c, domain, method, g_variant_new("(s)", snapshot), NULL, &error);
	cli_disconnect(&c);
	return r ? CLI_OK : cli_fail(error);
}

int cmd_domain_snapshot(int argc, char **argv) {
	g_autoptr(GDateTime) now = g_date_time_new_now_local();
	g_autofree char *name = g_date_time_format(now, "%Y-%m-%d-%H%M%S");
	gboolean remove = FALSE;
	GOptionEntry entries[] = {
		{"remove", 0, 0, G_OPTION_ARG_NONE, &remove, "removes SNAPSHOT for good", NULL},
		{NULL}};
	const char *snapshot;
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME [SNAPSHOT]",
		    "Keeps a copy of a stopped domain's home; without a name it is called after "
		    "the time.",
		    false))
		return CLI_USAGE;
	if (argc < 2 || argc > 3 || (remove && argc != 3)) {
		fprintf(stderr,
			"bulkhead: domain snapshot needs a domain's name%s a snapshot's name\n",
			remove ? " and" : ", and may have");
		return CLI_USAGE;
	}
	snapshot = argc == 3 ? argv[2] : name;
	status = call(argv[1], remove ? "RemoveSnapshot" : "TakeSnapshot", snapshot);
	if (!status && !remove)
		printf("%s\n", snapshot);
	return status;
}

int cmd_domain_rollback(int argc, char **argv) {
	GOptionEntry entries[] = {{NULL}};
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME SNAPSHOT",
		    "Gives a stopped domain the home of that snapshot. The one it has is kept as "
		    "the snapshot before-rollback.",
		    false))
		return CLI_USAGE;
	if (argc != 3) {
		fprintf(stderr,
			"bulkhead: domain rollback needs a domain's and a snapshot's name\n");
		return CLI_USAGE;
	}
	status = call(argv[1], "Rollback", argv[2]);
	if (!status)
		fprintf(stderr, "bulkhead: what %s had is its snapshot before-rollback\n", argv[1]);
	return status;
}

static gint by_time(gconstpointer a, gconstpointer b) {
	guint64 x, y;

	g_variant_get(*(GVariant *const *)a, "(&st)", NULL, &x);
	g_variant_get(*(GVariant *const *)b, "(&st)", NULL, &y);
	return x < y ? -1 : x > y;
}

static void print(GVariant *list, bool json) {
	g_autoptr(GPtrArray)
		sorted = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	g_autoptr(GVariant) out = NULL;
	GVariantBuilder b;

	for (gsize i = 0; i < g_variant_n_children(list); i++)
		g_ptr_array_add(sorted, g_variant_get_child_value(list, i));
	g_ptr_array_sort(sorted, by_time);
	g_variant_builder_init(&b, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < sorted->len; i++) {
		g_autoptr(GDateTime) when = NULL;
		g_autofree char *text = NULL;
		const char *name;
		guint64 t;

		g_variant_get(g_ptr_array_index(sorted, i), "(&st)", &name, &t);
		when = g_date_time_new_from_unix_local((gint64)t);
		text = g_date_time_format(when, "%Y-%m-%d %H:%M:%S");
		if (!json)
			printf("%s  %s\n", text, name);
		g_variant_builder_open(&b, G_VARIANT_TYPE_VARDICT);
		g_variant_builder_add(&b, "{sv}", "name", g_variant_new_string(name));
		g_variant_builder_add(&b, "{sv}", "time", g_variant_new_uint64(t));
		g_variant_builder_close(&b);
	}
	out = g_variant_ref_sink(g_variant_builder_end(&b));
	if (json)
		cli_print_json(out);
}

int cmd_domain_snapshots(int argc, char **argv) {
	gboolean json = FALSE;
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "for programs", NULL}, {NULL}};
	g_autoptr(GVariant) r = NULL, list = NULL;
	g_autoptr(GError) error = NULL;
	struct cli c;
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME", "A domain's snapshots.", false))
		return CLI_USAGE;
	if (argc != 2) {
		fprintf(stderr, "bulkhead: domain snapshots needs one name\n");
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	if (status)
		return status;
	r = cli_call(&c, argv[1], "ListSnapshots", NULL, "(a(st))", &error);
	cli_disconnect(&c);
	if (!r)
		return cli_fail(error);
	list = g_variant_get_child_value(r, 0);
	print(list, json);
	return CLI_OK;
}
