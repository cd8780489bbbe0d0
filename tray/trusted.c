/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/trusted.h"

static void on_realize(GtkWidget *widget, gpointer user) {
	static const guint32 one = 1;

	gdk_property_change(gtk_widget_get_window(widget),
		gdk_atom_intern_static_string("_BULKHEAD_TRUSTED"),
		gdk_atom_intern_static_string("CARDINAL"), 32, GDK_PROP_MODE_REPLACE,
		(const guchar *)&one, 1);
}

void trusted_mark(GtkWidget *toplevel) {
	g_signal_connect(toplevel, "realize", G_CALLBACK(on_realize), NULL);
	if (gtk_widget_get_realized(toplevel))
		on_realize(toplevel, NULL);
}
