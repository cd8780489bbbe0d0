/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `bulkhead template ...`: what domains are made from. */
#include "domains/cli/cli.h"
#include "domains/cli/template.h"
#include "domains/paths.h"

#include "common/domain-name.h"

#include <dirent.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define AGENT "bulkhead-agent"

static int say(const GError *error) {
	fprintf(stderr, "bulkhead: %s\n", error->message);
	return CLI_FAILED;
}

static bool name_ok(const char *text) {
	struct domain_name name;
	int r = domain_name_parse(text, &name);

	if (r || !strcmp(text, "host"))
		fprintf(stderr, "bulkhead: \"%s\" cannot be a template's name: %s\n", text,
			r ? domain_name_error(r) : "host means the host's own programs");
	return !r && strcmp(text, "host") != 0;
}

static bool on_xen(void) {
	g_autofree char *caps = NULL;

	return geteuid() == 0 && g_file_get_contents("/proc/xen/capabilities", &caps, NULL, NULL) &&
	       strstr(caps, "control_d");
}

static char *find_base(const char *name) {
	return recipe_path(name, NULL);
}

/* A guest is of no use without our agent in it. */
static bool have_agent(const struct recipe *r, GStrv *packages) {
	g_autofree char *shipped = NULL;
	GPtrArray *more;

	for (char **p = *packages; *p; p++) {
		g_autofree char *name = g_path_get_basename(*p);

		if (g_str_has_prefix(name, AGENT))
			return true;
	}
	if (g_ptr_array_find_with_equal_func(r->packages, AGENT, g_str_equal, NULL))
		return true;
	shipped = paths_find(AGENT ".deb");
	if (!shipped)
		return false;
	more = g_ptr_array_new();
	for (char **p = *packages; *p; p++)
		g_ptr_array_add(more, *p);
	g_ptr_array_add(more, g_steal_pointer(&shipped));
	g_ptr_array_add(more, NULL);
	g_free(*packages);
	*packages = (char **)g_ptr_array_free(more, FALSE);
	return true;
}

/* Their files by full paths, so that a later update finds them. */
static bool full_paths(GStrv packages) {
	for (char **p = packages; *p; p++) {
		char *path = g_canonicalize_filename(*p, NULL);

		g_free(*p);
		*p = path;
		if (!g_str_has_suffix(path, ".deb") || strpbrk(path, ", \t\n") ||
			!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
			fprintf(stderr,
				"bulkhead: %s is no file of a Debian package (a NAME.deb without "
				"spaces or commas); name another by --package\n",
				path);
			return false;
		}
	}
	return true;
}

static int build_one(struct templates *t, struct build *b, const char *recipe) {
	g_autoptr(GError) error = NULL;
	g_autofree char *file = recipe_path(recipe, &error);
	g_autoptr(recipe_t) r = file ? recipe_load(file, find_base, &error) : NULL;
	AUTO(auto_close) int lock = r ? templates_lock(t, b->name, &error) : -1;

	if (error)
		return say(error);
	if (b->xen && !have_agent(r, &b->packages)) {
		fprintf(stderr, "bulkhead: a guest needs " AGENT " in it: name the package by "
				"--package " AGENT "_*.deb (dpkg-buildpackage makes it)\n");
		return CLI_FAILED;
	}
	if (!full_paths(b->packages))
		return CLI_FAILED;
	b->recipe = r;
	b->recipe_file = file;
	fprintf(stderr, "%s: %s; this takes some minutes\n", b->name,
		templates_has(t, b->name) ? "built anew from its recipe" : "built from its recipe");
	if (!template_build(t, b, &error)) {
		fprintf(stderr, "bulkhead: the template %s %s\n", b->name,
			templates_has(t, b->name) ? "stays as it was" : "is not built");
		return say(error);
	}
	printf("%s/%s\n", t->path, b->name);
	return CLI_OK;
}

static int cmd_build(int argc, char **argv) {
	g_autofree char *recipe = NULL, *to = NULL, *target = NULL;
	g_auto(GStrv) packages = NULL;
	GOptionEntry entries[] = {
		{"recipe", 0, 0, G_OPTION_ARG_FILENAME, &recipe,
			"its recipe: a name, or a path with a / (usually NAME)", "RECIPE"},
		{"package", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &packages,
			"a Debian package of your own to install in it; may be repeated", "FILE"},
		{"for", 0, 0, G_OPTION_ARG_STRING, &target,
			"a tree for sandboxes, or a guest's disk", "local|xen"},
		{"to", 0, 0, G_OPTION_ARG_FILENAME, &to, "the folder of templates", "FOLDER"},
		{NULL}};
	g_autoptr(GError) error = NULL;
	struct build b = {0};
	struct templates t;
	int status;

	if (!cli_options(&argc, &argv, entries, "NAME",
		    "Makes a template, or makes it anew; the old one stays until the new one is "
		    "whole.",
		    false))
		return CLI_USAGE;
	if (argc != 2 || (target && strcmp(target, "local") != 0 && strcmp(target, "xen") != 0)) {
		fprintf(stderr, argc == 2 ? "bulkhead: --for is local or xen\n"
					  : "bulkhead: template build needs one name\n");
		return CLI_USAGE;
	}
	if (!name_ok(argv[1]))
		return CLI_USAGE;
	b.name = argv[1];
	b.xen = target ? !strcmp(target, "xen") : on_xen();
	if (!b.xen && geteuid() == 0) {
		fprintf(stderr, "bulkhead: sandboxes and their templates belong to an ordinary "
				"user: build it as yourself, or with --for xen\n");
		return CLI_FAILED;
	}
	if (!templates_open(&t, to, &error))
		return say(error);
	b.packages = packages ? g_steal_pointer(&packages) : g_new0(char *, 1);
	status = build_one(&t, &b, recipe ? recipe : b.name);
	g_strfreev(b.packages);
	templates_close(&t);
	return status;
}

