/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/timeline-list.h"

#include <glib/gi18n-lib.h>
#include <string.h>

struct _TimelineList {
	GObject parent;
	GArray *records; /* struct audit_record, the oldest first */
	GArray *shown;   /* guint: indices of records, the oldest first */
	struct audit_filter filter;
	char *domain, *text;
	int stamp;
};

static void list_model_init(GtkTreeModelIface *iface);

G_DEFINE_TYPE_WITH_CODE(TimelineList, timeline_list, G_TYPE_OBJECT,
	G_IMPLEMENT_INTERFACE(GTK_TYPE_TREE_MODEL, list_model_init))

static void timeline_list_init(TimelineList *l) {
	l->records = g_array_new(FALSE, FALSE, sizeof(struct audit_record));
	l->shown = g_array_new(FALSE, FALSE, sizeof(guint));
	l->stamp = 1;
}

static void on_finalize(GObject *o) {
	TimelineList *l = TIMELINE_LIST(o);

	g_array_unref(l->records);
	g_array_unref(l->shown);
	g_free(l->domain);
	g_free(l->text);
	G_OBJECT_CLASS(timeline_list_parent_class)->finalize(o);
}

static void timeline_list_class_init(TimelineListClass *class) {
	G_OBJECT_CLASS(class)->finalize = on_finalize;
}

TimelineList *timeline_list_new(void) {
	return g_object_new(TIMELINE_TYPE_LIST, NULL);
}

static const char *event_name(const struct audit_record *r) {
	static const char *const names[][2] = {{"call", N_("call")}, {"end", N_("call ended")},
		{"copy", N_("copied")}, {"paste", N_("pasted")}, {"receipt", N_("files copied")},
		{"start", N_("started")}, {"stop", N_("stopped")}, {"policy", N_("rules read")},
		{"lost", N_("records lost")}};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(r->text[AUDIT_EVENT], names[i][0]))
			return _(names[i][1]);
	return r->text[AUDIT_EVENT];
}

static const char *outcome_name(const struct audit_record *r) {
	static const char *const names[][2] = {{"allow", N_("allowed")}, {"deny", N_("refused")},
		{"fail", N_("failed")}, {"gone", N_("caller went away")}, {"ok", N_("done")}};

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(r->text[AUDIT_OUTCOME], names[i][0]))
			return _(names[i][1]);
	return r->text[AUDIT_OUTCOME];
}

static char *domains_of(const struct audit_record *r) {
	const char *from = r->text[AUDIT_SOURCE], *to = r->text[AUDIT_TARGET],
		   *final = r->text[AUDIT_FINAL];

	if (*r->text[AUDIT_DOMAIN])
		return g_strdup(r->text[AUDIT_DOMAIN]);
	if (*final && strcmp(final, to) != 0)
		return g_strdup_printf("%s → %s (%s)", from, final, to);
	return *to ? g_strdup_printf("%s → %s", from, to) : g_strdup(from);
}

static char *what_of(const struct audit_record *r) {
	g_autofree char *size = NULL;

	if (*r->text[AUDIT_SERVICE])
		return g_strdup(r->text[AUDIT_SERVICE]);
	if (r->number[AUDIT_BYTES] < 0)
		return g_strdup(r->text[AUDIT_REASON]);
	size = g_format_size((guint64)r->number[AUDIT_BYTES]);
	if (r->number[AUDIT_FILES] < 0)
		return g_steal_pointer(&size);
	return g_strdup_printf(ngettext("%u file, %s", "%u files, %s",
				       (gulong)MIN(r->number[AUDIT_FILES], G_MAXUINT)),
		(guint)MIN(r->number[AUDIT_FILES], G_MAXUINT), size);
}

static char *time_of(const struct audit_record *r) {
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_local(r->time / G_USEC_PER_SEC);
	g_autofree char *text = t ? g_date_time_format(t, "%Y-%m-%d %H:%M:%S") : g_strdup("");

	return g_strdup_printf("%s.%03d", text, (int)(r->time % G_USEC_PER_SEC / 1000));
}

char *timeline_text(const struct audit_record *r, enum timeline_column c) {
	switch (c) {
	case TIMELINE_TIME:
		return time_of(r);
	case TIMELINE_KIND:
		return g_strdup(event_name(r));
	case TIMELINE_DOMAINS:
		return domains_of(r);
	case TIMELINE_WHAT:
		return what_of(r);
	case TIMELINE_OUTCOME:
		return g_strdup(outcome_name(r));
	case TIMELINE_COLUMNS:
		break;
	}
	return g_strdup("");
}

static struct audit_record *record_at(TimelineList *l, guint row) {
	guint n = g_array_index(l->shown, guint, l->shown->len - 1 - row);

	return &g_array_index(l->records, struct audit_record, n);
}

const struct audit_record *timeline_list_record(TimelineList *l, GtkTreeIter *iter) {
	return record_at(l, GPOINTER_TO_UINT(iter->user_data));
}

guint timeline_list_shown(TimelineList *l) {
	return l->shown->len;
}

guint timeline_list_all(TimelineList *l) {
	return l->records->len;
}

static gboolean set_iter(TimelineList *l, GtkTreeIter *iter, gint row) {
	if (row < 0 || (guint)row >= l->shown->len) {
		iter->stamp = 0;
		return FALSE;
	}
	iter->stamp = l->stamp;
	iter->user_data = GUINT_TO_POINTER((guint)row);
	return TRUE;
}

