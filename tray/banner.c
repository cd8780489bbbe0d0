/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/banner.h"

#include "tray/trusted.h"

#include <gtk/gtk.h>

struct banner {
	GtkWidget *window, *label;
};

static void style(GtkWidget *widget) {
	g_autoptr(GtkCssProvider) css = gtk_css_provider_new();

	gtk_css_provider_load_from_data(css,
		"* { background: #101010; color: #ffffff; font-size: 13pt; padding: 8px 24px; }",
		-1, NULL);
	gtk_style_context_add_provider(gtk_widget_get_style_context(widget),
		GTK_STYLE_PROVIDER(css), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

struct banner *banner_new(void) {
	struct banner *b = g_new0(struct banner, 1);

	b->window = gtk_window_new(GTK_WINDOW_POPUP);
	gtk_window_set_title(GTK_WINDOW(b->window), "Bulkhead");
	gtk_window_set_accept_focus(GTK_WINDOW(b->window), FALSE);
	b->label = gtk_label_new(NULL);
	style(b->label);
	gtk_container_add(GTK_CONTAINER(b->window), b->label);
	atk_object_set_name(gtk_widget_get_accessible(b->window), "Bulkhead notice");
	trusted_mark(b->window);
	gtk_widget_realize(b->window);
	return b;
}

void banner_show(struct banner *b, const char *text) {
	GdkRectangle area;
	GtkRequisition size;

	if (!text) {
		gtk_widget_hide(b->window);
		return;
	}
	gtk_label_set_text(GTK_LABEL(b->label), text);
	gdk_monitor_get_geometry(gdk_display_get_monitor(gdk_display_get_default(), 0), &area);
	gtk_widget_show_all(b->window);
	gtk_widget_get_preferred_size(b->window, NULL, &size);
	gtk_window_resize(GTK_WINDOW(b->window), size.width, size.height);
	gtk_window_move(GTK_WINDOW(b->window), area.x + (area.width - size.width) / 2, area.y);
	gdk_window_raise(gtk_widget_get_window(b->window));
}

struct banner *banner_free(struct banner *b) {
	if (!b)
		return NULL;
	gtk_widget_destroy(b->window);
	g_free(b);
	return NULL;
}
