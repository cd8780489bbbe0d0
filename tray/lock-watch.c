/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/lock-watch.h"

#include <gio/gio.h>

/* Each desktop has its own name for the same signal, "ActiveChanged" with one boolean. */
static const char *const savers[] = {"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver",
	"org.xfce.ScreenSaver", "org.mate.ScreenSaver", "org.cinnamon.ScreenSaver"};

struct lock_watch {
	lock_changed changed;
	void *data;
	bool source[LOCK_SOURCES];
	GDBusConnection *session;
	guint subscriptions[G_N_ELEMENTS(savers)];
	GDBusProxy *logind;
	GCancellable *cancel;
};

static bool is_locked(const struct lock_watch *w) {
	for (unsigned i = 0; i < LOCK_SOURCES; i++)
		if (w->source[i])
			return true;
	return false;
}

void lock_watch_set(struct lock_watch *w, enum lock_source source, bool locked) {
	bool before = is_locked(w);

	w->source[source] = locked;
	if (is_locked(w) != before)
		w->changed(!before, w->data);
}

static void on_active_changed(GDBusConnection *bus, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *signal, GVariant *parameters, gpointer data) {
	gboolean active = FALSE;

	(void)bus, (void)sender, (void)path, (void)interface, (void)signal;
	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(b)")))
		return;
	g_variant_get(parameters, "(b)", &active);
	lock_watch_set(data, LOCK_BY_BUS, active);
}

static void on_session_bus(GObject *source, GAsyncResult *result, gpointer data) {
	g_autoptr(GError) error = NULL;
	GDBusConnection *bus = g_bus_get_finish(result, &error);
	struct lock_watch *w = data;

	(void)source;
	if (!bus) /* cancelled (then w is gone), or there is no bus: the other sources remain */
		return;
	w->session = bus;
	for (size_t i = 0; i < G_N_ELEMENTS(savers); i++)
		w->subscriptions[i] = g_dbus_connection_signal_subscribe(bus, savers[i], savers[i],
			"ActiveChanged", NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_active_changed, w,
			NULL);
}

static void read_locked_hint(struct lock_watch *w) {
	g_autoptr(GVariant) hint = g_dbus_proxy_get_cached_property(w->logind, "LockedHint");

	if (hint && g_variant_is_of_type(hint, G_VARIANT_TYPE_BOOLEAN))
		lock_watch_set(w, LOCK_BY_LOGIND, g_variant_get_boolean(hint));
}

static void on_logind_changed(
	GDBusProxy *proxy, GVariant *changed, GStrv invalidated, gpointer data) {
	(void)proxy, (void)changed, (void)invalidated;
	read_locked_hint(data);
}

static void on_logind(GObject *source, GAsyncResult *result, gpointer data) {
	g_autoptr(GError) error = NULL;
	GDBusProxy *proxy = g_dbus_proxy_new_for_bus_finish(result, &error);
	struct lock_watch *w = data;

	(void)source;
	if (!proxy)
		return;
	w->logind = proxy;
	g_signal_connect(proxy, "g-properties-changed", G_CALLBACK(on_logind_changed), w);
	read_locked_hint(w);
}

struct lock_watch *lock_watch_new(lock_changed changed, void *data) {
	struct lock_watch *w = g_new0(struct lock_watch, 1);

	w->changed = changed;
	w->data = data;
	w->cancel = g_cancellable_new();
	g_bus_get(G_BUS_TYPE_SESSION, w->cancel, on_session_bus, w);
	g_dbus_proxy_new_for_bus(G_BUS_TYPE_SYSTEM, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL,
		"org.freedesktop.login1", "/org/freedesktop/login1/session/auto",
		"org.freedesktop.login1.Session", w->cancel, on_logind, w);
	return w;
}

struct lock_watch *lock_watch_free(struct lock_watch *w) {
	if (!w)
		return NULL;
	g_cancellable_cancel(w->cancel);
	g_object_unref(w->cancel);
	for (size_t i = 0; w->session && i < G_N_ELEMENTS(savers); i++)
		g_dbus_connection_signal_unsubscribe(w->session, w->subscriptions[i]);
	g_clear_object(&w->session);
	if (w->logind)
		g_signal_handlers_disconnect_by_data(w->logind, w);
	g_clear_object(&w->logind);
	g_free(w);
	return NULL;
}
