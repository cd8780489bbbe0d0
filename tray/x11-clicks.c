/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/x11-clicks.h"

#include <X11/extensions/Xfixes.h>
#include <X11/extensions/shapeconst.h>
#include <gdk/gdkx.h>

/* GTK's own way loses the shape when it gives the window a size. */
void clicks_pass(GtkWidget *toplevel) {
	GdkWindow *window = gtk_widget_get_window(toplevel);
	Display *d = GDK_WINDOW_XDISPLAY(window);
	XserverRegion none = XFixesCreateRegion(d, NULL, 0);

	XFixesSetWindowShapeRegion(d, GDK_WINDOW_XID(window), ShapeInput, 0, 0, none);
	XFixesDestroyRegion(d, none);
}
