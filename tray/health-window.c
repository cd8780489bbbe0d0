/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/health-window.h"

#include "tray/trusted.h"

#include <glib/gi18n-lib.h>

#define KEY    "health"
#define SWATCH 22

static GtkWidget *make_row(struct tray *t, const struct health_item *item) {
	struct model_domain *d = *item->domain ? model_find(t->model, item->domain) : NULL;
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10), *image, *label;
	g_autofree char *text = *item->domain ? g_strdup_printf("%s: %s", item->domain, item->text)
					      : g_strdup(item->text);

	if (d) {
		cairo_surface_t *s = tray_swatch(d, SWATCH);

		image = gtk_image_new_from_surface(s);
		cairo_surface_destroy(s);
	} else {
		image = gtk_image_new_from_icon_name("dialog-warning", GTK_ICON_SIZE_LARGE_TOOLBAR);
	}
	label = gtk_label_new(text);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_box_pack_start(GTK_BOX(box), image, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), label, TRUE, TRUE, 0);
	g_object_set(box, "margin", 6, NULL);
	return box;
}

void health_window_refresh(struct tray *t) {
	GtkWidget *window = g_hash_table_lookup(t->windows, KEY), *list;

	if (!window)
		return;
	list = g_object_get_data(G_OBJECT(window), KEY);
	gtk_container_foreach(
		GTK_CONTAINER(list), (GtkCallback)(void (*)(void))gtk_widget_destroy, NULL);
	/* A list's placeholder is not heard by a screen reader: it is a row. */
	if (health_count(t->health) == 0)
		gtk_container_add(GTK_CONTAINER(list), gtk_label_new(_("All is well.")));
	for (guint i = 0; i < health_count(t->health); i++)
		gtk_container_add(GTK_CONTAINER(list), make_row(t, health_at(t->health, i)));
	gtk_widget_show_all(list);
}

void health_window_show(struct tray *t) {
	GtkWidget *window, *scroll, *list;

	health_watch_disk(t->health_watch);
	if (tray_window_present(t, KEY))
		return;
	window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(window), _("Health"));
	gtk_window_set_default_size(GTK_WINDOW(window), 560, 320);
	trusted_mark(window);
	scroll = gtk_scrolled_window_new(NULL, NULL);
	list = gtk_list_box_new();
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	atk_object_set_name(gtk_widget_get_accessible(list), _("What is wrong now"));
	gtk_container_add(GTK_CONTAINER(scroll), list);
	gtk_container_add(GTK_CONTAINER(window), scroll);
	g_object_set_data(G_OBJECT(window), KEY, list);
	tray_window_remember(t, KEY, window);
	health_window_refresh(t);
	gtk_widget_show_all(window);
}
