/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/link.h"

#include <fcntl.h>
#include <string.h>

#define NAME       "org.bulkhead.Manager1"
#define DOMAIN     "org.bulkhead.Domain1"
#define ROOT       "/org/bulkhead"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECTS    "org.freedesktop.DBus.ObjectManager"
#define FOREVER    G_MAXINT
/* A socket is seen before its owner listens on it: tried again so often, then left alone. */
#define TRIES      20
#define TRY_MS     100

struct link {
	struct model *model;
	const struct link_events *events;
	void *user;
	GCancellable *cancel;
	GDBusConnection *connection;
	const char *name; /* NULL: the connection is bulkheadd's own */
	GFileMonitor *monitor;
	GHashTable *rules; /* key -> text */
	char *runtime;
	int runtime_fd;
	guint watch, timer, tries;
	bool connecting, starting;
};

static void connect_private(struct link *l);

static char *runtime_folder(void) {
	const char *own = g_getenv("BULKHEAD_RUNTIME_DIR"), *xdg = g_getenv("XDG_RUNTIME_DIR");

	if (own && *own)
		return g_strdup(own);
	if (xdg && *xdg)
		return g_build_filename(xdg, "bulkhead", NULL);
	return g_build_filename(g_get_user_cache_dir(), "bulkhead", "run", NULL);
}

static void lose(struct link *l) {
	if (!l->connection)
		return;
	g_signal_handlers_disconnect_by_data(l->connection, l);
	g_clear_object(&l->connection);
	model_offline(l->model);
	l->events->online(l->user, false);
}

static void on_closed(GDBusConnection *c, gboolean vanished, GError *error, gpointer user) {
	struct link *l = user;

	if (c != l->connection)
		return;
	lose(l);
	connect_private(l);
}

static void on_signal(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *signal, GVariant *args, gpointer user) {
	struct link *l = user;
	g_autoptr(GVariant) value = NULL;
	const char *a, *b;
	guint32 id;
	int status;

	if (c != l->connection)
		return;
	if (!strcmp(signal, "InterfacesAdded") &&
		g_variant_is_of_type(args, G_VARIANT_TYPE("(oa{sa{sv}})"))) {
		g_variant_get(args, "(&o@a{sa{sv}})", &a, &value);
		model_add(l->model, a, value);
	} else if (!strcmp(signal, "InterfacesRemoved") &&
		   g_variant_is_of_type(args, G_VARIANT_TYPE("(oas)"))) {
		g_variant_get(args, "(&o@as)", &a, &value);
		model_remove(l->model, a);
	} else if (!strcmp(signal, "PropertiesChanged") &&
		   g_variant_is_of_type(args, G_VARIANT_TYPE("(sa{sv}as)"))) {
		g_variant_get(args, "(&s@a{sv}@as)", &a, &value, NULL);
		if (!strcmp(a, DOMAIN))
			model_change(l->model, path, value);
		else if (!strcmp(a, NAME))
			model_global(l->model, value);
	} else if (!strcmp(signal, "Refused") &&
		   g_variant_is_of_type(args, G_VARIANT_TYPE("(ss)"))) {
		g_variant_get(args, "(&s&s)", &a, &b);
		l->events->refused(l->user, a, b);
	} else if (!strcmp(signal, "CommandEnded") &&
		   g_variant_is_of_type(args, G_VARIANT_TYPE("(ui)"))) {
		g_variant_get(args, "(ui)", &id, &status);
		l->events->command_ended(l->user, path, id, status);
	}
}

static void on_objects(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error),
		objects = NULL;
	struct link *l = user;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!r || G_DBUS_CONNECTION(source) != l->connection)
		return;
	objects = g_variant_get_child_value(r, 0);
	model_set_all(l->model, objects);
	l->events->online(l->user, true);
}

static void on_globals(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL),
		all = NULL;
	struct link *l = user;

	if (!r)
		return;
	all = g_variant_get_child_value(r, 0);
	model_global(l->model, all);
}

static void on_rules(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);
	g_autoptr(GVariantIter) iter = NULL;
	const char *key, *rule;
	struct link *l = user;

	if (!r)
		return;
	g_variant_get(r, "(a(ssss))", &iter);
	while (g_variant_iter_next(iter, "(&s&s&s&s)", &key, NULL, NULL, &rule))
		g_hash_table_replace(l->rules, g_strdup(key), g_strdup(rule));
}

static void take(struct link *l, GDBusConnection *c, const char *name) {
	static const char *const interfaces[] = {PROPERTIES, OBJECTS, NAME, DOMAIN};

	l->connection = c;
	l->name = name;
	l->starting = false;
	g_dbus_connection_set_exit_on_close(c, FALSE);
	g_signal_connect(c, "closed", G_CALLBACK(on_closed), l);
	for (size_t i = 0; i < G_N_ELEMENTS(interfaces); i++)
		g_dbus_connection_signal_subscribe(c, name, interfaces[i], NULL, NULL, NULL,
			G_DBUS_SIGNAL_FLAGS_NONE, on_signal, l, NULL);
	g_dbus_connection_call(c, name, ROOT, OBJECTS, "GetManagedObjects", NULL,
		G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NONE, FOREVER, l->cancel,
		on_objects, l);
	g_dbus_connection_call(c, name, ROOT, PROPERTIES, "GetAll", g_variant_new("(s)", NAME),
		G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, FOREVER, l->cancel, on_globals,
		l);
	g_dbus_connection_call(c, name, ROOT, NAME, "ListProperties", NULL,
		G_VARIANT_TYPE("(a(ssss))"), G_DBUS_CALL_FLAGS_NONE, FOREVER, l->cancel, on_rules,
		l);
}

