/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/search-window.h"

#include "tray/search.h"
#include "tray/trusted.h"
#include "tray/x11-windows.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define HITS_MAX 30
#define SWATCH   22

struct search_window {
	struct tray *tray;
	GtkWidget *window, *entry, *list, *hint;
	struct x11_windows *x;
	GPtrArray *windows; /* struct open_window; what hits point to */
	struct search_hit hits[HITS_MAX];
	guint count, refill;         /* refill: a source, 0 if none waits */
	char *actions[ACTION_COUNT]; /* folded */
	char *selected;              /* what was, when the list went; NULL: the first */
};

static const char *hit_name(const struct search_hit *hit) {
	switch (hit->kind) {
	case SEARCH_APP:
		return hit->app->name;
	case SEARCH_WINDOW:
		return hit->window->title;
	case SEARCH_ACTION:
		break;
	}
	return tray_action_name(hit->action);
}

/* What is said of a row also tells it from all others. */
static char *hit_text(const struct search_hit *hit) {
	return hit->kind == SEARCH_WINDOW
		       ? g_strdup_printf(_("%s: window %s"), hit->domain->name, hit_name(hit))
		       : g_strdup_printf("%s: %s", hit->domain->name, hit_name(hit));
}

static GtkWidget *make_row(struct search_window *s, const struct search_hit *hit) {
	GtkWidget *row = gtk_list_box_row_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10),
		  *domain = gtk_label_new(hit->domain->name), *what, *image;
	cairo_surface_t *swatch = tray_swatch(hit->domain, SWATCH);
	g_autofree char *spoken = hit_text(hit);

	image = gtk_image_new_from_surface(swatch);
	cairo_surface_destroy(swatch);
	gtk_label_set_xalign(GTK_LABEL(domain), 0);
	gtk_label_set_width_chars(GTK_LABEL(domain), 14);
	what = gtk_label_new(hit_name(hit));
	gtk_label_set_ellipsize(GTK_LABEL(what), PANGO_ELLIPSIZE_END);
	gtk_label_set_xalign(GTK_LABEL(what), 0);
	gtk_box_pack_start(GTK_BOX(box), image, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), domain, FALSE, FALSE, 0);
	image = gtk_image_new_from_pixbuf(
		hit->app ? tray_app_icon(s->tray, hit->domain, hit->app) : NULL);
	gtk_widget_set_size_request(image, ICONS_PIXELS, ICONS_PIXELS);
	gtk_box_pack_start(GTK_BOX(box), image, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), what, TRUE, TRUE, 0);
	if (hit->kind == SEARCH_WINDOW) {
		GtkWidget *kind = gtk_label_new(_("window"));

		gtk_style_context_add_class(gtk_widget_get_style_context(kind), "dim-label");
		gtk_box_pack_end(GTK_BOX(box), kind, FALSE, FALSE, 0);
	}
	g_object_set(box, "margin", 4, NULL);
	gtk_container_add(GTK_CONTAINER(row), box);
	atk_object_set_name(gtk_widget_get_accessible(row), spoken);
	return row;
}

static void clear(struct search_window *s) {
	s->count = 0;
	gtk_container_foreach(
		GTK_CONTAINER(s->list), (GtkCallback)(void (*)(void))gtk_widget_destroy, NULL);
}

static void select_row(struct search_window *s, const char *text) {
	guint at = 0;

	for (guint i = 0; text && i < s->count; i++) {
		g_autofree char *other = hit_text(&s->hits[i]);

		if (!strcmp(other, text)) {
			at = i;
			break;
		}
	}
	gtk_list_box_select_row(GTK_LIST_BOX(s->list),
		gtk_list_box_get_row_at_index(GTK_LIST_BOX(s->list), (int)at));
}

/* selected: the row that stays selected, if it is still there; else, and for NULL, the first. */
static void fill(struct search_window *s, const char *selected) {
	const char *query = gtk_entry_get_text(GTK_ENTRY(s->entry));

	clear(s);
	s->count = search_run(s->tray->model, s->windows, query, (const char *const *)s->actions,
		s->hits, G_N_ELEMENTS(s->hits));
	for (guint i = 0; i < s->count; i++)
		gtk_list_box_insert(GTK_LIST_BOX(s->list), make_row(s, &s->hits[i]), -1);
	gtk_widget_show_all(s->list);
	select_row(s, selected);
	gtk_label_set_text(GTK_LABEL(s->hint),
		s->count ? ""
		: *query ? _("Nothing fits.")
			 : _("Type an application, a window, a domain or an action: \"firefox "
			     "work\", \"kill banking\"."));
}

static void on_changed(GtkSearchEntry *entry, gpointer user) {
	struct search_window *s = user;

	g_clear_pointer(&s->selected, g_free);
	fill(s, NULL);
}

/* Hits point to windows: they go first. */
static void list_windows(struct search_window *s) {
	clear(s);
	if (s->windows)
		g_ptr_array_unref(s->windows);
	s->windows = x11_windows_list(s->x);
}

static gboolean on_refill(gpointer user) {
	struct search_window *s = user;

	s->refill = 0;
	list_windows(s);
	fill(s, s->selected);
	g_clear_pointer(&s->selected, g_free);
	return G_SOURCE_REMOVE;
}

/* What Enter would do stays what it does when the list is made anew below the person's fingers. */
static void keep_selected(struct search_window *s) {
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(s->list));
	int at = row ? gtk_list_box_row_get_index(row) : 0;

	if ((guint)at >= s->count)
		return;
	g_free(s->selected);
	s->selected = hit_text(&s->hits[at]);
}

