/* SPDX-License-Identifier: GPL-2.0-or-later */
/* org.bulkhead.Manager1 and the ObjectManager beside it. */
#include "domains/dbus-auth.h"

#include "domains/dbus-interfaces.h"

#include <string.h>

static void create_domain(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	g_autoptr(GPtrArray) pairs = g_ptr_array_new();
	g_autoptr(GVariantIter) iter = NULL;
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	const char *name, *key, *text;
	struct domain *d;

	g_variant_get(args, "(&sa{ss})", &name, &iter);
	while (g_variant_iter_next(iter, "{&s&s}", &key, &text)) {
		g_ptr_array_add(pairs, (gpointer)(uintptr_t)key);
		g_ptr_array_add(pairs, (gpointer)(uintptr_t)text);
	}
	g_ptr_array_add(pairs, NULL);
	d = manager_create(b->manager, name, (const char *const *)pairs->pdata, &error);
	if (!d) {
		dbus_fail(i, error);
		return;
	}
	path = dbus_path(name);
	g_dbus_method_invocation_return_value(i, g_variant_new("(o)", path));
}

static void on_disposable(void *user, struct domain *d, const GError *error) {
	g_autofree char *path = NULL;

	if (!d) {
		dbus_fail(user, error);
		return;
	}
	path = dbus_path(domain_name(d));
	g_dbus_method_invocation_return_value(user, g_variant_new("(os)", path, domain_name(d)));
}

static void create_disposable(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	const char *model;

	g_variant_get(args, "(&s)", &model);
	manager_create_disposable(b->manager, model, on_disposable, i);
}

static struct domain *find(struct dbus *b, const char *name, GDBusMethodInvocation *i) {
	struct domain *d = manager_find_shown(b->manager, name);
	g_autofree char *shown = g_strescape(name, NULL);
	g_autoptr(GError) error = NULL;

	if (d)
		return d;
	error = g_error_new(DOMAIN_ERROR, DOMAIN_E_NONE,
		"there is no domain \"%.80s\"; `bulkhead domain list` shows those there are",
		shown);
	dbus_fail(i, error);
	return NULL;
}

static void clone_domain(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	g_autoptr(GError) error = NULL;
	g_autofree char *path = NULL;
	const char *from, *name;
	struct domain *d;

	g_variant_get(args, "(&s&s)", &from, &name);
	d = find(b, from, i);
	if (!d)
		return;
	if (!manager_clone(b->manager, d, name, &error)) {
		dbus_fail(i, error);
		return;
	}
	path = dbus_path(name);
	g_dbus_method_invocation_return_value(i, g_variant_new("(o)", path));
}

static void remove_domain(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	const char *name;
	gboolean keep;
	struct domain *d;

	g_variant_get(args, "(&sb)", &name, &keep);
	d = find(b, name, i);
	if (d)
		manager_remove(b->manager, d, keep, dbus_done, i);
}

static void get_domain(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	g_autofree char *path = NULL;
	const char *name;

	g_variant_get(args, "(&s)", &name);
	if (!find(b, name, i))
		return;
	path = dbus_path(name);
	g_dbus_method_invocation_return_value(i, g_variant_new("(o)", path));
}

static void list_labels(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a(suss)"));
	for (size_t n = 0; n < label_count; n++) {
		char color[8];

		g_snprintf(color, sizeof(color), "#%06x", (unsigned)labels[n].rgb);
		g_variant_builder_add(&list, "(suss)", labels[n].name, labels[n].index, color,
			label_pattern_name(labels[n].pattern));
	}
	g_dbus_method_invocation_return_value(i, g_variant_new("(a(suss))", &list));
}

static void list_properties(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a(ssss)"));
	for (size_t n = 0; n < property_count; n++)
		g_variant_builder_add(&list, "(ssss)", properties[n].key, properties[n].dbus,
			properties[n].standard, properties[n].rule);
	g_dbus_method_invocation_return_value(i, g_variant_new("(a(ssss))", &list));
}

static void reload(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	manager_reload(b->manager);
	g_dbus_method_invocation_return_value(i, NULL);
}

static void set_display(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	const char *display, *xauthority;

	g_variant_get(args, "(&s&s)", &display, &xauthority);
	manager_set_display(b->manager, display, xauthority);
	g_dbus_method_invocation_return_value(i, NULL);
}

static void hide_all(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	gboolean hide;

	g_variant_get(args, "(b)", &hide);
	manager_hide_all(b->manager, hide);
	g_dbus_method_invocation_return_value(i, NULL);
}

