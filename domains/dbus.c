/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/dbus-private.h"

#include "domains/dbus-interfaces.h"

#include <string.h>

#define DOMAINS DBUS_ROOT "/domains"

static const GDBusErrorEntry domain_errors[] = {
	{DOMAIN_E_NONE, "org.bulkhead.Error.NoDomain"},
	{DOMAIN_E_EXISTS, "org.bulkhead.Error.Exists"},
	{DOMAIN_E_NAME, "org.bulkhead.Error.Name"},
	{DOMAIN_E_PROPERTY, "org.bulkhead.Error.Property"},
	{DOMAIN_E_STATE, "org.bulkhead.Error.State"},
	{DOMAIN_E_FAILED, "org.bulkhead.Error.Failed"},
	{DOMAIN_E_COMMAND, "org.bulkhead.Error.Command"},
};
static const GDBusErrorEntry definition_errors[] = {
	{DEFINITION_E_NAME, "org.bulkhead.Error.Name"},
	{DEFINITION_E_KEY, "org.bulkhead.Error.Property"},
	{DEFINITION_E_VALUE, "org.bulkhead.Error.Property"},
	{DEFINITION_E_FILE, "org.bulkhead.Error.Failed"},
};

static const char *error_name(const GError *error) {
	if (error->domain == DOMAIN_ERROR && error->code < DOMAIN_ERROR_COUNT)
		return domain_errors[error->code].dbus_error_name;
	if (error->domain == DEFINITION_ERROR)
		return definition_errors[error->code].dbus_error_name;
	return "org.bulkhead.Error.Failed";
}

void dbus_fail(GDBusMethodInvocation *i, const GError *error) {
	g_dbus_method_invocation_return_dbus_error(i, error_name(error), error->message);
}

void dbus_done(void *user, const GError *error) {
	if (error)
		dbus_fail(user, error);
	else
		g_dbus_method_invocation_return_value(user, NULL);
}

static char *node_name(const char *name) {
	GString *s = g_string_new(NULL);

	for (const char *p = name; *p; p++)
		if (g_ascii_isalnum(*p))
			g_string_append_c(s, *p);
		else
			g_string_append_printf(s, "_%02x", (unsigned char)*p);
	return g_string_free(s, FALSE);
}

char *dbus_path(const char *name) {
	g_autofree char *node = node_name(name);

	return g_strconcat(DOMAINS "/", node, NULL);
}

struct domain *dbus_find(struct dbus *b, const char *path) {
	GHashTableIter i;
	gpointer name, d;

	g_hash_table_iter_init(&i, b->manager->domains);
	while (g_hash_table_iter_next(&i, &name, &d)) {
		g_autofree char *its = dbus_path(name);

		if (!strcmp(its, path) && !domain_prepared_for(d))
			return d;
	}
	return NULL;
}

void dbus_emit(struct dbus *b, const char *path, const char *interface, const char *signal,
	GVariant *args) {
	g_autoptr(GVariant) keep = g_variant_ref_sink(args);

	for (guint i = 0; i < b->connections->len; i++)
		g_dbus_connection_emit_signal(g_ptr_array_index(b->connections, i), NULL, path,
			interface, signal, keep, NULL);
}

static void emit_changed(
	struct dbus *b, const char *path, const char *interface, GVariant *changed) {
	dbus_emit(b, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
		g_variant_new("(s@a{sv}as)", interface, changed, NULL));
}

static void on_added(void *user, struct domain *d) {
	struct dbus *b = user;
	g_autofree char *path = dbus_path(domain_name(d));

	dbus_emit(b, DBUS_ROOT, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
		g_variant_new("(o@a{sa{sv}})", path, dbus_domain_interfaces(d)));
}

static void on_removed(void *user, struct domain *d) {
	const char *interfaces[] = {"org.bulkhead.Domain1", NULL};
	struct dbus *b = user;
	g_autofree char *path = dbus_path(domain_name(d));

	dbus_emit(b, DBUS_ROOT, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
		g_variant_new("(o^as)", path, interfaces));
}

static void on_changed(void *user, struct domain *d, const char *const *names) {
	struct dbus *b = user;
	g_autofree char *path = dbus_path(domain_name(d));
	GVariantBuilder changed;

	g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
	for (const char *const *n = names; *n; n++)
		g_variant_builder_add(&changed, "{sv}", *n, dbus_domain_property(d, *n));
	emit_changed(b, path, "org.bulkhead.Domain1", g_variant_builder_end(&changed));
}