/* With what its template.conf remembers. */
static int update_one(struct templates *t, const char *name, char **packages) {
	g_autoptr(GKeyFile) k = templates_conf(t, name);
	g_autofree char *recipe = g_key_file_get_string(k, "template", "recipe", NULL),
			*target = g_key_file_get_string(k, "template", "for", NULL);
	struct build b = {.name = name, .xen = target && !strcmp(target, "xen")};
	int status;

	if (!templates_has(t, name) || !recipe) {
		fprintf(stderr, "bulkhead: %s %s; `bulkhead template list` shows those there are\n",
			name,
			recipe || templates_has(t, name) ? "was not built from a recipe"
							 : "is no template that is there");
		return CLI_FAILED;
	}
	b.packages = packages ? g_strdupv(packages)
			      : g_key_file_get_string_list(k, "template", "packages", NULL, NULL);
	if (!b.packages)
		b.packages = g_new0(char *, 1);
	status = build_one(t, &b, recipe);
	g_strfreev(b.packages);
	return status;
}

static int cmd_update(int argc, char **argv) {
	g_autofree char *to = NULL;
	g_auto(GStrv) packages = NULL;
	GOptionEntry entries[] = {{"package", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &packages,
					  "instead of those it was built with", "FILE"},
		{"to", 0, 0, G_OPTION_ARG_FILENAME, &to, "the folder of templates", "FOLDER"},
		{NULL}};
	g_autoptr(GError) error = NULL;
	struct templates t;
	int status = CLI_OK;

	if (!cli_options(&argc, &argv, entries, "NAME ...",
		    "Makes templates anew with the packages of today. Domains that run keep what "
		    "they have started with.",
		    false))
		return CLI_USAGE;
	if (argc < 2) {
		fprintf(stderr, "bulkhead: template update needs at least one name\n");
		return CLI_USAGE;
	}
	if (!templates_open(&t, to, &error))
		return say(error);
	for (int i = 1; i < argc; i++)
		if (!name_ok(argv[i]) || update_one(&t, argv[i], packages))
			status = CLI_FAILED;
	templates_close(&t);
	return status;
}

/* The names of the domains that start from it; NULL and a message: nobody knows. */
static GPtrArray *users_of(const char *name) {
	g_autoptr(GPtrArray) users = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GVariant) all = NULL;
	g_autoptr(GError) error = NULL;
	struct cli c;
	GVariantIter i;
	const char *domain, *template;
	GVariant *d;

	if (cli_connect(&c, true))
		return NULL;
	all = cli_domains(&c, &error);
	cli_disconnect(&c);
	if (!all) {
		cli_fail(error);
		return NULL;
	}
	g_variant_iter_init(&i, all);
	while (g_variant_iter_next(&i, "{&s@a{sv}}", &domain, &d)) {
		if (g_variant_lookup(d, "Template", "&s", &template) && !strcmp(template, name))
			g_ptr_array_add(users, g_strdup(domain));
		g_variant_unref(d);
	}
	return g_steal_pointer(&users);
}

static int remove_one(struct templates *t, const char *name, bool used_here) {
	g_autoptr(GPtrArray) users = used_here ? users_of(name) : g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	AUTO(auto_close) int lock = -1;

	if (!users)
		return CLI_NO_MANAGER;
	if (users->len) {
		fprintf(stderr, "bulkhead: the template %s stays: it is that of", name);
		for (guint i = 0; i < users->len; i++)
			fprintf(stderr, "%s %s", i ? "," : "", (char *)g_ptr_array_index(users, i));
		fprintf(stderr, "; give them another one (bulkhead domain set NAME template=...) "
				"or remove them first\n");
		return CLI_STATE;
	}
	lock = templates_lock(t, name, &error);
	if (lock < 0 || !templates_drop(t, name, &error))
		return say(error);
	return CLI_OK;
}

