/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/cli/cli.h"

#include "domains/definition.h"
#include "domains/paths.h"
#include "domains/program.h"

#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#define NAME     "org.bulkhead.Manager1"
#define ROOT     "/org/bulkhead"
#define DOMAIN   "org.bulkhead.Domain1"
#define ERROR_   "org.bulkhead.Error."
#define LOG_FILE "bulkheadd.log"
#define FOREVER  G_MAXINT

static GDBusConnection *connect_private(void) {
	g_autofree char *runtime = paths_runtime(), *path = g_build_filename(runtime, "bus", NULL),
			*escaped = NULL, *address = NULL;
	int dir = -1;

	/* A long path does not fit a socket's address: go through a descriptor. */
	if (strlen(runtime) >= 90) {
		dir = open(runtime, O_PATH | O_DIRECTORY | O_CLOEXEC);
		g_free(path);
		path = paths_by_fd(dir, "bus");
	}
	escaped = g_dbus_address_escape_value(path);
	address = g_strconcat("unix:path=", escaped, NULL);
	GDBusConnection *c = g_dbus_connection_new_for_address_sync(
		address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL, NULL);

	auto_close(&dir);
	return c;
}

static bool ask_bus(GDBusConnection *c, const char *method, GVariant *args) {
	g_autoptr(GVariant) r = g_dbus_connection_call_sync(c, "org.freedesktop.DBus",
		"/org/freedesktop/DBus", "org.freedesktop.DBus", method, args, NULL,
		G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	g_autoptr(GVariant) first = r ? g_variant_get_child_value(r, 0) : NULL;

	return first && (!g_variant_is_of_type(first, G_VARIANT_TYPE_BOOLEAN) ||
				g_variant_get_boolean(first));
}

/* On the session bus only a manager of the ordinary runtime folder is meant. Where bulkheadd is
 * installed, the bus (and systemd behind it) starts it, with a cgroup of its own. */
static GDBusConnection *connect_session(bool start) {
	g_autoptr(GDBusConnection) c = NULL;

	if (g_getenv("BULKHEAD_RUNTIME_DIR") || g_getenv("BULKHEAD_LIBEXEC") ||
		!g_getenv("DBUS_SESSION_BUS_ADDRESS"))
		return NULL;
	c = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (c && (ask_bus(c, "NameHasOwner", g_variant_new("(s)", NAME)) ||
			 (start &&
				 ask_bus(c, "StartServiceByName", g_variant_new("(su)", NAME, 0)))))
		return g_steal_pointer(&c);
	return NULL;
}

static bool only_system;

void cli_use_system_bus(void) {
	only_system = true;
}

/* An appliance's, which belongs to no person; polkit says who may what. It is found by itself where
 * the session has none of its own. */
static GDBusConnection *connect_system(GError **error) {
	g_autoptr(GDBusConnection) c = NULL;

	if (!only_system && (g_getenv("BULKHEAD_RUNTIME_DIR") || g_getenv("BULKHEAD_LIBEXEC")))
		return NULL;
	c = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, error);
	if (c && (ask_bus(c, "NameHasOwner", g_variant_new("(s)", NAME)) ||
			 (only_system &&
				 ask_bus(c, "StartServiceByName", g_variant_new("(su)", NAME, 0)))))
		return g_steal_pointer(&c);
	if (c)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			"no bulkheadd is on the system bus, and none can be started there (its "
			"service is bulkheadd-system.service)");
	return NULL;
}