static void go(struct search_window *s, int row) {
	struct search_hit hit;

	/* Keys that were on their way when it was closed do nothing. */
	if (row < 0 || (guint)row >= s->count || !gtk_widget_get_visible(s->window))
		return;
	hit = s->hits[row];
	gtk_widget_hide(s->window);
	if (hit.kind == SEARCH_APP)
		tray_open(s->tray, hit.domain, hit.app);
	else if (hit.kind == SEARCH_WINDOW)
		x11_windows_activate(s->x, hit.window->id, gtk_get_current_event_time());
	else
		tray_act(s->tray, hit.domain, hit.action);
}

static void on_row(GtkListBox *list, GtkListBoxRow *row, gpointer user) {
	go(user, gtk_list_box_row_get_index(row));
}

static void on_enter(GtkEntry *entry, gpointer user) {
	struct search_window *s = user;
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(s->list));

	go(s, row ? gtk_list_box_row_get_index(row) : 0);
}

/* The line keeps the keys; up and down walk through the list below it. */
static gboolean on_key(GtkWidget *window, GdkEventKey *e, gpointer user) {
	struct search_window *s = user;
	GtkListBoxRow *row = gtk_list_box_get_selected_row(GTK_LIST_BOX(s->list));
	int at = row ? gtk_list_box_row_get_index(row) : 0;

	if (e->keyval == GDK_KEY_Escape) {
		gtk_widget_hide(s->window);
		return TRUE;
	}
	if (e->keyval != GDK_KEY_Down && e->keyval != GDK_KEY_Up)
		return FALSE;
	at += e->keyval == GDK_KEY_Down ? 1 : -1;
	row = gtk_list_box_get_row_at_index(GTK_LIST_BOX(s->list), at);
	if (row) {
		gtk_list_box_select_row(GTK_LIST_BOX(s->list), row);
		gtk_widget_grab_focus(GTK_WIDGET(row));
		gtk_entry_grab_focus_without_selecting(GTK_ENTRY(s->entry));
	}
	return TRUE;
}

static void on_windows(void *user) {
	search_window_again(user);
}

struct search_window *search_window_new(struct tray *t) {
	struct search_window *s = g_new0(struct search_window, 1);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8),
		  *scroll = gtk_scrolled_window_new(NULL, NULL);

	s->tray = t;
	s->x = x11_windows_new(on_windows, s);
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		s->actions[a] = g_utf8_casefold(tray_action_name(a), -1);
	s->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(s->window), _("Search Bulkhead"));
	gtk_window_set_default_size(GTK_WINDOW(s->window), 560, 420);
	gtk_window_set_position(GTK_WINDOW(s->window), GTK_WIN_POS_CENTER);
	trusted_mark(s->window);
	s->entry = gtk_search_entry_new();
	gtk_entry_set_max_length(GTK_ENTRY(s->entry), SEARCH_QUERY_MAX);
	atk_object_set_name(gtk_widget_get_accessible(s->entry), _("Search"));
	s->list = gtk_list_box_new();
	atk_object_set_name(gtk_widget_get_accessible(s->list), _("What fits"));
	s->hint = gtk_label_new(NULL);
	gtk_label_set_line_wrap(GTK_LABEL(s->hint), TRUE);
	gtk_container_add(GTK_CONTAINER(scroll), s->list);
	gtk_box_pack_start(GTK_BOX(box), s->entry, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), s->hint, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), scroll, TRUE, TRUE, 0);
	g_object_set(box, "margin", 12, NULL);
	gtk_container_add(GTK_CONTAINER(s->window), box);
	/* GtkSearchEntry's own "search-changed" would come 150 ms later. */
	g_signal_connect(s->entry, "changed", G_CALLBACK(on_changed), s);
	g_signal_connect(s->entry, "activate", G_CALLBACK(on_enter), s);
	g_signal_connect(s->list, "row-activated", G_CALLBACK(on_row), s);
	g_signal_connect(s->window, "key-press-event", G_CALLBACK(on_key), s);
	g_signal_connect(s->window, "delete-event", G_CALLBACK(gtk_widget_hide_on_delete), NULL);
	gtk_widget_show_all(box);
	on_changed(NULL, s);
	return s;
}

void search_window_show(struct search_window *s) {
	list_windows(s);
	gtk_entry_set_text(GTK_ENTRY(s->entry), "");
	gtk_widget_grab_focus(s->entry);
	gtk_window_present(GTK_WINDOW(s->window));
}

void search_window_drop(struct search_window *s, const struct model_domain *d) {
	for (guint i = 0; i < s->count; i++)
		if (!d || s->hits[i].domain == d) {
			keep_selected(s);
			clear(s);
			break;
		}
	search_window_again(s);
}

void search_window_again(struct search_window *s) {
	if (s->refill || !gtk_widget_get_visible(s->window))
		return;
	keep_selected(s);
	s->refill = g_idle_add(on_refill, s);
}

struct search_window *search_window_free(struct search_window *s) {
	if (!s)
		return NULL;
	if (s->refill)
		g_source_remove(s->refill);
	g_free(s->selected);
	gtk_widget_destroy(s->window);
	x11_windows_free(s->x);
	if (s->windows)
		g_ptr_array_unref(s->windows);
	for (unsigned a = 0; a < ACTION_COUNT; a++)
		g_free(s->actions[a]);
	g_free(s);
	return NULL;
}