static void find_all(TimelineList *l) {
	g_array_set_size(l->shown, 0);
	for (guint i = 0; i < l->records->len; i++)
		if (audit_fits(&g_array_index(l->records, struct audit_record, i), &l->filter))
			g_array_append_val(l->shown, i);
	l->stamp++;
}

void timeline_list_filter(TimelineList *l, const struct audit_filter *f) {
	g_free(l->domain);
	g_free(l->text);
	l->domain = g_strdup(f->domain);
	l->text = g_strdup(f->text);
	l->filter = (struct audit_filter){f->kind, f->end, l->domain, l->text};
	find_all(l);
}

/* Rows leave at the bottom as the oldest records do. */
static void drop_oldest(TimelineList *l, guint count) {
	guint gone = 0;

	while (gone < l->shown->len && g_array_index(l->shown, guint, gone) < count)
		gone++;
	for (guint i = 0; i < gone; i++) {
		GtkTreePath *path = gtk_tree_path_new_from_indices((gint)l->shown->len - 1, -1);

		g_array_remove_index(l->shown, 0);
		gtk_tree_model_row_deleted(GTK_TREE_MODEL(l), path);
		gtk_tree_path_free(path);
	}
	for (guint i = 0; i < l->shown->len; i++)
		g_array_index(l->shown, guint, i) -= count;
	g_array_remove_range(l->records, 0, count);
}

static void announce_first(TimelineList *l) {
	GtkTreePath *path = gtk_tree_path_new_first();
	GtkTreeIter iter;

	l->stamp++;
	set_iter(l, &iter, 0);
	gtk_tree_model_row_inserted(GTK_TREE_MODEL(l), path, &iter);
	gtk_tree_path_free(path);
}

void timeline_list_add(TimelineList *l, const GArray *records) {
	for (guint i = 0; i < records->len; i++) {
		guint n = l->records->len;

		g_array_append_val(l->records, g_array_index(records, struct audit_record, i));
		if (!audit_fits(&g_array_index(l->records, struct audit_record, n), &l->filter))
			continue;
		g_array_append_val(l->shown, n);
		announce_first(l);
	}
	/* A tenth at a time: the rest moves in memory. */
	if (l->records->len > AUDIT_KEPT_MAX + AUDIT_KEPT_MAX / 10)
		drop_oldest(l, l->records->len - AUDIT_KEPT_MAX);
}

static GtkTreeModelFlags get_flags(GtkTreeModel *m) {
	return GTK_TREE_MODEL_LIST_ONLY;
}

static gint get_n_columns(GtkTreeModel *m) {
	return TIMELINE_COLUMNS;
}

static GType get_column_type(GtkTreeModel *m, gint column) {
	return G_TYPE_STRING;
}

static gboolean get_iter(GtkTreeModel *m, GtkTreeIter *iter, GtkTreePath *path) {
	return gtk_tree_path_get_depth(path) == 1 &&
	       set_iter(TIMELINE_LIST(m), iter, gtk_tree_path_get_indices(path)[0]);
}

static GtkTreePath *get_path(GtkTreeModel *m, GtkTreeIter *iter) {
	return gtk_tree_path_new_from_indices(GPOINTER_TO_INT(iter->user_data), -1);
}

static void get_value(GtkTreeModel *m, GtkTreeIter *iter, gint column, GValue *value) {
	g_value_init(value, G_TYPE_STRING);
	g_value_take_string(value, timeline_text(timeline_list_record(TIMELINE_LIST(m), iter),
					   (enum timeline_column)column));
}

static gboolean iter_next(GtkTreeModel *m, GtkTreeIter *iter) {
	return set_iter(TIMELINE_LIST(m), iter, GPOINTER_TO_INT(iter->user_data) + 1);
}

static gboolean iter_nth_child(GtkTreeModel *m, GtkTreeIter *iter, GtkTreeIter *parent, gint n) {
	return !parent && set_iter(TIMELINE_LIST(m), iter, n);
}

static gboolean iter_children(GtkTreeModel *m, GtkTreeIter *iter, GtkTreeIter *parent) {
	return iter_nth_child(m, iter, parent, 0);
}

static gboolean iter_has_child(GtkTreeModel *m, GtkTreeIter *iter) {
	return FALSE;
}

static gint iter_n_children(GtkTreeModel *m, GtkTreeIter *iter) {
	return iter ? 0 : (gint)TIMELINE_LIST(m)->shown->len;
}

static gboolean iter_parent(GtkTreeModel *m, GtkTreeIter *iter, GtkTreeIter *child) {
	return FALSE;
}

static void list_model_init(GtkTreeModelIface *iface) {
	iface->get_flags = get_flags;
	iface->get_n_columns = get_n_columns;
	iface->get_column_type = get_column_type;
	iface->get_iter = get_iter;
	iface->get_path = get_path;
	iface->get_value = get_value;
	iface->iter_next = iter_next;
	iface->iter_children = iter_children;
	iface->iter_has_child = iter_has_child;
	iface->iter_n_children = iter_n_children;
	iface->iter_nth_child = iter_nth_child;
	iface->iter_parent = iter_parent;
}