/* A manager that was started before the person's display was known learns it from us. */
static void lend_display(struct cli *c) {
	const char *display = g_getenv("DISPLAY"), *cookie = g_getenv("XAUTHORITY"), *has = "";
	g_autoptr(GVariant) r = NULL, value = NULL, set = NULL;

	if (!display || !*display)
		return;
	r = g_dbus_connection_call_sync(c->connection, c->name, ROOT,
		"org.freedesktop.DBus.Properties", "Get", g_variant_new("(ss)", NAME, "Display"),
		G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
	if (!r)
		return;
	g_variant_get(r, "(v)", &value);
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
		has = g_variant_get_string(value, NULL);
	if (!*has)
		set = cli_call(c, NULL, "SetDisplay",
			g_variant_new("(ss)", display, cookie ? cookie : ""), NULL, NULL);
}

static int open_log(void) {
	g_autofree char *state = paths_state();
	AUTO(auto_close) int dir = paths_open_private(state, NULL);

	return dir < 0 ? -1
		       : openat(dir, LOG_FILE,
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Starts bulkheadd and waits until it can be asked. */
static int start_manager(void) {
	g_autofree char *program = paths_find("bulkheadd");
	AUTO(auto_close) int log = open_log();
	struct program s = {.detach = true, .display = true};
	int p[2], r;
	char c;

	if (!program) {
		fprintf(stderr, "bulkhead: no bulkheadd runs, and it is not installed (nor in "
				"BULKHEAD_LIBEXEC)\n");
		return CLI_NO_MANAGER;
	}
	if (pipe2(p, O_CLOEXEC))
		return CLI_NO_MANAGER;
	s.argv = (const char *[]){program, "--ready-fd=3", NULL};
	s.fds = (int[]){p[1], -1};
	s.output = log;
	r = program_start(&s, NULL);
	close(p[1]);
	if (!r && read(p[0], &c, 1) != 1)
		r = -1;
	close(p[0]);
	if (!r)
		return CLI_OK;
	fprintf(stderr, "bulkhead: bulkheadd could not be started; its messages are in "
			"~/.local/state/bulkhead/" LOG_FILE "\n");
	return CLI_NO_MANAGER;
}

static bool connect_by_name(struct cli *c, bool start) {
	c->connection = connect_session(false);
	if (!c->connection) {
		c->connection = connect_system(NULL);
		c->system = c->connection;
	}
	if (!c->connection && start)
		c->connection = connect_session(true);
	c->name = NAME;
	return c->connection;
}

static int connect_only_system(struct cli *c) {
	g_autoptr(GError) error = NULL;

	*c = (struct cli){.name = NAME, .system = true};
	c->connection = connect_system(&error);
	return c->connection ? CLI_OK : (cli_fail(error), CLI_NO_MANAGER);
}

static int connect_some(struct cli *c, bool start) {
	if (only_system)
		return connect_only_system(c);
	*c = (struct cli){0};
	c->connection = connect_private();
	if (c->connection || connect_by_name(c, start))
		return CLI_OK;
	c->name = NULL;
	if (!start) {
		fprintf(stderr, "bulkhead: no bulkheadd runs\n");
		return CLI_NO_MANAGER;
	}
	if (start_manager())
		return CLI_NO_MANAGER;
	c->connection = connect_private();
	if (c->connection)
		return CLI_OK;
	fprintf(stderr, "bulkhead: bulkheadd was started but does not answer\n");
	return CLI_NO_MANAGER;
}

int cli_connect(struct cli *c, bool start) {
	int status = connect_some(c, start);

	/* That of the system knows whose display it shows windows on. */
	if (status == CLI_OK && start && !c->system)
		lend_display(c);
	return status;
}

void cli_disconnect(struct cli *c) {
	g_clear_handle_id(&c->on_interrupt, g_source_remove);
	g_clear_object(&c->connection);
}

char *cli_domain_path(struct cli *c, const char *domain, GError **error) {
	g_autoptr(GVariant) found = g_dbus_connection_call_sync(c->connection, c->name, ROOT, NAME,
		"GetDomain", g_variant_new("(s)", domain), G_VARIANT_TYPE("(o)"),
		G_DBUS_CALL_FLAGS_NONE, FOREVER, NULL, error);
	char *path = NULL;

	if (found)
		g_variant_get(found, "(o)", &path);
	return path;
}

GVariant *cli_call(struct cli *c, const char *domain, const char *method, GVariant *args,
	const char *reply, GError **error) {
	g_autoptr(GVariant) held = args ? g_variant_ref_sink(args) : NULL;
	g_autofree char *path = domain ? cli_domain_path(c, domain, error) : g_strdup(ROOT);

	if (!path)
		return NULL;
	return g_dbus_connection_call_sync(c->connection, c->name, path, domain ? DOMAIN : NAME,
		method, args, reply ? G_VARIANT_TYPE(reply) : NULL, G_DBUS_CALL_FLAGS_NONE, FOREVER,
		NULL, error);
}

GVariant *cli_domains(struct cli *c, GError **error) {
	g_autoptr(GVariant) r = g_dbus_connection_call_sync(c->connection, c->name, ROOT,
		"org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
		G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NONE, FOREVER, NULL, error);
	g_autoptr(GVariant) objects = NULL;
	GVariantBuilder all;
	GVariantIter i;
	GVariant *interfaces;

	if (!r)
		return NULL;
	objects = g_variant_get_child_value(r, 0);
	g_variant_builder_init(&all, G_VARIANT_TYPE("a{sa{sv}}"));
	g_variant_iter_init(&i, objects);
	while (g_variant_iter_next(&i, "{&o@a{sa{sv}}}", NULL, &interfaces)) {
		g_autoptr(GVariant)
			own = g_variant_lookup_value(interfaces, DOMAIN, G_VARIANT_TYPE_VARDICT);
		const char *name;

		if (own && g_variant_lookup(own, "Name", "&s", &name))
			g_variant_builder_add(&all, "{s@a{sv}}", name, own);
		g_variant_unref(interfaces);
	}
	return g_variant_ref_sink(g_variant_builder_end(&all));
}

int cli_fail(const GError *error) {
	g_autofree char *remote = g_dbus_error_get_remote_error(error);
	GError *copy = g_error_copy(error);
	int status = CLI_FAILED;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		status = CLI_INTERRUPTED;
	g_dbus_error_strip_remote_error(copy);
	fprintf(stderr, "bulkhead: %s\n", copy->message);
	g_error_free(copy);
	if (!remote)
		return status;
	if (!strcmp(remote, ERROR_ "NoDomain"))
		status = CLI_NO_DOMAIN;
	else if (!strcmp(remote, ERROR_ "State"))
		status = CLI_STATE;
	else if (!strcmp(remote, ERROR_ "Name") || !strcmp(remote, ERROR_ "Property"))
		status = CLI_USAGE;
	else if (!strcmp(remote, ERROR_ "Command"))
		status = CLI_COMMAND;
	else if (!strcmp(remote, ERROR_ "NotAuthorized"))
		status = CLI_DENIED;
	return status;
}

bool cli_options(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
	const char *summary, bool strict) {
	g_autoptr(GOptionContext) c = g_option_context_new(usage);
	g_autoptr(GError) error = NULL;
	g_autofree char *program = g_strconcat("bulkhead ", (*argv)[0], NULL);

	(*argv)[0] = program;
	g_option_context_set_summary(c, summary);
	g_option_context_set_strict_posix(c, strict);
	g_option_context_add_main_entries(c, entries, NULL);
	if (g_option_context_parse(c, argc, argv, &error))
		return true;
	fprintf(stderr, "bulkhead: %s; `%s --help` tells the options\n", error->message, program);
	return false;
}

char *cli_key(const char *dbus) {
	const struct property *p = property_find_dbus(dbus);
	GString *s;

	if (p)
		return g_strdup(p->key);
	s = g_string_new(NULL);
	for (const char *c = dbus; *c; c++) {
		if (g_ascii_isupper(*c) && c > dbus)
			g_string_append_c(s, '_');
		g_string_append_c(s, g_ascii_tolower(*c));
	}
	return g_string_free(s, FALSE);
}

void cli_print_json(GVariant *value) {
	g_autoptr(JsonNode) node = json_gvariant_serialize(value);
	g_autofree char *text = json_to_string(node, TRUE);

	printf("%s\n", text);
}
