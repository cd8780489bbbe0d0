/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.bulkhead.Domain1. */
#include "domains/dbus-auth.h"

#include <string.h>

GVariant *dbus_domain_property(const struct domain *d, const char *name) {
	const struct property *p = property_find_dbus(name);

	if (p)
		return definition_get_variant(domain_definition(d), p);
	return domain_live_property(d, name);
}

GVariant *dbus_domain_interfaces(const struct domain *d) {
	GVariantBuilder interfaces, properties_;

	g_variant_builder_init(&properties_, G_VARIANT_TYPE_VARDICT);
	for (const char *const *n = domain_live_properties; *n; n++)
		g_variant_builder_add(&properties_, "{sv}", *n, domain_live_property(d, *n));
	for (size_t i = 0; i < property_count; i++)
		g_variant_builder_add(&properties_, "{sv}", properties[i].dbus,
			definition_get_variant(domain_definition(d), &properties[i]));
	g_variant_builder_init(&interfaces, G_VARIANT_TYPE("a{sa{sv}}"));
	g_variant_builder_add(&interfaces, "{s@a{sv}}", "org.bulkhead.Domain1",
		g_variant_builder_end(&properties_));
	return g_variant_builder_end(&interfaces);
}

static void on_start(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	domain_start(d, dbus_done, i);
}

static void on_stop(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	gboolean force;

	g_variant_get(args, "(b)", &force);
	domain_stop(d, force, dbus_done, i);
}

static void on_kill(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	domain_kill(d, dbus_done, i);
}

static void on_pause(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	domain_pause(d, true, dbus_done, i);
}

static void on_unpause(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	domain_pause(d, false, dbus_done, i);
}

static void on_cancel(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	domain_cancel(d, dbus_done, i);
}

static void ran(void *user, uint32_t id, const GError *error) {
	if (error)
		dbus_fail(user, error);
	else
		g_dbus_method_invocation_return_value(user, g_variant_new("(u)", id));
}

/* Arguments are bytes (aay), each with its NUL, as D-Bus writes byte strings. */
static void on_run(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	g_autofree const char **argv = NULL;

	g_variant_get(args, "(^a&ay)", &argv);
	domain_run(d, argv, ran, i);
}

static void waited(void *user, int status, const GError *error) {
	if (error)
		dbus_fail(user, error);
	else
		g_dbus_method_invocation_return_value(user, g_variant_new("(i)", status));
}

static void on_wait(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	guint32 id;

	g_variant_get(args, "(u)", &id);
	domain_wait(d, id, waited, i);
}

static void on_set_text(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	g_autoptr(GError) error = NULL;
	const char *key, *text;

	g_variant_get(args, "(&s&s)", &key, &text);
	domain_set(d, key, text, &error);
	dbus_done(i, error);
}

static void snapshot(struct domain *d, const char *what, GVariant *args, GDBusMethodInvocation *i) {
	const char *name;

	g_variant_get(args, "(&s)", &name);
	domain_snapshot(d, what, name, dbus_done, i);
}

static void on_take(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	snapshot(d, "take", args, i);
}

static void on_rollback(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	snapshot(d, "rollback", args, i);
}

static void on_drop(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	snapshot(d, "drop", args, i);
}

static void on_snapshots(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	g_dbus_method_invocation_return_value(i, g_variant_new("(@a(st))", domain_snapshots(d)));
}

static char *as_text(GVariant *value) {
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN))
		return g_strdup(g_variant_get_boolean(value) ? "yes" : "no");
	if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
		return g_strdup_printf("%u", g_variant_get_uint32(value));
	return g_variant_dup_string(value, NULL);
}

static void set_property(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	g_autoptr(GVariant) value = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	const char *name;

	g_variant_get(args, "(&s&sv)", NULL, &name, &value);
	text = as_text(value);
	/* GDBus let only writable ones through, and those are all in the table. */
	if (domain_set(d, property_find_dbus(name)->key, text, &error))
		g_dbus_method_invocation_return_value(i, NULL);
	else
		g_dbus_method_invocation_return_error(
			i, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "%s", error->message);
}

static void get_property(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	const char *name;

	g_variant_get(args, "(&s&s)", NULL, &name);
	g_dbus_method_invocation_return_value(
		i, g_variant_new("(v)", dbus_domain_property(d, name)));
}

static void get_all(struct domain *d, GVariant *args, GDBusMethodInvocation *i) {
	g_autoptr(GVariant) interfaces = g_variant_ref_sink(dbus_domain_interfaces(d)),
			    all = g_variant_lookup_value(interfaces, "org.bulkhead.Domain1", NULL);

	g_dbus_method_invocation_return_value(i, g_variant_new("(@a{sv})", all));
}

static const struct {
	const char *name;
	void (*call)(struct domain *d, GVariant *args, GDBusMethodInvocation *i);
} methods[] = {
	{"Start", on_start},
	{"Stop", on_stop},
	{"Kill", on_kill},
	{"Pause", on_pause},
	{"Unpause", on_unpause},
	{"CancelJob", on_cancel},
	{"Run", on_run},
	{"Wait", on_wait},
	{"SetText", on_set_text},
	{"TakeSnapshot", on_take},
	{"Rollback", on_rollback},
	{"RemoveSnapshot", on_drop},
	{"ListSnapshots", on_snapshots},
	{"Get", get_property},
	{"GetAll", get_all},
	{"Set", set_property},
};

static void allowed(struct dbus *b, GDBusMethodInvocation *i) {
	struct domain *d = dbus_find(b, g_dbus_method_invocation_get_object_path(i));
	const char *method = g_dbus_method_invocation_get_method_name(i);
	g_autoptr(GError) error = NULL;

	for (size_t n = 0; d && n < G_N_ELEMENTS(methods); n++)
		if (!strcmp(methods[n].name, method)) {
			methods[n].call(d, g_dbus_method_invocation_get_parameters(i), i);
			return;
		}
	error = g_error_new(DOMAIN_ERROR, DOMAIN_E_NONE, "there is no such domain");
	dbus_fail(i, error);
}

static void on_method(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *method, GVariant *args, GDBusMethodInvocation *i,
	gpointer user) {
	dbus_authorise(user, i, allowed);
}

/* Without functions for properties, these too come as calls, which may be refused later. */
const GDBusInterfaceVTable dbus_domain_vtable = {on_method, NULL, NULL, {0}};
