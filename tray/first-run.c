/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/first-run.h"

#include "tray/swatch.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define RESOURCE "/org/bulkhead/tray/first-run.ui"
/* Throw-away domains of the others are made like this one: it is made first. */
#define MODEL    "throw-away"

static const struct {
	const char *name, *label;
} offered[] = {{MODEL, "gray"}, {"work", "blue"}, {"private", "green"}, {"banking", "red"}};

/* Those with windows that stay: the picture shows them. */
#define SHOWN 1

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
	int each = w / (int)(G_N_ELEMENTS(offered) - SHOWN);

	for (int i = SHOWN; i < (int)G_N_ELEMENTS(offered); i++) {
		const struct label *l = label_by_name(offered[i].label);
		int x = (i - SHOWN) * each + 4;
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

static bool chosen(struct first_run *f, const char *name) {
	return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(widget(f, name)));
}

static GVariant *properties_of(struct first_run *f, size_t i) {
	GVariantBuilder pairs;

	g_variant_builder_init(&pairs, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&pairs, "{ss}", "label", offered[i].label);
	g_variant_builder_add(&pairs, "{ss}", "netvm", "net");
	if (!strcmp(offered[i].name, MODEL))
		g_variant_builder_add(&pairs, "{ss}", "template_for_dispvms", "yes");
	else if (chosen(f, MODEL) || model_find(f->tray->model, MODEL))
		g_variant_builder_add(&pairs, "{ss}", "default_dispvm", MODEL);
	return g_variant_builder_end(&pairs);
}

static void on_create(GtkButton *button, gpointer user) {
	struct first_run *f = user;

	f->failed = false;
	gtk_widget_hide(widget(f, "error"));
	for (size_t i = 0; i < G_N_ELEMENTS(offered); i++) {
		if (!chosen(f, offered[i].name) || model_find(f->tray->model, offered[i].name))
			continue;
		f->waiting++;
		link_call_manager(f->tray->link, "CreateDomain",
			g_variant_new("(s@a{ss})", offered[i].name, properties_of(f, i)), on_answer,
			f);
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
