/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead domain list|show|log`: as text for people, as JSON for programs. */
#include "domains/cli/cli.h"
#include "domains/cli/cmd-domain.h"
#include "domains/definition.h"
#include "domains/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(GVariant *domain, const char *name) {
	const char *text = "";

	g_variant_lookup(domain, name, "&s", &text);
	return text;
}

static unsigned number_of(GVariant *domain, const char *name) {
	guint32 n = 0;

	g_variant_lookup(domain, name, "u", &n);
	return n;
}

/* The same with the keys that people know. */
static GVariant *with_keys(GVariant *domain) {
	GVariantBuilder b;
	GVariantIter i;
	const char *name;
	GVariant *value;

	g_variant_builder_init(&b, G_VARIANT_TYPE_VARDICT);
	g_variant_iter_init(&i, domain);
	while (g_variant_iter_loop(&i, "{&sv}", &name, &value)) {
		g_autofree char *key = cli_key(name);

		g_variant_builder_add(&b, "{sv}", key, value);
	}
	return g_variant_builder_end(&b);
}

static gint by_name(gconstpointer a, gconstpointer b) {
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static GPtrArray *sorted_names(GVariant *all) {
	GPtrArray *names = g_ptr_array_new();
	GVariantIter i;
	const char *name;

	g_variant_iter_init(&i, all);
	while (g_variant_iter_next(&i, "{&s@a{sv}}", &name, NULL))
		g_ptr_array_add(names, (gpointer)(uintptr_t)name);
	g_ptr_array_sort(names, by_name);
	return names;
}

static void print_table(GVariant *all, GPtrArray *names) {
	printf("%-20s %-9s %-8s %-14s %-10s %7s  %-36s %s\n", "NAME", "STATE", "LABEL", "PATTERN",
		"NETVM", "WINDOWS", "UUID", "TAGS");
	for (guint i = 0; i < names->len; i++) {
		g_autoptr(GVariant) d = g_variant_lookup_value(
			all, g_ptr_array_index(names, i), G_VARIANT_TYPE_VARDICT);

		printf("%-20s %-9s %-8s %-14s %-10s %7u  %-36s %s\n", text_of(d, "Name"),
			text_of(d, "State"), text_of(d, "Label"), text_of(d, "Pattern"),
			*text_of(d, "Netvm") ? text_of(d, "Netvm") : "-", number_of(d, "Windows"),
			text_of(d, "Uuid"), text_of(d, "Tags"));
	}
}

static void print_list_json(GVariant *all, GPtrArray *names) {
	g_autoptr(GVariant) list = NULL;
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("aa{sv}"));
	for (guint i = 0; i < names->len; i++) {
		g_autoptr(GVariant) d = g_variant_lookup_value(
			all, g_ptr_array_index(names, i), G_VARIANT_TYPE_VARDICT);

		g_variant_builder_add_value(&b, with_keys(d));
	}
	list = g_variant_ref_sink(g_variant_builder_end(&b));
	cli_print_json(list);
}

/* A property of Manager1, or NULL. */
static GVariant *global(struct cli *c, const char *name) {
	g_autoptr(GVariant) r = g_dbus_connection_call_sync(c->connection, c->name, "/org/bulkhead",
		"org.freedesktop.DBus.Properties", "Get",
		g_variant_new("(ss)", "org.bulkhead.Manager1", name), G_VARIANT_TYPE("(v)"),
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	GVariant *value = NULL;

	if (r)
		g_variant_get(r, "(v)", &value);
	return value;
}

/* Throw-away domains that wait for their use. */
static void print_prepared(struct cli *c) {
	g_autoptr(GVariant) list = global(c, "Prepared");
	GVariantIter i;
	const char *name, *model, *state;

	if (!list || !g_variant_is_of_type(list, G_VARIANT_TYPE("a(sss)")))
		return;
	g_variant_iter_init(&i, list);
	while (g_variant_iter_next(&i, "(&s&s&s)", &name, &model, &state))
		printf("%-20s %-9s for `run --disposable %s` (%s)\n", name, "prepared", model,
			!strcmp(state, "paused") ? "frozen" : state);
}

static void warn_broken(struct cli *c) {
	g_autoptr(GVariant) list = global(c, "Broken");
	GVariantIter i;
	const char *file, *why;

	if (!list)
		return;
	g_variant_iter_init(&i, list);
	while (g_variant_iter_next(&i, "(&s&s)", &file, &why))
		fprintf(stderr, "bulkhead: a definition is ignored: %s\n", why);
}

int cmd_domain_list(int argc, char **argv) {
	gboolean json = FALSE;
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "for programs", NULL}, {NULL}};
	g_autoptr(GPtrArray) names = NULL;
	g_autoptr(GVariant) all = NULL;
	g_autoptr(GError) error = NULL;
	struct cli c;
	int status;

	if (!cli_options(&argc, &argv, entries, NULL, "All domains.", false))
		return CLI_USAGE;
	status = cli_connect(&c, true);
	if (status)
		return status;
	all = cli_domains(&c, &error);
	if (!all) {
		cli_disconnect(&c);
		return cli_fail(error);
	}
	names = sorted_names(all);
	if (json)
		print_list_json(all, names);
	else {
		print_table(all, names);
		print_prepared(&c);
	}
	warn_broken(&c);
	cli_disconnect(&c);
	return CLI_OK;
}

static void print_domain(GVariant *d) {
	GVariantIter i;
	const char *name;
	GVariant *value;

	g_variant_iter_init(&i, d);
	while (g_variant_iter_loop(&i, "{&sv}", &name, &value)) {
		g_autofree char *key = cli_key(name), *text = NULL;

		if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
			text = g_strescape(g_variant_get_string(value, NULL), NULL);
		else if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
			text = g_strdup(g_variant_get_boolean(value) ? "yes" : "no");
		else
			text = g_variant_print(value, FALSE);
		printf("%-21s %s\n", key, text);
	}
}

int cmd_domain_show(int argc, char **argv) {
	gboolean json = FALSE;
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &json, "for programs", NULL}, {NULL}};
	g_autoptr(GVariant) all = NULL, d = NULL, out = NULL;
	g_autoptr(GError) error = NULL;
	struct cli c;
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME", "Everything about one domain.", false))
		return CLI_USAGE;
	if (argc != 2) {
		fprintf(stderr, "bulkhead: domain show needs one name\n");
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	if (status)
		return status;
	all = cli_domains(&c, &error);
	cli_disconnect(&c);
	if (!all)
		return cli_fail(error);
	d = g_variant_lookup_value(all, argv[1], G_VARIANT_TYPE_VARDICT);
	if (!d) {
		fprintf(stderr, "bulkhead: there is no domain \"%s\"\n", argv[1]);
		return CLI_NO_DOMAIN;
	}
	out = g_variant_ref_sink(with_keys(d));
	if (json)
		cli_print_json(out);
	else
		print_domain(d);
	return CLI_OK;
}

int cmd_domain_log(int argc, char **argv) {
	GOptionEntry entries[] = {{NULL}};
	g_autofree char *state = paths_state(), *file = NULL, *text = NULL;
	g_autoptr(GError) error = NULL;
	struct domain_name name;

	if (!cli_options(&argc, &argv, entries, "NAME", "What a domain's programs printed.", false))
		return CLI_USAGE;
	if (argc != 2 || domain_name_parse(argv[1], &name)) {
		fprintf(stderr, "bulkhead: domain log needs one domain's name\n");
		return CLI_USAGE;
	}
	/* Control characters were made visible when it was written. */
	file = g_strdup_printf("%s/domains/%s.log", state, name.s);
	if (!g_file_get_contents(file, &text, NULL, &error)) {
		fprintf(stderr, "bulkhead: %s\n", error->message);
		return CLI_NO_DOMAIN;
	}
	fputs(text, stdout);
	return CLI_OK;
}