static void quit(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	gboolean stop;

	g_variant_get(args, "(b)", &stop);
	g_dbus_method_invocation_return_value(i, NULL);
	b->quit(b->quit_user, stop);
}

static void managed_objects(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	GVariantBuilder objects;
	GHashTableIter iter;
	gpointer name, d;

	g_variant_builder_init(&objects, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
	g_hash_table_iter_init(&iter, b->manager->domains);
	while (g_hash_table_iter_next(&iter, &name, &d)) {
		g_autofree char *path = dbus_path(name);

		if (domain_prepared_for(d))
			continue;
		g_variant_builder_add(&objects, "{o@a{sa{sv}}}", path, dbus_domain_interfaces(d));
	}
	dbus_jobs_list(b, &objects);
	g_dbus_method_invocation_return_value(i, g_variant_new("(a{oa{sa{sv}}})", &objects));
}

static GVariant *broken(struct dbus *b) {
	GVariantBuilder list;
	GHashTableIter i;
	gpointer file, why;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a(ss)"));
	g_hash_table_iter_init(&i, b->manager->broken);
	while (g_hash_table_iter_next(&i, &file, &why))
		g_variant_builder_add(&list, "(ss)", file, why);
	return g_variant_builder_end(&list);
}

static GVariant *prepared(struct dbus *b) {
	GVariantBuilder list;
	GHashTableIter i;
	gpointer d;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a(sss)"));
	g_hash_table_iter_init(&i, b->manager->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		if (domain_prepared_for(d))
			g_variant_builder_add(&list, "(sss)", domain_name(d),
				domain_prepared_for(d), domain_state_name(domain_get_state(d)));
	return g_variant_builder_end(&list);
}

GVariant *dbus_manager_property(struct dbus *b, const char *name) {
	if (!strcmp(name, "Version"))
		return g_variant_new_string(BULKHEAD_VERSION);
	if (!strcmp(name, "Backend"))
		return g_variant_new_string(b->manager->ops->name);
	if (!strcmp(name, "Display"))
		return g_variant_new_string(b->manager->display);
	if (!strcmp(name, "ScreenLocked"))
		return g_variant_new_boolean(b->manager->locked);
	if (!strcmp(name, "FocusedDomain"))
		return g_variant_new_string(b->manager->focused_name);
	if (!strcmp(name, "Prepared"))
		return prepared(b);
	return broken(b);
}

static void get_property(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	const char *name;

	g_variant_get(args, "(&s&s)", NULL, &name);
	g_dbus_method_invocation_return_value(
		i, g_variant_new("(v)", dbus_manager_property(b, name)));
}

static void get_all(struct dbus *b, GVariant *args, GDBusMethodInvocation *i) {
	GDBusPropertyInfo **known = org_bulkhead_manager1_interface.properties;
	const char *interface;
	GVariantBuilder all;

	g_variant_get(args, "(&s)", &interface);
	g_variant_builder_init(&all, G_VARIANT_TYPE_VARDICT);
	for (; known && *known && !strcmp(interface, DBUS_NAME); known++)
		g_variant_builder_add(
			&all, "{sv}", (*known)->name, dbus_manager_property(b, (*known)->name));
	g_dbus_method_invocation_return_value(i, g_variant_new("(a{sv})", &all));
}

static const struct {
	const char *name;
	void (*call)(struct dbus *b, GVariant *args, GDBusMethodInvocation *i);
} methods[] = {
	{"CreateDomain", create_domain},
	{"CloneDomain", clone_domain},
	{"CreateDisposable", create_disposable},
	{"RemoveDomain", remove_domain},
	{"GetDomain", get_domain},
	{"ListLabels", list_labels},
	{"ListProperties", list_properties},
	{"Reload", reload},
	{"SetDisplay", set_display},
	{"HideAll", hide_all},
	{"Quit", quit},
	{"GetManagedObjects", managed_objects},
	{"Get", get_property},
	{"GetAll", get_all},
};

static void allowed(struct dbus *b, GDBusMethodInvocation *i) {
	const char *method = g_dbus_method_invocation_get_method_name(i);

	for (size_t n = 0; n < G_N_ELEMENTS(methods); n++)
		if (!strcmp(methods[n].name, method)) {
			methods[n].call(b, g_dbus_method_invocation_get_parameters(i), i);
			return;
		}
	g_dbus_method_invocation_return_error(
		i, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD, "no such method");
}

static void on_method(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *method, GVariant *args, GDBusMethodInvocation *i,
	gpointer user) {
	dbus_authorise(user, i, allowed);
}

const GDBusInterfaceVTable dbus_manager_vtable = {on_method, NULL, NULL, {0}};
