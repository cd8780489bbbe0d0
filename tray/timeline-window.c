/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/timeline-window.h"

#include "tray/policy-window.h"
#include "tray/timeline-list.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define BATCH     20000
#define BATCH_FEW 200 /* so many rows are announced one by one */

struct timeline {
	struct tray *tray;
	GtkWidget *window, *view, *domain, *kind, *end, *text, *detail, *why, *count;
	TimelineList *list;
	struct audit_reader *reader;
	GFileMonitor *monitor;
	GCancellable *cancel;
	bool reading, again;
};

static void read_more(struct timeline *t);

struct batch {
	struct audit_reader *reader;
	GArray *records;
	bool more;
};

static void batch_free(gpointer p) {
	struct batch *b = p;

	audit_reader_unref(b->reader);
	g_array_unref(b->records);
	g_free(b);
}

static void read_work(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
	struct batch *b = data;

	b->more = audit_reader_read(b->reader, b->records, BATCH);
	g_task_return_boolean(task, TRUE);
}

static void tell_count(struct timeline *t) {
	guint shown = timeline_list_shown(t->list), all = timeline_list_all(t->list);
	g_autofree char *text = g_strdup_printf(
		ngettext("%u of %u entry", "%u of %u entries", all), shown, all);

	gtk_label_set_text(GTK_LABEL(t->count), text);
}

static void attach(struct timeline *t, bool yes) {
	gtk_tree_view_set_model(GTK_TREE_VIEW(t->view), yes ? GTK_TREE_MODEL(t->list) : NULL);
}

static void on_batch(GObject *source, GAsyncResult *result, gpointer user) {
	struct batch *b = g_task_get_task_data(G_TASK(result));
	struct timeline *t = user;
	bool many = b->records->len > BATCH_FEW;

	if (!g_task_propagate_boolean(G_TASK(result), NULL))
		return; /* cancelled: the window is gone */
	if (many)
		attach(t, false);
	timeline_list_add(t->list, b->records);
	if (many)
		attach(t, true);
	if (b->records->len)
		tell_count(t);
	t->reading = false;
	if (b->more || t->again)
		read_more(t);
}

static void read_more(struct timeline *t) {
	struct batch *b;
	GTask *task;

	t->again = t->reading;
	if (t->reading)
		return;
	t->reading = true;
	b = g_new0(struct batch, 1);
	b->reader = audit_reader_ref(t->reader);
	b->records = g_array_new(FALSE, FALSE, sizeof(struct audit_record));
	task = g_task_new(NULL, t->cancel, on_batch, t);
	g_task_set_task_data(task, b, batch_free);
	g_task_run_in_thread(task, read_work);
	g_object_unref(task);
}

static void on_files(
	GFileMonitor *m, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user) {
	read_more(user);
}

static const char *chosen(GtkWidget *box) {
	const char *id = gtk_combo_box_get_active_id(GTK_COMBO_BOX(box));

	return id ? id : "";
}

static void on_filter(GtkWidget *any, gpointer user) {
	struct timeline *t = user;
	struct audit_filter f = {
		.kind = (enum audit_kind)MAX(0, gtk_combo_box_get_active(GTK_COMBO_BOX(t->kind))),
		.end = (enum audit_end)MAX(0, gtk_combo_box_get_active(GTK_COMBO_BOX(t->end))),
		.domain = chosen(t->domain),
		.text = gtk_entry_get_text(GTK_ENTRY(t->text))};

	attach(t, false);
	timeline_list_filter(t->list, &f);
	attach(t, true);
	tell_count(t);
}

static const struct audit_record *selected(struct timeline *t) {
	GtkTreeSelection *s = gtk_tree_view_get_selection(GTK_TREE_VIEW(t->view));
	GtkTreeIter iter;

	return gtk_tree_selection_get_selected(s, NULL, &iter)
		       ? timeline_list_record(t->list, &iter)
		       : NULL;
}

static void add_stage(GString *text, const char *name, gint64 us) {
	if (us >= 0)
		g_string_append_printf(
			text, "%s%s %.1f ms", text->len ? ", " : "", name, (double)us / 1000);
}

static char *stages_of(const struct audit_record *r) {
	GString *text = g_string_new(NULL);

	add_stage(text, _("rules"), r->number[AUDIT_POLICY_US]);
	add_stage(text, _("question"), r->number[AUDIT_ASK_US]);
	add_stage(text, _("start"), r->number[AUDIT_START_US]);
	add_stage(text, _("connected after"), r->number[AUDIT_CONNECT_US]);
	add_stage(text, _("lasted"), r->number[AUDIT_TOTAL_US]);
	return g_string_free(text, FALSE);
}

