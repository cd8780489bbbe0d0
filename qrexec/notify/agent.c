/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-notify-agent, in a domain: the org.freedesktop.Notifications of the domain's own bus.
 * What applications say goes to the admin domain by the service bulkhead.Notify, as text. It may be
 * as hostile as everything else in the domain: what arrives is checked there.
 */
#include "proto/notification.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

#define NAME   "org.freedesktop.Notifications"
#define PATH   "/org/freedesktop/Notifications"
#define CALLS  4 /* under way at once; what comes meanwhile is left out */
#define REASON 4 /* of NotificationClosed: undefined */
#define CALLER "qrexec-client-vm"

struct agent {
	GMainLoop *loop;
	GDBusConnection *bus;
	guint32 last;
	unsigned calls;
	int status;
};

static const char xml[] =
	"<node><interface name='" NAME "'>"
	"<method name='Notify'><arg type='s'/><arg type='u'/><arg type='s'/><arg type='s'/>"
	"<arg type='s'/><arg type='as'/><arg type='a{sv}'/><arg type='i'/>"
	"<arg type='u' direction='out'/></method>"
	"<method name='CloseNotification'><arg type='u'/></method>"
	"<method name='GetCapabilities'><arg type='as' direction='out'/></method>"
	"<method name='GetServerInformation'><arg type='s' direction='out'/>"
	"<arg type='s' direction='out'/><arg type='s' direction='out'/>"
	"<arg type='s' direction='out'/></method>"
	"<signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal>"
	"</interface></node>";

static void on_told(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	struct agent *a = user;

	a->calls--;
	if (!g_subprocess_communicate_finish(G_SUBPROCESS(source), result, NULL, NULL, &error))
		g_message("a notification was not told: %s", error->message);
}

static void tell(struct agent *a, const char *app, const char *title, const char *body) {
	uint8_t data[NOTIFICATION_MAX];
	size_t size = notification_encode(app, title, body, data);
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) call = NULL;

	if (a->calls >= CALLS)
		return;
	call = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
					G_SUBPROCESS_FLAGS_STDERR_SILENCE,
		&error, CALLER, "@adminvm", "bulkhead.Notify", NULL);
	if (!call) {
		g_message("%s", error->message);
		return;
	}
	a->calls++;
	g_subprocess_communicate_async(call, bytes, NULL, on_told, a);
}

static void on_notify(struct agent *a, GVariant *args, GDBusMethodInvocation *i) {
	const char *app, *icon, *title, *body;
	guint32 replaces;

	g_variant_get(args, "(&su&s&s&sasa{sv}i)", &app, &replaces, &icon, &title, &body, NULL,
		NULL, NULL);
	if (replaces == 0)
		a->last = a->last % G_MAXINT32 + 1;
	g_dbus_method_invocation_return_value(
		i, g_variant_new("(u)", replaces ? replaces : a->last));
	tell(a, app, title, body);
}

static void on_close(struct agent *a, GVariant *args, GDBusMethodInvocation *i) {
	guint32 id;

	g_variant_get(args, "(u)", &id);
	g_dbus_method_invocation_return_value(i, NULL);
	g_dbus_connection_emit_signal(a->bus, NULL, PATH, NAME, "NotificationClosed",
		g_variant_new("(uu)", id, REASON), NULL);
}

static void on_method(GDBusConnection *c, const gchar *sender, const gchar *path,
	const gchar *interface, const gchar *method, GVariant *args, GDBusMethodInvocation *i,
	gpointer user) {
	static const char *const capabilities[] = {"body", NULL};

	if (!strcmp(method, "Notify"))
		on_notify(user, args, i);
	else if (!strcmp(method, "CloseNotification"))
		on_close(user, args, i);
	else if (!strcmp(method, "GetCapabilities"))
		g_dbus_method_invocation_return_value(i, g_variant_new("(^as)", capabilities));
	else
		g_dbus_method_invocation_return_value(
			i, g_variant_new("(ssss)", "Bulkhead", "Bulkhead", "1", "1.2"));
}

static void on_bus(GDBusConnection *c, const gchar *name, gpointer user) {
	static const GDBusInterfaceVTable vtable = {on_method, NULL, NULL, {0}};
	g_autoptr(GDBusNodeInfo) info = g_dbus_node_info_new_for_xml(xml, NULL);
	struct agent *a = user;

	a->bus = c;
	g_dbus_connection_register_object(c, PATH, info->interfaces[0], &vtable, a, NULL, NULL);
}

/* No bus, or another service has the name: the domain's own choice. */
static void on_lost(GDBusConnection *c, const gchar *name, gpointer user) {
	struct agent *a = user;

	a->status = c ? 0 : 1;
	g_main_loop_quit(a->loop);
}

static gboolean on_signal(gpointer user) {
	g_main_loop_quit(((struct agent *)user)->loop);
	return G_SOURCE_CONTINUE;
}

int main(void) {
	struct agent a = {.loop = g_main_loop_new(NULL, FALSE)};
	guint name = g_bus_own_name(G_BUS_TYPE_SESSION, NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_bus,
		NULL, on_lost, &a, NULL);

	g_unix_signal_add(SIGTERM, on_signal, &a);
	g_main_loop_run(a.loop);
	g_bus_unown_name(name);
	g_main_loop_unref(a.loop);
	return a.status;
}
