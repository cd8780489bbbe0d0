/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead domain ...`: what is done to domains. */
#include "domains/cli/cli.h"
#include "domains/cli/cmd-domain.h"
#include "domains/definition.h"

#include <stdio.h>
#include <string.h>

static int call_done(struct cli *c, GVariant *r, GError *error) {
	int status = r ? CLI_OK : cli_fail(error);

	if (r)
		g_variant_unref(r);
	if (error)
		g_error_free(error);
	cli_disconnect(c);
	return status;
}

/* --KEY=VALUE for every property there is. */
static GOptionEntry *property_entries(char **values, gboolean *yes) {
	GOptionEntry *e = g_new0(GOptionEntry, property_count + 2);

	for (size_t i = 0; i < property_count; i++) {
		char *name = g_strdelimit(g_strdup(properties[i].key), "_", '-');

		e[i] = (GOptionEntry){
			name, 0, 0, G_OPTION_ARG_STRING, &values[i], properties[i].rule, "VALUE"};
	}
	e[property_count] = (GOptionEntry){"yes", 'y', 0, G_OPTION_ARG_NONE, yes,
		"do not ask although rules name it already", NULL};
	return e;
}

static bool parse_create(int *argc, char ***argv, char **values, gboolean *yes) {
	GOptionEntry *e = property_entries(values, yes);
	bool ok = cli_options(argc, argv, e, "NAME", "Makes a domain.", false);

	for (size_t i = 0; i < property_count; i++)
		g_free((char *)(uintptr_t)e[i].long_name);
	g_free(e);
	return ok;
}

static int create(int argc, char **argv) {
	g_autofree char **values = g_new0(char *, property_count);
	gboolean yes = FALSE;
	struct cli c;
	GVariantBuilder pairs;
	GError *error = NULL;
	GVariant *r;
	int status;

	if (!parse_create(&argc, &argv, values, &yes))
		return CLI_USAGE;
	if (argc != 2) {
		fprintf(stderr, "bulkhead: domain create needs one name\n");
		return CLI_USAGE;
	}
	if (!domain_rules_accept(argv[1], yes))
		return CLI_FAILED;
	status = cli_connect(&c, true);
	if (status)
		return status;
	g_variant_builder_init(&pairs, G_VARIANT_TYPE("a{ss}"));
	for (size_t i = 0; i < property_count; i++)
		if (values[i])
			g_variant_builder_add(&pairs, "{ss}", properties[i].key, values[i]);
	r = cli_call(&c, NULL, "CreateDomain", g_variant_new("(sa{ss})", argv[1], &pairs), "(o)",
		&error);
	return call_done(&c, r, error);
}

static int clone_(int argc, char **argv) {
	GOptionEntry entries[] = {{NULL}};
	struct cli c;
	GError *error = NULL;
	GVariant *r;
	int status;

	if (!cli_options(&argc, &argv, entries, "FROM NAME",
		    "Makes a domain with the properties of another one, and an empty home.", false))
		return CLI_USAGE;
	if (argc != 3) {
		fprintf(stderr, "bulkhead: domain clone needs two names\n");
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	if (status)
		return status;
	r = cli_call(
		&c, NULL, "CloneDomain", g_variant_new("(ss)", argv[1], argv[2]), "(o)", &error);
	return call_done(&c, r, error);
}

static int remove_(int argc, char **argv) {
	gboolean keep = FALSE;
	GOptionEntry entries[] = {
		{"keep-data", 0, 0, G_OPTION_ARG_NONE, &keep, "leave its home where it is", NULL},
		{NULL}};
	struct cli c;
	GError *error = NULL;
	GVariant *r;
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME", "Removes a domain and its home for good.",
		    false))
		return CLI_USAGE;
	if (argc != 2) {
		fprintf(stderr, "bulkhead: domain remove needs one name\n");
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	if (status)
		return status;
	r = cli_call_job(
		&c, NULL, "RemoveDomain", g_variant_new("(sb)", argv[1], keep), NULL, &error);
	if (r)
		domain_rules_left(argv[1]);
	return call_done(&c, r, error);
}

static int set(int argc, char **argv) {
	GOptionEntry entries[] = {{NULL}};
	struct cli c;
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME KEY=VALUE ...",
		    "Changes a domain's properties.", false))
		return CLI_USAGE;
	if (argc < 3) {
		fprintf(stderr, "bulkhead: domain set needs a name and at least one KEY=VALUE\n");
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	for (int i = 2; i < argc && !status; i++) {
		char *equals = strchr(argv[i], '=');
		g_autofree char *key = equals ? g_strndup(argv[i], (gsize)(equals - argv[i]))
					      : NULL;
		g_autoptr(GError) error = NULL;
		g_autoptr(GVariant) r = NULL;

		if (!key) {
			fprintf(stderr, "bulkhead: \"%s\" is not KEY=VALUE\n", argv[i]);
			status = CLI_USAGE;
			break;
		}
		r = cli_call(&c, argv[1], "SetText",
			g_variant_new("(ss)", g_strdelimit(key, "-", '_'), equals + 1), NULL,
			&error);
		if (!r)
			status = cli_fail(error);
	}
	cli_disconnect(&c);
	return status;
}

/* start, kill, pause, unpause NAME ... ; each is tried. */
static int each(int argc, char **argv, const char *method, GVariant *args, const char *summary,
	const GOptionEntry *entries) {
	struct cli c;
	int status = CLI_OK;

	if (argc < 2) {
		fprintf(stderr, "bulkhead: %s needs at least one name\n", summary);
		return CLI_USAGE;
	}
	status = cli_connect(&c, true);
	if (status)
		return status;
	for (int i = 1; i < argc && status != CLI_INTERRUPTED; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GVariant) r = cli_call_job(&c, argv[i], method, args, NULL, &error);

		if (!r)
			status = cli_fail(error);
	}
	cli_disconnect(&c);
	return status;
}

static int simple(int argc, char **argv) {
	static const struct {
		const char *name, *method;
	} all[] = {
		{"start", "Start"}, {"kill", "Kill"}, {"pause", "Pause"}, {"unpause", "Unpause"}};
	GOptionEntry entries[] = {{NULL}};
	const char *method = NULL, *name = argv[0];

	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (!strcmp(all[i].name, name))
			method = all[i].method;
	if (!cli_options(&argc, &argv, entries, "NAME ...", NULL, false))
		return CLI_USAGE;
	return each(argc, argv, method, NULL, name, entries);
}

static int stop(int argc, char **argv) {
	gboolean force = FALSE;
	GOptionEntry entries[] = {
		{"force", 0, 0, G_OPTION_ARG_NONE, &force, "do not let its programs end", NULL},
		{NULL}};
	g_autoptr(GVariant) args = NULL;

	if (!cli_options(&argc, &argv, entries, "NAME ...",
		    "Ends a domain's programs, then the domain.", false))
		return CLI_USAGE;
	args = g_variant_ref_sink(g_variant_new("(b)", force));
	return each(argc, argv, "Stop", args, "stop", entries);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{"create", create, "NAME [--label L] [--netvm N] ...   make a domain"},
	{"clone", clone_,
		"FROM NAME                          make one like another, with an empty home"},
	{"list", cmd_domain_list,
		"[--json]                           all domains and their states"},
	{"show", cmd_domain_show, "NAME [--json]                      everything about one"},
	{"set", set, "NAME KEY=VALUE ...                 change its properties"},
	{"remove", remove_, "NAME [--keep-data]                 remove it and its home"},
	{"start", simple, "NAME ...                           start it"},
	{"stop", stop, "NAME ... [--force]                 end its programs, then it"},
	{"kill", simple, "NAME ...                           end it at once"},
	{"pause", simple, "NAME ...                           freeze all of its processes"},
	{"unpause", simple, "NAME ...                           let them go on"},
	{"snapshot", cmd_domain_snapshot,
		"NAME [SNAPSHOT] [--remove]         keep a copy of its home"},
	{"snapshots", cmd_domain_snapshots, "NAME [--json]                      those there are"},
	{"rollback", cmd_domain_rollback, "NAME SNAPSHOT                      go back to one"},
	{"log", cmd_domain_log, "NAME                               what its programs printed"},
};

int cmd_domain(int argc, char **argv) {
	for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(argc > 1 && !strcmp(argv[1], "--help") ? stdout : stderr,
		"usage: bulkhead domain COMMAND ...\n\n");
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(argc > 1 && !strcmp(argv[1], "--help") ? stdout : stderr, "  %-9s %s\n",
			commands[i].name, commands[i].what);
	return argc > 1 && !strcmp(argv[1], "--help") ? CLI_OK : CLI_USAGE;
}