static char *detail_of(const struct audit_record *r) {
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *stages = stages_of(r);

	if (*r->text[AUDIT_REASON])
		g_ptr_array_add(lines, g_strdup(r->text[AUDIT_REASON]));
	if (*r->text[AUDIT_FILE])
		g_ptr_array_add(
			lines, g_strdup_printf("%s:%d: %s", r->text[AUDIT_FILE],
				       (int)MAX(0, r->number[AUDIT_LINE]), r->text[AUDIT_RULE]));
	if (*r->text[AUDIT_PASSES])
		g_ptr_array_add(lines,
			g_strdup_printf(_("it passed the deny at %s:%d"), r->text[AUDIT_PASSES],
				(int)MAX(0, r->number[AUDIT_PASSES_LINE])));
	if (*r->text[AUDIT_CHOICE])
		g_ptr_array_add(lines, g_strdup_printf(_("answer: %s"), r->text[AUDIT_CHOICE]));
	if (*stages)
		g_ptr_array_add(lines, g_steal_pointer(&stages));
	g_ptr_array_add(lines, NULL);
	return g_strjoinv("\n", (char **)lines->pdata);
}

static void on_selected(GtkTreeSelection *s, gpointer user) {
	struct timeline *t = user;
	const struct audit_record *r = selected(t);
	g_autofree char *text = r ? detail_of(r) : g_strdup("");

	gtk_label_set_text(GTK_LABEL(t->detail), text);
	gtk_widget_set_sensitive(t->why, r && audit_has_why(r));
}

static void ask_why(struct timeline *t) {
	const struct audit_record *r = selected(t);
	bool paste;

	if (!r || !audit_has_why(r))
		return;
	paste = !strcmp(r->text[AUDIT_EVENT], "paste");
	policy_window_explain(t->tray, r->text[AUDIT_SOURCE], r->text[AUDIT_TARGET],
		paste ? "qubes.ClipboardPaste" : r->text[AUDIT_SERVICE]);
}

static void on_why(GtkButton *button, gpointer user) {
	ask_why(user);
}

static void on_row(GtkTreeView *v, GtkTreePath *p, GtkTreeViewColumn *c, gpointer user) {
	ask_why(user);
}

static void on_destroy(GtkWidget *window, gpointer user) {
	struct timeline *t = user;

	g_cancellable_cancel(t->cancel);
	g_object_unref(t->cancel);
	if (t->monitor)
		g_signal_handlers_disconnect_by_data(t->monitor, t);
	g_clear_object(&t->monitor);
	g_object_unref(t->list);
	audit_reader_unref(t->reader);
	g_free(t);
}

static void add_columns(struct timeline *t) {
	static const struct {
		const char *title;
		int width;
	} columns[TIMELINE_COLUMNS] = {{N_("Time"), 200}, {N_("Event"), 110}, {N_("Domains"), 210},
		{N_("What"), 240}, {N_("Outcome"), 110}};

	for (int i = 0; i < TIMELINE_COLUMNS; i++) {
		GtkCellRenderer *cell = gtk_cell_renderer_text_new();
		GtkTreeViewColumn *c = gtk_tree_view_column_new_with_attributes(
			_(columns[i].title), cell, "text", i, NULL);

		g_object_set(cell, "ellipsize", PANGO_ELLIPSIZE_END, NULL);
		gtk_tree_view_column_set_sizing(c, GTK_TREE_VIEW_COLUMN_FIXED);
		gtk_tree_view_column_set_fixed_width(c, columns[i].width);
		gtk_tree_view_column_set_resizable(c, TRUE);
		gtk_tree_view_column_set_expand(c, i == TIMELINE_WHAT);
		gtk_tree_view_append_column(GTK_TREE_VIEW(t->view), c);
	}
	/* All rows are alike, so that a hundred thousand of them are not measured. */
	gtk_tree_view_set_fixed_height_mode(GTK_TREE_VIEW(t->view), TRUE);
	gtk_tree_view_set_enable_search(GTK_TREE_VIEW(t->view), FALSE);
}

static GtkWidget *add_choice(struct timeline *t, GtkWidget *bar, const char *name,
	const char *const *texts, size_t count) {
	GtkWidget *box = gtk_combo_box_text_new();

	for (size_t i = 0; i < count; i++)
		gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(box), i ? texts[i] : "", _(texts[i]));
	gtk_combo_box_set_active(GTK_COMBO_BOX(box), 0);
	atk_object_set_name(gtk_widget_get_accessible(box), name);
	gtk_box_pack_start(GTK_BOX(bar), box, FALSE, FALSE, 0);
	g_signal_connect(box, "changed", G_CALLBACK(on_filter), t);
	return box;
}