static void on_command_ended(void *user, struct domain *d, uint32_t id, int status) {
	struct dbus *b = user;
	g_autofree char *path = dbus_path(domain_name(d));

	dbus_emit(
		b, path, "org.bulkhead.Domain1", "CommandEnded", g_variant_new("(ui)", id, status));
}

static void on_refused(void *user, struct domain *d, const char *what) {
	dbus_emit(user, DBUS_ROOT, "org.bulkhead.Manager1", "Refused",
		g_variant_new("(ss)", domain_name(d), what));
}

static void on_global_changed(void *user, const char *name) {
	struct dbus *b = user;
	GVariantBuilder changed;

	g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_add(&changed, "{sv}", name, dbus_manager_property(b, name));
	emit_changed(b, DBUS_ROOT, "org.bulkhead.Manager1", g_variant_builder_end(&changed));
}

const struct manager_events dbus_events = {on_added, on_removed, on_changed, on_command_ended,
	on_refused, on_global_changed, dbus_job_added, dbus_job_changed, dbus_job_removed};

static char **enumerate(GDBusConnection *c, const gchar *sender, const gchar *path, gpointer user) {
	struct dbus *b = user;
	GPtrArray *names = g_ptr_array_new();
	GHashTableIter i;
	gpointer name, d;

	g_hash_table_iter_init(&i, b->manager->domains);
	while (g_hash_table_iter_next(&i, &name, &d))
		if (!domain_prepared_for(d))
			g_ptr_array_add(names, node_name(name));
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

static GDBusInterfaceInfo **introspect(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *node, gpointer user) {
	GDBusInterfaceInfo **list = g_new0(GDBusInterfaceInfo *, 2);

	if (node)
		list[0] = g_dbus_interface_info_ref(
			(GDBusInterfaceInfo *)(uintptr_t)&org_bulkhead_domain1_interface);
	return list;
}

static const GDBusInterfaceVTable *dispatch(GDBusConnection *c, const gchar *sender,
	const gchar *path, const gchar *interface, const gchar *node, gpointer *out,
	gpointer user) {
	*out = user;
	return &dbus_domain_vtable;
}

static const GDBusSubtreeVTable subtree = {enumerate, introspect, dispatch, {0}};

static void on_closed(GDBusConnection *c, gboolean vanished, GError *error, gpointer user) {
	struct dbus *b = user;

	if (b->system == c)
		b->system = NULL;
	g_ptr_array_remove(b->connections, c);
}

bool dbus_add(struct dbus *b, GDBusConnection *c, bool system, GError **error) {
	GDBusInterfaceInfo *manager =
		(GDBusInterfaceInfo *)(uintptr_t)&org_bulkhead_manager1_interface;
	GDBusInterfaceInfo *objects =
		(GDBusInterfaceInfo *)(uintptr_t)&org_freedesktop_dbus_object_manager_interface;

	if (system)
		b->system = c;
	if (!g_dbus_connection_register_object(
		    c, DBUS_ROOT, manager, &dbus_manager_vtable, b, NULL, error) ||
		!g_dbus_connection_register_object(
			c, DBUS_ROOT, objects, &dbus_manager_vtable, b, NULL, error) ||
		!g_dbus_connection_register_subtree(c, DOMAINS, &subtree,
			G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES, b, NULL, error) ||
		!dbus_jobs_register(b, c, error))
		return false;
	g_ptr_array_add(b->connections, g_object_ref(c));
	g_signal_connect(c, "closed", G_CALLBACK(on_closed), b);
	return true;
}

struct dbus *dbus_new(
	struct manager *m, void (*quit)(void *user, bool stop_domains), void *quit_user) {
	struct dbus *b = g_new0(struct dbus, 1);

	b->manager = m;
	b->quit = quit;
	b->quit_user = quit_user;
	b->connections = g_ptr_array_new_with_free_func(g_object_unref);
	return b;
}

struct dbus *dbus_free(struct dbus *b) {
	if (!b)
		return NULL;
	for (guint i = 0; i < b->connections->len; i++) {
		GDBusConnection *c = g_ptr_array_index(b->connections, i);

		g_signal_handlers_disconnect_by_data(c, b);
		/* Answers that are under way still go out. */
		g_dbus_connection_flush_sync(c, NULL, NULL);
	}
	g_ptr_array_unref(b->connections);
	g_free(b);
	return NULL;
}
