/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.bulkhead.Job1. */
#include "domains/dbus-auth.h"

#include "domains/dbus-interfaces.h"

#include <string.h>

#define JOBS      DBUS_ROOT "/jobs"
#define INTERFACE "org.bulkhead.Job1"

static char *path_of(const struct job *j) {
	return g_strdup_printf(JOBS "/%u", job_id(j));
}

static GVariant *property(const struct job *j, const char *name) {
	if (!strcmp(name, "What"))
		return g_variant_new_string(job_kind_name(job_kind(j)));
	if (!strcmp(name, "Domain"))
		return g_variant_new_string(job_domain(j));
	if (!strcmp(name, "State"))
		return g_variant_new_string(job_state_name(j));
	if (!strcmp(name, "Progress"))
		return g_variant_new_int32(job_get_progress(j));
	if (!strcmp(name, "Cancellable"))
		return g_variant_new_boolean(job_cancellable(j));
	return g_variant_new_string(job_reason(j));
}

static GVariant *properties_of(const struct job *j) {
	GDBusPropertyInfo **known = org_bulkhead_job1_interface.properties;
	GVariantBuilder all;

	g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
	for (; *known; known++)
		g_variant_builder_add(&all, "{sv}", (*known)->name, property(j, (*known)->name));
	return g_variant_builder_end(&all);
}

static GVariant *interfaces_of(const struct job *j) {
	GVariantBuilder interfaces;

	g_variant_builder_init(&interfaces, G_VARIANT_TYPE("a{sa{sv}}"));
	g_variant_builder_add(&interfaces, "{s@a{sv}}", INTERFACE, properties_of(j));
	return g_variant_builder_end(&interfaces);
}

void dbus_job_added(void *user, const struct job *j) {
	g_autofree char *path = path_of(j);

	dbus_emit(user, DBUS_ROOT, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
		g_variant_new("(o@a{sa{sv}})", path, interfaces_of(j)));
}

void dbus_job_changed(void *user, const struct job *j) {
	static const char *const names[] = {"State", "Progress", "Reason"};
	g_autofree char *path = path_of(j);
	GVariantBuilder changed;

	g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		g_variant_builder_add(&changed, "{sv}", names[i], property(j, names[i]));
	dbus_emit(user, path, "org.freedesktop.DBus.Properties", "PropertiesChanged",
		g_variant_new("(sa{sv}as)", INTERFACE, &changed, NULL));
}

void dbus_job_removed(void *user, const struct job *j) {
	const char *interfaces[] = {INTERFACE, NULL};
	g_autofree char *path = path_of(j);

	dbus_emit(user, DBUS_ROOT, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
		g_variant_new("(o^as)", path, interfaces));
}

void dbus_jobs_list(struct dbus *b, GVariantBuilder *objects) {
	GHashTableIter i;
	gpointer j;

	g_hash_table_iter_init(&i, b->manager->jobs);
	while (g_hash_table_iter_next(&i, NULL, &j)) {
		g_autofree char *path = path_of(j);

		g_variant_builder_add(objects, "{o@a{sa{sv}}}", path, interfaces_of(j));
	}
}

static struct job *find(struct dbus *b, const char *path) {
	guint64 id;

	if (!g_str_has_prefix(path, JOBS "/") ||
		!g_ascii_string_to_unsigned(path + strlen(JOBS "/"), 10, 1, G_MAXINT32, &id, NULL))
		return NULL;
	return g_hash_table_lookup(b->manager->jobs, GUINT_TO_POINTER((guint)id));
}

const char *dbus_job_right(struct dbus *b, const char *path) {
	const struct job *j = find(b, path);

	return j && job_kind(j) == JOB_START ? DBUS_RIGHT_START : DBUS_RIGHT_DEFINE;
}

static void cancel(struct job *j, GDBusMethodInvocation *i) {
	g_autoptr(GError) error = NULL;

	job_cancel(j, &error);
	dbus_done(i, error);
}

static void get_property(const struct job *j, GVariant *args, GDBusMethodInvocation *i) {
	const char *name;

	g_variant_get(args, "(&s&s)", NULL, &name);
	g_dbus_method_invocation_return_value(i, g_variant_new("(v)", property(j, name)));
}

static void allowed(struct dbus *b, GDBusMethodInvocation *i) {
	struct job *j = find(b, g_dbus_method_invocation_get_object_path(i));
	const char *method = g_dbus_method_invocation_get_method_name(i);
	g_autoptr(GError) error = NULL;

	if (!j) {
		error = g_error_new(
			DOMAIN_ERROR, DOMAIN_E_STATE, "there is no such job, or it is over");
		dbus_fail(i, error);
	} else if (!strcmp(method, "Cancel")) {
		cancel(j, i);
	} else if (!strcmp(method, "Get")) {
		get_property(j, g_dbus_method_invocation_get_parameters(i), i);
	} else {
		g_dbus_method_invocation_return_value(
			i, g_variant_new("(@a{sv})", properties_of(j)));
	}
}

static void on_method(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *method, GVariant *args, GDBusMethodInvocation *i,
	gpointer user) {
	dbus_authorise(user, i, allowed);
}

static const GDBusInterfaceVTable vtable = {on_method, NULL, NULL, {0}};

static char **enumerate(GDBusConnection *c, const gchar *sender, const gchar *path, gpointer user) {
	struct dbus *b = user;
	GPtrArray *names = g_ptr_array_new();
	GHashTableIter i;
	gpointer id;

	g_hash_table_iter_init(&i, b->manager->jobs);
	while (g_hash_table_iter_next(&i, &id, NULL))
		g_ptr_array_add(names, g_strdup_printf("%u", GPOINTER_TO_UINT(id)));
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

static GDBusInterfaceInfo **introspect(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *node, gpointer user) {
	GDBusInterfaceInfo **list = g_new0(GDBusInterfaceInfo *, 2);

	if (node)
		list[0] = g_dbus_interface_info_ref(
			(GDBusInterfaceInfo *)(uintptr_t)&org_bulkhead_job1_interface);
	return list;
}

static const GDBusInterfaceVTable *dispatch(GDBusConnection *c, const gchar *sender,
	const gchar *path, const gchar *interface, const gchar *node, gpointer *out,
	gpointer user) {
	*out = user;
	return &vtable;
}

static const GDBusSubtreeVTable subtree = {enumerate, introspect, dispatch, {0}};

bool dbus_jobs_register(struct dbus *b, GDBusConnection *c, GError **error) {
	return g_dbus_connection_register_subtree(c, JOBS, &subtree,
		       G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES, b, NULL, error) != 0;
}