static GtkWidget *make_bar(struct timeline *t) {
	static const char *const kinds[AUDIT_KINDS] = {N_("Everything"), N_("Calls"),
		N_("Clipboard"), N_("File copies"), N_("Starts and stops"), N_("Rules"),
		N_("Other")};
	static const char *const ends[AUDIT_ENDS] = {
		N_("Any outcome"), N_("Allowed"), N_("Refused"), N_("Failed")};
	static const char *const all[] = {N_("All domains")};
	GtkWidget *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);

	t->domain = add_choice(t, bar, _("Domain"), all, 1);
	for (guint i = 0; i < model_count(t->tray->model); i++) {
		const char *name = model_at(t->tray->model, i)->name;

		gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(t->domain), name, name);
	}
	gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(t->domain), "dom0", "dom0");
	t->kind = add_choice(t, bar, _("Kind of event"), kinds, AUDIT_KINDS);
	t->end = add_choice(t, bar, _("Outcome"), ends, AUDIT_ENDS);
	t->text = gtk_search_entry_new();
	gtk_entry_set_placeholder_text(GTK_ENTRY(t->text), _("Text"));
	atk_object_set_name(gtk_widget_get_accessible(t->text), _("Text"));
	g_signal_connect(t->text, "search-changed", G_CALLBACK(on_filter), t);
	gtk_box_pack_start(GTK_BOX(bar), t->text, TRUE, TRUE, 0);
	return bar;
}

static GtkWidget *make_foot(struct timeline *t) {
	GtkWidget *foot = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8);

	t->count = gtk_label_new(NULL);
	t->detail = gtk_label_new(NULL);
	gtk_label_set_xalign(GTK_LABEL(t->detail), 0);
	gtk_label_set_line_wrap(GTK_LABEL(t->detail), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(t->detail), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_selectable(GTK_LABEL(t->detail), TRUE);
	gtk_widget_set_size_request(t->detail, -1, 64);
	t->why = gtk_button_new_with_mnemonic(_("_Why?"));
	gtk_widget_set_sensitive(t->why, FALSE);
	gtk_widget_set_valign(t->why, GTK_ALIGN_START);
	gtk_widget_set_tooltip_text(t->why, _("Which rule decides this call, and why"));
	g_signal_connect(t->why, "clicked", G_CALLBACK(on_why), t);
	gtk_box_pack_start(GTK_BOX(foot), t->detail, TRUE, TRUE, 0);
	gtk_box_pack_end(GTK_BOX(foot), t->why, FALSE, FALSE, 0);
	gtk_box_pack_end(GTK_BOX(foot), t->count, FALSE, FALSE, 0);
	return foot;
}

static void build(struct timeline *t) {
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8),
		  *scroll = gtk_scrolled_window_new(NULL, NULL);

	t->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(t->window), _("Timeline"));
	gtk_window_set_default_size(GTK_WINDOW(t->window), 960, 560);
	trusted_mark(t->window);
	t->view = gtk_tree_view_new();
	atk_object_set_name(gtk_widget_get_accessible(t->view), _("What crossed between domains"));
	add_columns(t);
	gtk_box_pack_start(GTK_BOX(box), make_bar(t), FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(scroll), t->view);
	gtk_box_pack_start(GTK_BOX(box), scroll, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(box), make_foot(t), FALSE, FALSE, 0);
	g_object_set(box, "margin", 8, NULL);
	gtk_container_add(GTK_CONTAINER(t->window), box);
	attach(t, true);
	g_signal_connect(gtk_tree_view_get_selection(GTK_TREE_VIEW(t->view)), "changed",
		G_CALLBACK(on_selected), t);
	g_signal_connect(t->view, "row-activated", G_CALLBACK(on_row), t);
	g_signal_connect(t->window, "destroy", G_CALLBACK(on_destroy), t);
}

void timeline_window_show(struct tray *tray) {
	g_autofree char *folder = g_build_filename(g_get_user_state_dir(), "bulkhead", NULL);
	g_autoptr(GFile) file = g_file_new_for_path(folder);
	struct timeline *t;

	if (tray_window_present(tray, "timeline"))
		return;
	t = g_new0(struct timeline, 1);
	t->tray = tray;
	t->list = timeline_list_new();
	t->reader = audit_reader_new(folder);
	t->cancel = g_cancellable_new();
	build(t);
	/* GLib would look every four seconds for a folder that is not there. */
	g_mkdir_with_parents(folder, 0700);
	t->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_NONE, NULL, NULL);
	if (t->monitor) {
		g_file_monitor_set_rate_limit(t->monitor, 100);
		g_signal_connect(t->monitor, "changed", G_CALLBACK(on_files), t);
	}
	read_more(t);
	tray_window_remember(tray, "timeline", t->window);
	gtk_widget_show_all(t->window);
}
