/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/trusted.h"

void trusted_mark(GtkWidget *window) {
	static const guint32 one = 1;

	gtk_widget_realize(window);
	gdk_property_change(gtk_widget_get_window(window),
		gdk_atom_intern_static_string("_BULKHEAD_TRUSTED"),
		gdk_atom_intern_static_string("CARDINAL"), 32, GDK_PROP_MODE_REPLACE,
		(const guchar *)&one, 1);
}