static gboolean on_timer(gpointer user) {
	struct link *l = user;

	l->timer = 0;
	l->tries--;
	connect_private(l);
	return G_SOURCE_REMOVE;
}

static void on_connected(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	GDBusConnection *c = g_dbus_connection_new_for_address_finish(result, &error);
	struct link *l = user;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	l->connecting = false;
	if (c && l->connection)
		g_object_unref(c);
	else if (c)
		take(l, c, NULL);
	else if (l->tries > 0 && !l->timer)
		l->timer = g_timeout_add(TRY_MS, on_timer, l);
}

static void connect_private(struct link *l) {
	/* A long path does not fit a socket's address: go through a descriptor. */
	g_autofree char *path = strlen(l->runtime) < 90
					? g_build_filename(l->runtime, "bus", NULL)
					: g_strdup_printf("/proc/self/fd/%d/bus", l->runtime_fd),
			*escaped = g_dbus_address_escape_value(path),
			*address = g_strconcat("unix:path=", escaped, NULL);

	if (l->connection || l->connecting)
		return;
	l->connecting = true;
	g_dbus_connection_new_for_address(address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
		NULL, l->cancel, on_connected, l);
}

static void on_file(
	GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user) {
	g_autofree char *name = g_file_get_basename(file);
	struct link *l = user;

	if (event != G_FILE_MONITOR_EVENT_CREATED || strcmp(name, "bus") != 0)
		return;
	l->tries = TRIES;
	connect_private(l);
}

static void on_bus_name(GDBusConnection *c, const gchar *name, const gchar *owner, gpointer user) {
	struct link *l = user;

	if (!l->connection && !l->connecting)
		take(l, g_object_ref(c), NAME);
}

static void on_bus_name_gone(GDBusConnection *c, const gchar *name, gpointer user) {
	struct link *l = user;

	if (l->name)
		lose(l);
}

struct link *link_new(struct model *m, const struct link_events *events, void *user) {
	struct link *l = g_new0(struct link, 1);
	g_autoptr(GFile) folder = NULL;

	l->model = m;
	l->events = events;
	l->user = user;
	l->cancel = g_cancellable_new();
	l->rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	l->runtime = runtime_folder();
	/* The folder must be there to be watched; it is made as bulkheadd would. */
	g_mkdir_with_parents(l->runtime, 0700);
	l->runtime_fd = open(l->runtime, O_PATH | O_DIRECTORY | O_CLOEXEC);
	folder = g_file_new_for_path(l->runtime);
	l->monitor = g_file_monitor_directory(folder, G_FILE_MONITOR_NONE, NULL, NULL);
	if (l->monitor)
		g_signal_connect(l->monitor, "changed", G_CALLBACK(on_file), l);
	connect_private(l);
	/* Another runtime folder is another Bulkhead than that of the session bus. */
	if (!g_getenv("BULKHEAD_RUNTIME_DIR"))
		l->watch = g_bus_watch_name(G_BUS_TYPE_SESSION, NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
			on_bus_name, on_bus_name_gone, l, NULL);
	return l;
}

struct link *link_free(struct link *l) {
	if (!l)
		return NULL;
	g_cancellable_cancel(l->cancel);
	g_object_unref(l->cancel);
	if (l->watch)
		g_bus_unwatch_name(l->watch);
	if (l->timer)
		g_source_remove(l->timer);
	if (l->connection)
		g_signal_handlers_disconnect_by_data(l->connection, l);
	g_clear_object(&l->connection);
	if (l->monitor)
		g_signal_handlers_disconnect_by_data(l->monitor, l);
	g_clear_object(&l->monitor);
	auto_close(&l->runtime_fd);
	g_hash_table_unref(l->rules);
	g_free(l->runtime);
	g_free(l);
	return NULL;
}

struct pending {
	link_answer answer;
	void *user;
};

static void on_answer(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	g_autofree struct pending *p = user;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return; /* whoever asked is gone */
	if (error)
		g_dbus_error_strip_remote_error(error);
	if (p->answer)
		p->answer(p->user, r, error ? error->message : NULL);
}

static gboolean no_manager(gpointer user) {
	g_autofree struct pending *p = user;

	if (p->answer)
		p->answer(p->user, NULL, "bulkheadd does not run");
	return G_SOURCE_REMOVE;
}

static void call(struct link *l, const char *path, const char *interface, const char *method,
	GVariant *args, link_answer answer, void *user) {
	struct pending *p = g_new(struct pending, 1);

	*p = (struct pending){answer, user};
	if (l->connection) {
		g_dbus_connection_call(l->connection, l->name, path, interface, method, args, NULL,
			G_DBUS_CALL_FLAGS_NONE, FOREVER, l->cancel, on_answer, p);
		return;
	}
	if (args)
		g_variant_unref(g_variant_ref_sink(args));
	g_idle_add(no_manager, p);
}

void link_call_manager(
	struct link *l, const char *method, GVariant *args, link_answer answer, void *user) {
	call(l, ROOT, NAME, method, args, answer, user);
}

void link_call_domain(struct link *l, const char *path, const char *method, GVariant *args,
	link_answer answer, void *user) {
	call(l, path, DOMAIN, method, args, answer, user);
}

void link_start_manager(struct link *l) {
	static const char *const argv[] = {"bulkhead", "domain", "list", NULL};
	g_autoptr(GSubprocess) p = NULL;

	if (l->connection || l->starting)
		return;
	l->starting = true;
	p = g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE, NULL);
	l->starting = p != NULL;
}

const char *link_rule(struct link *l, const char *key) {
	return g_hash_table_lookup(l->rules, key);
}

const char *link_runtime(const struct link *l) {
	return l->runtime;
}