static int cmd_remove(int argc, char **argv) {
	g_autofree char *to = NULL;
	GOptionEntry entries[] = {
		{"to", 0, 0, G_OPTION_ARG_FILENAME, &to, "the folder of templates", "FOLDER"},
		{NULL}};
	g_autoptr(GError) error = NULL;
	struct templates t;
	int status;

	if (!cli_options(
		    &argc, &argv, entries, "NAME", "Removes a template that no domain has.", false))
		return CLI_USAGE;
	if (argc != 2 || !name_ok(argv[1])) {
		fprintf(stderr, "bulkhead: template remove needs one name\n");
		return CLI_USAGE;
	}
	if (!templates_open(&t, to, &error))
		return say(error);
	if (templates_has(&t, argv[1])) {
		status = remove_one(&t, argv[1], !to);
	} else {
		fprintf(stderr, "bulkhead: there is no template %s in %s\n", argv[1], t.path);
		status = CLI_FAILED;
	}
	templates_close(&t);
	return status;
}

static const char *const shown[] = {"for", "built", "hash", "recipe", "description"};

static void list_json(struct templates *t, char **names) {
	g_autoptr(GVariant) list = NULL;
	GVariantBuilder b;

	g_variant_builder_init(&b, G_VARIANT_TYPE("aa{sv}"));
	for (char **n = names; *n; n++) {
		g_autoptr(GKeyFile) k = templates_conf(t, *n);

		g_variant_builder_open(&b, G_VARIANT_TYPE_VARDICT);
		g_variant_builder_add(&b, "{sv}", "name", g_variant_new_string(*n));
		for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
			g_autofree char *text = g_key_file_get_string(
				k, "template", shown[i], NULL);

			g_variant_builder_add(
				&b, "{sv}", shown[i], g_variant_new_string(text ? text : ""));
		}
		g_variant_builder_close(&b);
	}
	list = g_variant_ref_sink(g_variant_builder_end(&b));
	cli_print_json(list);
}

static void list_text(struct templates *t, char **names) {
	printf("%-20s %-6s %-20s %s\n", "NAME", "FOR", "BUILT", "WHAT");
	for (char **n = names; *n; n++) {
		g_autoptr(GKeyFile) k = templates_conf(t, *n);
		g_autofree char *target = g_key_file_get_string(k, "template", "for", NULL),
				*built = g_key_file_get_string(k, "template", "built", NULL),
				*what = g_key_file_get_string(k, "template", "description", NULL);

		printf("%-20s %-6s %-20.20s %s\n", *n, target ? target : "?", built ? built : "?",
			what ? what : "not built from a recipe");
	}
}

static int cmd_list(int argc, char **argv) {
	g_autofree char *to = NULL;
	gboolean json = FALSE;
	GOptionEntry entries[] = {{"json", 0, 0, G_OPTION_ARG_NONE, &json, "for programs", NULL},
		{"to", 0, 0, G_OPTION_ARG_FILENAME, &to, "the folder of templates", "FOLDER"},
		{NULL}};
	g_autoptr(GError) error = NULL;
	g_auto(GStrv) names = NULL;
	struct templates t;

	if (!cli_options(&argc, &argv, entries, NULL, "The templates that are there.", false))
		return CLI_USAGE;
	if (!templates_open(&t, to, &error))
		return say(error);
	names = templates_names(&t);
	if (json)
		list_json(&t, names);
	else
		list_text(&t, names);
	templates_close(&t);
	return CLI_OK;
}

static void add_recipes(GHashTable *all, const char *folder) {
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n > 7 && g_str_has_suffix(e->d_name, ".recipe"))
			g_hash_table_add(all, g_strndup(e->d_name, n - 7));
	}
	if (d)
		closedir(d);
}

static int cmd_recipes(int argc, char **argv) {
	g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *config = paths_config(),
			*own = g_build_filename(config, "templates", NULL);
	const char *more = g_getenv("BULKHEAD_LIBEXEC");
	g_auto(GStrv) folders = g_strsplit(more ? more : "", ":", -1);
	g_autoptr(GList) names = NULL;
	GOptionEntry entries[] = {{NULL}};

	if (!cli_options(&argc, &argv, entries, NULL, "The recipes that are there.", false))
		return CLI_USAGE;
	add_recipes(all, own);
	add_recipes(all, BULKHEAD_DATADIR);
	for (char **f = folders; *f; f++)
		add_recipes(all, *f);
	names = g_list_sort(g_hash_table_get_keys(all), (GCompareFunc)strcmp);
	for (GList *n = names; n; n = n->next) {
		g_autofree char *file = recipe_path(n->data, NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(recipe_t) r = file ? recipe_load(file, find_base, &error) : NULL;

		printf("%-20s %s\n", (char *)n->data, r ? r->description : error->message);
	}
	return CLI_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{"build", cmd_build, "NAME [--recipe R] [--package F] ...  make one from its recipe"},
	{"list", cmd_list, "[--json]                             those that are there"},
	{"recipes", cmd_recipes, "                                     what can be built"},
	{"update", cmd_update,
		"NAME ...                             make it anew, with today's packages"},
	{"remove", cmd_remove,
		"NAME                                 remove one that no domain has"},
};

int cmd_template(int argc, char **argv) {
	bool help = argc > 1 && !strcmp(argv[1], "--help");

	for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fprintf(help ? stdout : stderr, "usage: bulkhead template COMMAND ...\n\n");
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		fprintf(help ? stdout : stderr, "  %-8s %s\n", commands[i].name, commands[i].what);
	return help ? CLI_OK : CLI_USAGE;
}
