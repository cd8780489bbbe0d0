/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/status.h"

#include <gio/gio.h>

#define WATCHER      "org.kde.StatusNotifierWatcher"
#define WATCHER_PATH "/StatusNotifierWatcher"
#define ITEM         "org.kde.StatusNotifierItem"
#define ITEM_PATH    "/StatusNotifierItem"

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkStatusIcon: there is nothing else for XEmbed */

	struct status {
	const struct status_events *events;
	void *user;
	GtkStatusIcon *docked;
	cairo_surface_t *picture;
	char *text;
	GDBusConnection *bus;
	GCancellable *cancel;
	guint watch, object, signals;
	bool notifier; /* somebody shows StatusNotifierItems */
};

static const char item_xml[] =
	"<node><interface name='" ITEM "'>"
	"<property name='Category' type='s' access='read'/>"
	"<property name='Id' type='s' access='read'/>"
	"<property name='Title' type='s' access='read'/>"
	"<property name='Status' type='s' access='read'/>"
	"<property name='WindowId' type='i' access='read'/>"
	"<property name='IconName' type='s' access='read'/>"
	"<property name='IconPixmap' type='a(iiay)' access='read'/>"
	"<property name='ToolTip' type='(sa(iiay)ss)' access='read'/>"
	"<property name='ItemIsMenu' type='b' access='read'/>"
	"<property name='Menu' type='o' access='read'/>"
	"<method name='ContextMenu'><arg type='i'/><arg type='i'/></method>"
	"<method name='Activate'><arg type='i'/><arg type='i'/></method>"
	"<method name='SecondaryActivate'><arg type='i'/><arg type='i'/></method>"
	"<method name='Scroll'><arg type='i'/><arg type='s'/></method>"
	"<signal name='NewTitle'/><signal name='NewIcon'/><signal name='NewToolTip'/>"
	"</interface></node>";

/* Rows of A R G B bytes, whatever this machine's order is. */
static GVariant *pixmap(cairo_surface_t *s) {
	int w = s ? cairo_image_surface_get_width(s) : 0,
	    h = s ? cairo_image_surface_get_height(s) : 0,
	    stride = s ? cairo_image_surface_get_stride(s) : 0;
	const unsigned char *data = s ? cairo_image_surface_get_data(s) : NULL;
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	GVariantBuilder list;

	for (int y = 0; data && y < h; y++)
		for (int x = 0; x < w; x++) {
			guint32 p = GUINT32_TO_BE(
				((const guint32 *)(const void *)(data + y * stride))[x]);

			g_byte_array_append(bytes, (guchar *)&p, 4);
		}
	g_variant_builder_init(&list, G_VARIANT_TYPE("a(iiay)"));
	if (bytes->len)
		g_variant_builder_add(&list, "(ii@ay)", w, h,
			g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, bytes->data, bytes->len, 1));
	return g_variant_builder_end(&list);
}

static GVariant *on_get(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *name, GError **error, gpointer user) {
	struct status *s = user;

	if (!g_strcmp0(name, "Category"))
		return g_variant_new_string("SystemServices");
	if (!g_strcmp0(name, "Id"))
		return g_variant_new_string("bulkhead");
	if (!g_strcmp0(name, "Title"))
		return g_variant_new_string(s->text);
	if (!g_strcmp0(name, "Status"))
		return g_variant_new_string("Active");
	if (!g_strcmp0(name, "WindowId"))
		return g_variant_new_int32(0);
	if (!g_strcmp0(name, "IconPixmap"))
		return pixmap(s->picture);
	if (!g_strcmp0(name, "ToolTip"))
		return g_variant_new("(s@a(iiay)ss)", "", pixmap(NULL), "Bulkhead", s->text);
	if (!g_strcmp0(name, "ItemIsMenu"))
		return g_variant_new_boolean(FALSE);
	if (!g_strcmp0(name, "Menu"))
		return g_variant_new_object_path("/NO_DBUSMENU");
	return g_variant_new_string("");
}

static void on_method(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *method, GVariant *args, GDBusMethodInvocation *i,
	gpointer user) {
	struct status *s = user;
	int x, y;

	/* The panel has its answer before anything is drawn. */
	g_dbus_method_invocation_return_value(i, NULL);
	if (!g_strcmp0(method, "SecondaryActivate")) {
		s->events->search(s->user);
	} else if (!g_strcmp0(method, "Activate") || !g_strcmp0(method, "ContextMenu")) {
		g_variant_get(args, "(ii)", &x, &y);
		s->events->menu(s->user, x > 0 || y > 0 ? x : -1, y);
	}
}

static void show_docked(struct status *s) {
	gtk_status_icon_set_visible(s->docked, !s->notifier);
}

static void on_host(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant)
		r = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error),
		value = NULL;
	struct status *s = user;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (r)
		g_variant_get(r, "(v)", &value);
	s->notifier = value && g_variant_is_of_type(value, G_VARIANT_TYPE_BOOLEAN) &&
		      g_variant_get_boolean(value);
	show_docked(s);
}

