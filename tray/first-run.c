/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/first-run.h"

#include "tray/swatch.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>

#define RESOURCE "/org/bulkhead/tray/first-run.ui"

static const struct {
	const char *name, *label;
} offered[] = {{"work", "blue"}, {"private", "green"}, {"banking", "red"}};

struct first_run {
	struct tray *tray;
	GtkBuilder *ui;
	GtkWidget *window;
	unsigned waiting;
	bool closed, failed;
};

static GtkWidget *widget(struct first_run *f, const char *id) {
	return GTK_WIDGET(gtk_builder_get_object(f->ui, id));
}

static void first_run_free(struct first_run *f) {
	g_object_unref(f->ui);
	g_free(f);
}

/* Three small windows as they look on the desktop. */
static gboolean on_draw(GtkWidget *area, cairo_t *cr, gpointer user) {
	int w = gtk_widget_get_allocated_width(area), h = gtk_widget_get_allocated_height(area);
	int each = w / (int)G_N_ELEMENTS(offered);

	for (int i = 0; i < (int)G_N_ELEMENTS(offered); i++) {
		const struct label *l = label_by_name(offered[i].label);
		int x = i * each + 4;
		g_autofree char *title = g_strdup_printf("[%s]", offered[i].name);

		swatch_fill(cr, l->rgb, l->pattern, x, 0, each - 8, h);
		cairo_set_source_rgb(cr, 1, 1, 1);
		cairo_rectangle(cr, x + 10, 10, each - 28, h - 20);
		cairo_fill(cr);
		cairo_set_source_rgb(cr, 0.1, 0.1, 0.1);
		cairo_set_font_size(cr, 15);
		cairo_move_to(cr, x + 22, 34);
		cairo_show_text(cr, title);
	}
	return FALSE;
}

static void on_answer(void *user, GVariant *reply, const char *error) {
	struct first_run *f = user;

	f->waiting--;
	if (f->closed) {
		if (f->waiting == 0)
			first_run_free(f);
		return;
	}
	if (error) {
		f->failed = true;
		gtk_label_set_text(GTK_LABEL(widget(f, "error")), error);
		gtk_widget_show(widget(f, "error"));
	}
	if (f->waiting > 0)
		return;
	gtk_widget_set_sensitive(widget(f, "create"), TRUE);
	if (!f->failed)
		gtk_widget_destroy(f->window);
}

static void on_create(GtkButton *button, gpointer user) {
	struct first_run *f = user;

	f->failed = false;
	gtk_widget_hide(widget(f, "error"));
	for (size_t i = 0; i < G_N_ELEMENTS(offered); i++) {
		GtkToggleButton *check = GTK_TOGGLE_BUTTON(widget(f, offered[i].name));
		GVariantBuilder pairs;

		if (!gtk_toggle_button_get_active(check) ||
			model_find(f->tray->model, offered[i].name))
			continue;
		g_variant_builder_init(&pairs, G_VARIANT_TYPE("a{ss}"));
		g_variant_builder_add(&pairs, "{ss}", "label", offered[i].label);
		g_variant_builder_add(&pairs, "{ss}", "netvm", "net");
		f->waiting++;
		link_call_manager(f->tray->link, "CreateDomain",
			g_variant_new("(sa{ss})", offered[i].name, &pairs), on_answer, f);
	}
	if (f->waiting)
		gtk_widget_set_sensitive(widget(f, "create"), FALSE);
	else
		gtk_widget_destroy(f->window);
}

static void on_later(GtkButton *button, gpointer user) {
	gtk_widget_destroy(((struct first_run *)user)->window);
}

static void on_destroy(GtkWidget *window, gpointer user) {
	struct first_run *f = user;

	f->closed = true;
	if (f->waiting == 0)
		first_run_free(f);
}

void first_run_show(struct tray *t) {
	struct first_run *f;

	if (tray_window_present(t, "first-run"))
		return;
	f = g_new0(struct first_run, 1);
	f->tray = t;
	f->ui = gtk_builder_new();
	gtk_builder_add_from_resource(f->ui, RESOURCE, NULL);
	f->window = widget(f, "first-run");
	atk_object_set_name(gtk_widget_get_accessible(widget(f, "frames")),
		_("Three windows in the frames of work, private and banking"));
	g_signal_connect(widget(f, "frames"), "draw", G_CALLBACK(on_draw), f);
	g_signal_connect(widget(f, "create"), "clicked", G_CALLBACK(on_create), f);
	g_signal_connect(widget(f, "later"), "clicked", G_CALLBACK(on_later), f);
	g_signal_connect(f->window, "destroy", G_CALLBACK(on_destroy), f);
	trusted_mark(f->window);
	tray_window_remember(t, "first-run", f->window);
	gtk_window_present(GTK_WINDOW(f->window));
}
