/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The records that are shown, the newest first, as a GtkTreeModel: it keeps numbers of records and
 * makes texts of a row only when that row is drawn.
 */
#include "tray/audit.h"

#include <gtk/gtk.h>

enum timeline_column {
	TIMELINE_TIME,
	TIMELINE_KIND,
	TIMELINE_DOMAINS,
	TIMELINE_WHAT,
	TIMELINE_OUTCOME,
	TIMELINE_COLUMNS
};

#define TIMELINE_TYPE_LIST (timeline_list_get_type())
G_DECLARE_FINAL_TYPE(TimelineList, timeline_list, TIMELINE, LIST, GObject)

TimelineList *timeline_list_new(void);
/* records: struct audit_record; copied. Rows are announced one by one: many at once are quicker
 * while no view has the list. */
void timeline_list_add(TimelineList *l, const GArray *records);
/* No view may have the list. */
void timeline_list_filter(TimelineList *l, const struct audit_filter *f);
/* Valid until the next call that changes the list. */
const struct audit_record *timeline_list_record(TimelineList *l, GtkTreeIter *iter);
guint timeline_list_shown(TimelineList *l);
guint timeline_list_all(TimelineList *l);
/* How an outcome is called; the caller frees it. */
char *timeline_text(const struct audit_record *r, enum timeline_column c);
