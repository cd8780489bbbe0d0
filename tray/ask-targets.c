/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/ask-targets.h"

#include "tray/label-tile.h"

#include <cairo-gobject.h>
#include <glib/gi18n.h>
#include <string.h>

enum { COLUMN_PICTURE, COLUMN_NAME, COLUMN_PLACE, COLUMNS };

struct ask_targets {
	const struct ask_question *question;
	void (*changed)(void *data, int target);
	void *data;
	GtkWidget *box, *entry, *view;
	GtkListStore *rows;
	GtkTreeModel *shown;
	GtkTreeSelection *selection;
};

char *ask_target_name(const struct ask_target *target) {
	bool disposable;
	const char *domain = ask_domain(target->text, &disposable);
	char name[128];

	ask_escape(domain, 64, name, sizeof(name));
	if (disposable)
		return g_strdup_printf(_("new disposable of %s"), name);
	if (!strcmp(domain, "dom0"))
		return g_strdup_printf(_("%s (this desktop itself)"), name);
	return g_strdup(name);
}

static gboolean fits(GtkTreeModel *model, GtkTreeIter *row, gpointer data) {
	struct ask_targets *t = data;
	g_autofree char *name = NULL;

	gtk_tree_model_get(model, row, COLUMN_NAME, &name, -1);
	return name && ask_match(gtk_entry_get_text(GTK_ENTRY(t->entry)), name) > 0;
}

static int chosen(struct ask_targets *t) {
	GtkTreeIter row;
	GtkTreeModel *model;
	int place = -1;

	if (gtk_tree_selection_get_selected(t->selection, &model, &row))
		gtk_tree_model_get(model, &row, COLUMN_PLACE, &place, -1);
	return place;
}

static void on_selection(GtkTreeSelection *selection, gpointer data) {
	struct ask_targets *t = data;

	(void)selection;
	t->changed(t->data, chosen(t));
}

/* The best row for what was typed, or none: a name that is there in whole, or the only one left. */
static void on_typed(GtkEditable *entry, gpointer data) {
	struct ask_targets *t = data;
	const char *typed = gtk_entry_get_text(GTK_ENTRY(t->entry));
	GtkTreeIter row, best;
	bool found = false;
	int left;

	(void)entry;
	gtk_tree_model_filter_refilter(GTK_TREE_MODEL_FILTER(t->shown));
	gtk_tree_selection_unselect_all(t->selection);
	left = gtk_tree_model_iter_n_children(t->shown, NULL);
	for (gboolean more = gtk_tree_model_get_iter_first(t->shown, &row); more && !found;
		more = gtk_tree_model_iter_next(t->shown, &row)) {
		g_autofree char *name = NULL;

		gtk_tree_model_get(t->shown, &row, COLUMN_NAME, &name, -1);
		found = left == 1 || ask_match(typed, name) == 3;
		best = row;
	}
	if (found && *typed)
		gtk_tree_selection_select_iter(t->selection, &best);
}

static void fill(struct ask_targets *t) {
	const struct ask_question *q = t->question;

	t->rows = gtk_list_store_new(
		COLUMNS, CAIRO_GOBJECT_TYPE_SURFACE, G_TYPE_STRING, G_TYPE_INT);
	for (size_t i = 0; i < q->target_count; i++) {
		cairo_surface_t *picture = label_tile_picture(q->targets[i].label, 40, 16);
		g_autofree char *name = ask_target_name(&q->targets[i]);

		gtk_list_store_insert_with_values(t->rows, NULL, -1, COLUMN_PICTURE, picture,
			COLUMN_NAME, name, COLUMN_PLACE, (int)i, -1);
		cairo_surface_destroy(picture);
	}
	t->shown = gtk_tree_model_filter_new(GTK_TREE_MODEL(t->rows), NULL);
	gtk_tree_model_filter_set_visible_func(GTK_TREE_MODEL_FILTER(t->shown), fits, t, NULL);
}

static GtkWidget *build_view(struct ask_targets *t) {
	GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);
	GtkTreeViewColumn *column = gtk_tree_view_column_new();
	GtkCellRenderer *picture = gtk_cell_renderer_pixbuf_new();
	GtkCellRenderer *name = gtk_cell_renderer_text_new();

	t->view = gtk_tree_view_new_with_model(t->shown);
	gtk_tree_view_set_headers_visible(GTK_TREE_VIEW(t->view), FALSE);
	gtk_tree_view_set_enable_search(GTK_TREE_VIEW(t->view), FALSE);
	gtk_tree_view_column_pack_start(column, picture, FALSE);
	gtk_tree_view_column_pack_start(column, name, TRUE);
	gtk_tree_view_column_add_attribute(column, picture, "surface", COLUMN_PICTURE);
	gtk_tree_view_column_add_attribute(column, name, "text", COLUMN_NAME);
	gtk_tree_view_append_column(GTK_TREE_VIEW(t->view), column);
	atk_object_set_name(gtk_widget_get_accessible(t->view), _("Possible targets"));
	gtk_scrolled_window_set_policy(
		GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scroll), GTK_SHADOW_IN);
	gtk_widget_set_size_request(scroll, -1, t->question->target_count > 3 ? 130 : 80);
	gtk_container_add(GTK_CONTAINER(scroll), t->view);
	return scroll;
}

static void preselect(struct ask_targets *t) {
	g_autoptr(GtkTreePath) path = NULL;

	if (t->question->preselected < 0)
		return;
	path = gtk_tree_path_new_from_indices(t->question->preselected, -1);
	gtk_tree_selection_select_path(t->selection, path);
	gtk_tree_view_scroll_to_cell(GTK_TREE_VIEW(t->view), path, NULL, FALSE, 0, 0);
}

static void on_destroy(GtkWidget *box, gpointer data) {
	struct ask_targets *t = data;

	(void)box;
	g_signal_handlers_disconnect_by_data(t->entry, t);
	g_signal_handlers_disconnect_by_data(t->selection, t);
	gtk_tree_view_set_model(GTK_TREE_VIEW(t->view), NULL);
	g_object_unref(t->shown);
	g_object_unref(t->rows);
	g_free(t);
}

struct ask_targets *ask_targets_new(
	const struct ask_question *q, void (*changed)(void *data, int target), void *data) {
	struct ask_targets *t = g_new0(struct ask_targets, 1);
	GtkWidget *view;

	*t = (struct ask_targets){.question = q, .changed = changed, .data = data};
	t->box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
	t->entry = gtk_entry_new();
	gtk_entry_set_placeholder_text(GTK_ENTRY(t->entry), _("Type a part of the target's name"));
	atk_object_set_name(gtk_widget_get_accessible(t->entry), _("Find a target"));
	fill(t);
	view = build_view(t);
	t->selection = gtk_tree_view_get_selection(GTK_TREE_VIEW(t->view));
	gtk_tree_selection_set_mode(t->selection, GTK_SELECTION_SINGLE);
	preselect(t);
	gtk_box_pack_start(GTK_BOX(t->box), t->entry, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(t->box), view, TRUE, TRUE, 0);
	g_signal_connect(t->entry, "changed", G_CALLBACK(on_typed), t);
	g_signal_connect(t->selection, "changed", G_CALLBACK(on_selection), t);
	g_signal_connect(t->box, "destroy", G_CALLBACK(on_destroy), t);
	return t;
}

GtkWidget *ask_targets_widget(struct ask_targets *t) {
	return t->box;
}
