/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/focus-strip.h"

#include "tray/swatch.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>
#include <gtk/gtk.h>

#define HEIGHT 22
#define SIDE   40 /* of the pattern, on each side of the name */

struct focus_strip {
	GtkWidget *window, *label;
	uint32_t rgb;
	enum label_pattern pattern;
};

/* Colour and pattern as on the frames, and the name in white on black between them. */
static gboolean on_draw(GtkWidget *window, cairo_t *cr, gpointer user) {
	struct focus_strip *s = user;
	int w = gtk_widget_get_allocated_width(window), h = gtk_widget_get_allocated_height(window);

	swatch_fill(cr, s->rgb, s->pattern, 0, 0, w, h);
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_rectangle(cr, SIDE, 2, w - 2 * SIDE, h - 4);
	cairo_fill(cr);
	return FALSE; /* the label follows */
}

static void style(GtkWidget *widget) {
	g_autoptr(GtkCssProvider) css = gtk_css_provider_new();

	gtk_css_provider_load_from_data(
		css, "* { color: #ffffff; background: none; font-weight: bold; }", -1, NULL);
	gtk_style_context_add_provider(gtk_widget_get_style_context(widget),
		GTK_STYLE_PROVIDER(css), GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

struct focus_strip *focus_strip_new(void) {
	struct focus_strip *s = g_new0(struct focus_strip, 1);
	cairo_region_t *nothing = cairo_region_create();

	s->window = gtk_window_new(GTK_WINDOW_POPUP);
	gtk_window_set_title(GTK_WINDOW(s->window), "Bulkhead");
	gtk_window_set_accept_focus(GTK_WINDOW(s->window), FALSE);
	gtk_widget_set_app_paintable(s->window, TRUE);
	s->label = gtk_label_new(NULL);
	gtk_widget_set_margin_start(s->label, SIDE + 12);
	gtk_widget_set_margin_end(s->label, SIDE + 12);
	style(s->label);
	gtk_container_add(GTK_CONTAINER(s->window), s->label);
	g_signal_connect(s->window, "draw", G_CALLBACK(on_draw), s);
	trusted_mark(s->window);
	gtk_widget_realize(s->window);
	gtk_widget_input_shape_combine_region(s->window, nothing);
	cairo_region_destroy(nothing);
	return s;
}

void focus_strip_show(struct focus_strip *s, const struct model_domain *d) {
	g_autofree char *spoken = NULL;
	GtkRequisition size;
	GdkRectangle area;

	if (!d) {
		gtk_widget_hide(s->window);
		return;
	}
	s->rgb = d->rgb;
	s->pattern = d->pattern;
	gtk_label_set_text(GTK_LABEL(s->label), d->name);
	spoken = g_strdup_printf(_("%s has the focus"), d->name);
	atk_object_set_name(gtk_widget_get_accessible(s->window), spoken);
	gdk_monitor_get_workarea(gdk_display_get_monitor(gdk_display_get_default(), 0), &area);
	gtk_widget_show_all(s->window);
	gtk_widget_get_preferred_size(s->window, NULL, &size);
	gtk_window_resize(GTK_WINDOW(s->window), size.width, HEIGHT);
	gtk_window_move(GTK_WINDOW(s->window), area.x + (area.width - size.width) / 2,
		area.y + area.height - HEIGHT);
	gtk_widget_queue_draw(s->window);
	gdk_window_raise(gtk_widget_get_window(s->window));
}

struct focus_strip *focus_strip_free(struct focus_strip *s) {
	if (!s)
		return NULL;
	gtk_widget_destroy(s->window);
	g_free(s);
	return NULL;
}