static void ask_for_host(struct status *s) {
	g_dbus_connection_call(s->bus, WATCHER, WATCHER_PATH, "org.freedesktop.DBus.Properties",
		"Get", g_variant_new("(ss)", WATCHER, "IsStatusNotifierHostRegistered"),
		G_VARIANT_TYPE("(v)"), G_DBUS_CALL_FLAGS_NONE, -1, s->cancel, on_host, s);
}

static void on_watcher_signal(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *signal, GVariant *args, gpointer user) {
	if (g_str_has_prefix(signal, "StatusNotifierHost"))
		ask_for_host(user);
}

static void on_watcher(GDBusConnection *c, const gchar *name, const gchar *owner, gpointer user) {
	static const GDBusInterfaceVTable vtable = {on_method, on_get, NULL, {0}};
	g_autoptr(GDBusNodeInfo) info = g_dbus_node_info_new_for_xml(item_xml, NULL);
	struct status *s = user;

	if (!s->bus) {
		s->bus = g_object_ref(c);
		s->object = g_dbus_connection_register_object(
			c, ITEM_PATH, info->interfaces[0], &vtable, s, NULL, NULL);
		s->signals = g_dbus_connection_signal_subscribe(c, WATCHER, WATCHER, NULL, NULL,
			NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_watcher_signal, s, NULL);
	}
	g_dbus_connection_call(c, WATCHER, WATCHER_PATH, WATCHER, "RegisterStatusNotifierItem",
		g_variant_new("(s)", g_dbus_connection_get_unique_name(c)), NULL,
		G_DBUS_CALL_FLAGS_NONE, -1, s->cancel, NULL, NULL);
	ask_for_host(s);
}

static void on_no_watcher(GDBusConnection *c, const gchar *name, gpointer user) {
	struct status *s = user;

	s->notifier = false;
	show_docked(s);
}

static void on_activate(GtkStatusIcon *icon, gpointer user) {
	struct status *s = user;
	GdkRectangle at;
	bool known = gtk_status_icon_get_geometry(icon, NULL, &at, NULL);

	s->events->menu(s->user, known ? at.x : -1, known ? at.y + at.height : 0);
}

static void on_popup(GtkStatusIcon *icon, guint button, guint time, gpointer user) {
	on_activate(icon, user);
}

struct status *status_new(const struct status_events *events, void *user) {
	struct status *s = g_new0(struct status, 1);

	s->events = events;
	s->user = user;
	s->text = g_strdup("Bulkhead");
	s->cancel = g_cancellable_new();
	s->docked = gtk_status_icon_new();
	gtk_status_icon_set_visible(s->docked, FALSE);
	gtk_status_icon_set_name(s->docked, "bulkhead");
	gtk_status_icon_set_title(s->docked, "Bulkhead");
	g_signal_connect(s->docked, "activate", G_CALLBACK(on_activate), s);
	g_signal_connect(s->docked, "popup-menu", G_CALLBACK(on_popup), s);
	s->watch = g_bus_watch_name(G_BUS_TYPE_SESSION, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE,
		on_watcher, on_no_watcher, s, NULL);
	return s;
}

void status_set(struct status *s, cairo_surface_t *picture, const char *text) {
	static const char *const news[] = {"NewIcon", "NewTitle", "NewToolTip"};
	g_autoptr(GdkPixbuf) p = gdk_pixbuf_get_from_surface(picture, 0, 0,
		cairo_image_surface_get_width(picture), cairo_image_surface_get_height(picture));

	if (s->picture)
		cairo_surface_destroy(s->picture);
	s->picture = cairo_surface_reference(picture);
	g_free(s->text);
	s->text = g_strdup(text);
	gtk_status_icon_set_from_pixbuf(s->docked, p);
	gtk_status_icon_set_tooltip_text(s->docked, text);
	for (size_t i = 0; s->bus && i < G_N_ELEMENTS(news); i++)
		g_dbus_connection_emit_signal(s->bus, NULL, ITEM_PATH, ITEM, news[i], NULL, NULL);
}

const char *status_where(const struct status *s) {
	return s->notifier ? "notifier" : gtk_status_icon_is_embedded(s->docked) ? "docked" : "";
}

struct status *status_free(struct status *s) {
	if (!s)
		return NULL;
	g_cancellable_cancel(s->cancel);
	g_object_unref(s->cancel);
	g_bus_unwatch_name(s->watch);
	if (s->bus) {
		g_dbus_connection_signal_unsubscribe(s->bus, s->signals);
		g_dbus_connection_unregister_object(s->bus, s->object);
	}
	g_clear_object(&s->bus);
	g_object_unref(s->docked);
	if (s->picture)
		cairo_surface_destroy(s->picture);
	g_free(s->text);
	g_free(s);
	return NULL;
}

G_GNUC_END_IGNORE_DEPRECATIONS
