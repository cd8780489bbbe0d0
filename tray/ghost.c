/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/ghost.h"

#include "tray/swatch.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>

#define FRAME 8

struct ghost {
	GtkWidget *window, *label, *bar;
	char *what;
	uint32_t rgb;
	enum label_pattern pattern;
	void (*closed)(void *user);
	void *user;
};

static gboolean on_draw(GtkWidget *window, cairo_t *cr, gpointer user) {
	struct ghost *g = user;
	int w = gtk_widget_get_allocated_width(window), h = gtk_widget_get_allocated_height(window);

	swatch_fill(cr, g->rgb, g->pattern, 0, 0, w, h);
	gtk_render_background(gtk_widget_get_style_context(window), cr, FRAME, FRAME, w - 2 * FRAME,
		h - 2 * FRAME);
	return FALSE;
}

static gboolean on_press(GtkWidget *window, GdkEvent *event, gpointer user) {
	struct ghost *g = user;

	g->closed(g->user);
	return TRUE;
}

void ghost_progress(struct ghost *g, const struct model_domain *d) {
	g_autofree char *text = NULL;

	if (d->state == MODEL_STARTING)
		text = g_strdup_printf(
			_("%s is starting for %s (%u %%)"), d->name, g->what, d->progress);
	else
		text = g_strdup_printf(_("%s: %s is being opened"), d->name, g->what);
	gtk_label_set_text(GTK_LABEL(g->label), text);
	gtk_progress_bar_set_fraction(
		GTK_PROGRESS_BAR(g->bar), d->state == MODEL_STARTING ? d->progress / 100.0 : 0.9);
	g->rgb = d->rgb;
	g->pattern = d->pattern;
	gtk_widget_queue_draw(g->window);
}

static GtkWidget *make_box(struct ghost *g) {
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12),
		  *hint = gtk_label_new(_("Click to hide this note")), *top, *bottom;

	g->label = gtk_label_new(NULL);
	gtk_label_set_line_wrap(GTK_LABEL(g->label), TRUE);
	gtk_label_set_max_width_chars(GTK_LABEL(g->label), 40);
	g->bar = gtk_progress_bar_new();
	gtk_style_context_add_class(gtk_widget_get_style_context(hint), "dim-label");
	top = gtk_label_new(NULL);
	bottom = gtk_label_new(NULL);
	gtk_box_pack_start(GTK_BOX(box), top, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(box), g->label, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), g->bar, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), hint, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), bottom, TRUE, TRUE, 0);
	g_object_set(box, "margin", FRAME + 16, NULL);
	return box;
}

struct ghost *ghost_new(
	const struct model_domain *d, const char *what, void (*closed)(void *user), void *user) {
	struct ghost *g = g_new0(struct ghost, 1);
	GtkWindow *w;

	g->what = g_strdup(what);
	g->closed = closed;
	g->user = user;
	g->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	w = GTK_WINDOW(g->window);
	gtk_window_set_title(w, d->name);
	gtk_window_set_type_hint(w, GDK_WINDOW_TYPE_HINT_SPLASHSCREEN);
	gtk_window_set_decorated(w, FALSE);
	gtk_window_set_accept_focus(w, FALSE);
	gtk_window_set_focus_on_map(w, FALSE);
	gtk_window_set_skip_taskbar_hint(w, TRUE);
	gtk_window_set_position(w, GTK_WIN_POS_CENTER);
	gtk_window_set_default_size(w, 420, 200);
	gtk_widget_set_app_paintable(g->window, TRUE);
	gtk_widget_add_events(g->window, GDK_BUTTON_PRESS_MASK);
	g_signal_connect(g->window, "draw", G_CALLBACK(on_draw), g);
	g_signal_connect(g->window, "button-press-event", G_CALLBACK(on_press), g);
	g_signal_connect(g->window, "delete-event", G_CALLBACK(on_press), g);
	gtk_container_add(GTK_CONTAINER(g->window), make_box(g));
	trusted_mark(g->window);
	ghost_progress(g, d);
	gtk_widget_show_all(g->window);
	return g;
}

struct ghost *ghost_free(struct ghost *g) {
	if (!g)
		return NULL;
	gtk_widget_destroy(g->window);
	g_free(g->what);
	g_free(g);
	return NULL;
}
