/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/x11-tray-host.h"

#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/extensions/Xfixes.h>
#include <gtk/gtk.h>
#include <gtk/gtkx.h>
#include <stdbool.h>

#define ICON_SIZE    28
#define ICONS_MAX    64 /* for all domains together; a further one finds no room */
#define REQUEST_DOCK 0  /* SYSTEM_TRAY_REQUEST_DOCK, freedesktop system tray protocol */

struct tray_host {
	GtkWidget *window, *box;
	GdkWindow *root;
	Display *x;
	Atom selection, opcode, manager;
	int fixes_event;
	unsigned icons;
	bool owner;
};

static void on_socket_gone(GtkWidget *socket, gpointer data) {
	struct tray_host *h = data;

	(void)socket;
	if (--h->icons == 0)
		gtk_widget_hide(h->window);
}

static gboolean on_plug_removed(GtkSocket *socket, gpointer data) {
	(void)socket, (void)data;
	return FALSE; /* the socket goes with its icon */
}

static void dock(struct tray_host *h, Window icon) {
	GtkWidget *socket;

	if (h->icons >= ICONS_MAX)
		return;
	socket = gtk_socket_new();
	gtk_widget_set_size_request(socket, ICON_SIZE, ICON_SIZE);
	gtk_container_add(GTK_CONTAINER(h->box), socket);
	h->icons++;
	g_signal_connect(socket, "destroy", G_CALLBACK(on_socket_gone), h);
	g_signal_connect(socket, "plug-removed", G_CALLBACK(on_plug_removed), h);
	gtk_widget_show(socket);
	gtk_widget_show_all(h->window);
	gtk_socket_add_id(GTK_SOCKET(socket), icon);
}

static void announce(struct tray_host *h) {
	XClientMessageEvent e = {.type = ClientMessage,
		.window = GDK_WINDOW_XID(h->root),
		.message_type = h->manager,
		.format = 32};

	e.data.l[0] = CurrentTime;
	e.data.l[1] = (long)h->selection;
	e.data.l[2] = (long)GDK_WINDOW_XID(gtk_widget_get_window(h->window));
	XSendEvent(h->x, GDK_WINDOW_XID(h->root), False, StructureNotifyMask, (XEvent *)&e);
}

static void take_if_free(struct tray_host *h) {
	Window own = GDK_WINDOW_XID(gtk_widget_get_window(h->window));

	if (XGetSelectionOwner(h->x, h->selection) != None)
		return;
	XSetSelectionOwner(h->x, h->selection, own, CurrentTime);
	h->owner = XGetSelectionOwner(h->x, h->selection) == own;
	if (h->owner)
		announce(h);
}

static void remove_icon(GtkWidget *socket, gpointer data) {
	(void)data;
	gtk_widget_destroy(socket);
}

static void on_owner(struct tray_host *h, Window owner) {
	if (owner == None) {
		take_if_free(h);
	} else if (owner != GDK_WINDOW_XID(gtk_widget_get_window(h->window)) && h->owner) {
		/* A real tray: our sockets go, the gui-daemons dock again there. */
		h->owner = false;
		gtk_container_foreach(GTK_CONTAINER(h->box), remove_icon, NULL);
	}
}

static GdkFilterReturn on_event(GdkXEvent *xevent, GdkEvent *event, gpointer data) {
	struct tray_host *h = data;
	XEvent *e = xevent;

	(void)event;
	if (e->type == ClientMessage && e->xclient.message_type == h->opcode &&
		e->xclient.format == 32) {
		if (h->owner && e->xclient.data.l[1] == REQUEST_DOCK)
			dock(h, (Window)e->xclient.data.l[2]);
		return GDK_FILTER_REMOVE;
	}
	if (e->type == h->fixes_event + XFixesSelectionNotify) {
		const XFixesSelectionNotifyEvent *s = (const XFixesSelectionNotifyEvent *)e;

		if (s->selection == h->selection)
			on_owner(h, s->owner);
	}
	return GDK_FILTER_CONTINUE;
}

static void make_window(struct tray_host *h) {
	h->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(h->window), "Icons of your domains");
	gtk_window_set_type_hint(GTK_WINDOW(h->window), GDK_WINDOW_TYPE_HINT_UTILITY);
	gtk_window_set_keep_above(GTK_WINDOW(h->window), TRUE);
	gtk_window_set_accept_focus(GTK_WINDOW(h->window), FALSE);
	gtk_window_set_skip_taskbar_hint(GTK_WINDOW(h->window), TRUE);
	g_signal_connect(h->window, "delete-event", G_CALLBACK(gtk_widget_hide_on_delete), NULL);
	h->box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 2);
	gtk_container_add(GTK_CONTAINER(h->window), h->box);
	gtk_widget_realize(h->window);
}

struct tray_host *tray_host_new(void) {
	struct tray_host *h = g_new0(struct tray_host, 1);
	char name[32];
	int error_base;

	h->root = gdk_get_default_root_window();
	h->x = GDK_WINDOW_XDISPLAY(h->root);
	if (!XFixesQueryExtension(h->x, &h->fixes_event, &error_base)) {
		g_free(h);
		return NULL;
	}
	g_snprintf(name, sizeof(name), "_NET_SYSTEM_TRAY_S%d", DefaultScreen(h->x));
	h->selection = XInternAtom(h->x, name, False);
	h->opcode = XInternAtom(h->x, "_NET_SYSTEM_TRAY_OPCODE", False);
	h->manager = XInternAtom(h->x, "MANAGER", False);
	make_window(h);
	gdk_window_add_filter(NULL, on_event, h);
	XFixesSelectSelectionInput(h->x, GDK_WINDOW_XID(h->root), h->selection,
		XFixesSetSelectionOwnerNotifyMask | XFixesSelectionWindowDestroyNotifyMask |
			XFixesSelectionClientCloseNotifyMask);
	take_if_free(h);
	return h;
}

struct tray_host *tray_host_free(struct tray_host *h) {
	if (!h)
		return NULL;
	gdk_window_remove_filter(NULL, on_event, h);
	gtk_widget_destroy(h->window);
	g_free(h);
	return NULL;
}
