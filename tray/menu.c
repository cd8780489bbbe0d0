/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/menu.h"

#include "tray/health-window.h"
#include "tray/policy-window.h"
#include "tray/search-window.h"
#include "tray/settings.h"
#include "tray/timeline-window.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define SWATCH     20
#define STATE_LONG 48

struct menu {
	struct tray *tray;
	GtkWidget *root, *note, *start, *hide, *create, *health;
	GHashTable *entries; /* struct model_domain -> struct entry */
	int x, y;
	bool setting;
};

struct entry {
	struct menu *menu;
	struct model_domain *domain;
	GtkWidget *item, *swatch, *name, *state;
	GtkWidget *actions[ACTION_COUNT], *apps_item, *apps_menu;
	GPtrArray *apps_images; /* GtkImage, as in the list of applications */
	struct apps *apps;      /* what apps_menu shows */
	uint32_t rgb;
	enum label_pattern pattern;
};

static GtkWidget *make_item(GtkWidget *image, GtkWidget *label, GtkWidget *right) {
	GtkWidget *item = gtk_menu_item_new(), *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);

	if (image)
		gtk_box_pack_start(GTK_BOX(box), image, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), label, FALSE, FALSE, 0);
	if (right)
		gtk_box_pack_end(GTK_BOX(box), right, FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(item), box);
	return item;
}

static GtkWidget *add_plain(
	struct menu *m, GtkWidget *menu, const char *text, GCallback on_activate) {
	GtkWidget *item = gtk_menu_item_new_with_mnemonic(text);

	g_signal_connect(item, "activate", on_activate, m);
	gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
	return item;
}

static void add_line(GtkWidget *menu) {
	gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_separator_menu_item_new());
}

static void on_action(GtkMenuItem *item, gpointer user) {
	struct entry *e = user;

	for (unsigned a = 0; a < ACTION_COUNT; a++)
		if (e->actions[a] == GTK_WIDGET(item))
			tray_act(e->menu->tray, e->domain, a);
}

static void on_app(GtkMenuItem *item, gpointer user) {
	struct entry *e = user;
	guint n = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(item), "app"));

	if (e->apps && n < e->apps->list->len)
		tray_open(e->menu->tray, e->domain, g_ptr_array_index(e->apps->list, n));
}

static void fill_apps(struct entry *e) {
	gtk_container_foreach(
		GTK_CONTAINER(e->apps_menu), (GtkCallback)(void (*)(void))gtk_widget_destroy, NULL);
	g_ptr_array_set_size(e->apps_images, 0);
	apps_unref(e->apps);
	e->apps = apps_ref(e->domain->apps);
	for (guint i = 0; e->apps && i < e->apps->list->len; i++) {
		const struct app *a = g_ptr_array_index(e->apps->list, i);
		GtkWidget *image = gtk_image_new_from_pixbuf(
			tray_app_icon(e->menu->tray, e->domain, a));
		GtkWidget *item = make_item(image, gtk_label_new(a->name), NULL);

		gtk_widget_set_size_request(image, ICONS_PIXELS, ICONS_PIXELS);
		g_object_set_data(G_OBJECT(item), "app", GUINT_TO_POINTER(i));
		g_signal_connect(item, "activate", G_CALLBACK(on_app), e);
		g_ptr_array_add(e->apps_images, image);
		gtk_menu_shell_append(GTK_MENU_SHELL(e->apps_menu), item);
	}
	gtk_widget_show_all(e->apps_menu);
}

/* Before GTK shows it; again only if the list is another one. */
static void on_apps_selected(GtkMenuItem *item, gpointer user) {
	struct entry *e = user;

	if (e->apps != e->domain->apps)
		fill_apps(e);
}

static void set_rights(struct entry *e) {
	static const unsigned rare[] = {ACTION_THROW_AWAY_BROWSER, ACTION_THROW_AWAY_TERMINAL,
		ACTION_CANCEL_START, ACTION_CANCEL_COPY};

	for (unsigned a = 0; a < ACTION_COUNT; a++)
		if (e->actions[a])
			gtk_widget_set_sensitive(e->actions[a], model_may(e->domain, a));
	/* Only of those that may be a model, and while there is something to cancel. */
	for (size_t i = 0; i < G_N_ELEMENTS(rare); i++)
		if (e->actions[rare[i]])
			gtk_widget_set_visible(e->actions[rare[i]], model_may(e->domain, rare[i]));
	if (e->apps_item)
		gtk_widget_set_sensitive(
			e->apps_item, e->domain->apps && e->domain->apps->list->len > 0 &&
					      model_may(e->domain, ACTION_SETTINGS) &&
					      e->domain->state != MODEL_PAUSED);
}

static void fill_domain(struct entry *e) {
	static const unsigned before[] = {ACTION_TERMINAL, ACTION_FILES, ACTION_THROW_AWAY_BROWSER,
		ACTION_THROW_AWAY_TERMINAL, ACTION_COUNT, ACTION_START, ACTION_STOP, ACTION_PAUSE,
		ACTION_UNPAUSE, ACTION_CANCEL_START, ACTION_CANCEL_COPY, ACTION_KILL, ACTION_COUNT,
		ACTION_SETTINGS, ACTION_LOG};
	GtkWidget *menu = gtk_menu_item_get_submenu(GTK_MENU_ITEM(e->item));

	e->apps_item = gtk_menu_item_new_with_mnemonic(_("_Applications"));
	e->apps_menu = gtk_menu_new();
	gtk_menu_item_set_submenu(GTK_MENU_ITEM(e->apps_item), e->apps_menu);
	trusted_mark(gtk_widget_get_toplevel(e->apps_menu));
	g_signal_connect(e->apps_item, "select", G_CALLBACK(on_apps_selected), e);
	gtk_menu_shell_append(GTK_MENU_SHELL(menu), e->apps_item);
	for (size_t i = 0; i < G_N_ELEMENTS(before); i++) {
		unsigned a = before[i];

		if (a == ACTION_COUNT) {
			add_line(menu);
			continue;
		}
		e->actions[a] = gtk_menu_item_new_with_label(tray_action_name(a));
		g_signal_connect(e->actions[a], "activate", G_CALLBACK(on_action), e);
		gtk_menu_shell_append(GTK_MENU_SHELL(menu), e->actions[a]);
	}
	gtk_widget_show_all(menu);
}

static void on_domain_selected(GtkMenuItem *item, gpointer user) {
	struct entry *e = user;

	if (!e->apps_item)
		fill_domain(e);
	set_rights(e);
}

static void set_icons(struct entry *e) {
	for (guint n = 0; e->apps && n < e->apps_images->len; n++)
		gtk_image_set_from_pixbuf(g_ptr_array_index(e->apps_images, n),
			tray_app_icon(
				e->menu->tray, e->domain, g_ptr_array_index(e->apps->list, n)));
}

static void refresh(struct entry *e) {
	struct model_domain *d = e->domain;
	g_autofree char *state = tray_state_text(d), *spoken = NULL;

	gtk_label_set_text(GTK_LABEL(e->state), state);
	if (e->rgb != d->rgb || e->pattern != d->pattern) {
		cairo_surface_t *s = tray_swatch(d, SWATCH);

		gtk_image_set_from_surface(GTK_IMAGE(e->swatch), s);
		cairo_surface_destroy(s);
		e->rgb = d->rgb;
		e->pattern = d->pattern;
		set_icons(e);
	}
	spoken = g_strdup_printf("%s, %s, %s", d->name, model_text(d, "Label"),
		gtk_label_get_text(GTK_LABEL(e->state)));
	atk_object_set_name(gtk_widget_get_accessible(e->item), spoken);
	gtk_widget_set_tooltip_text(e->item, *d->reason ? d->reason : NULL);
	set_rights(e);
}

static void entry_free(gpointer p) {
	struct entry *e = p;

	gtk_widget_destroy(e->item);
	g_ptr_array_unref(e->apps_images);
	apps_unref(e->apps);
	g_free(e);
}

static void add(struct menu *m, struct model_domain *d) {
	struct entry *e = g_new0(struct entry, 1);
	GtkWidget *submenu = gtk_menu_new();
	int at = 0;

	e->menu = m;
	e->domain = d;
	e->rgb = ~d->rgb;
	e->apps_images = g_ptr_array_new();
	e->swatch = gtk_image_new();
	e->name = gtk_label_new(d->name);
	e->state = gtk_label_new(NULL);
	gtk_label_set_ellipsize(GTK_LABEL(e->state), PANGO_ELLIPSIZE_END);
	gtk_label_set_max_width_chars(GTK_LABEL(e->state), STATE_LONG);
	gtk_style_context_add_class(gtk_widget_get_style_context(e->state), "dim-label");
	e->item = make_item(e->swatch, e->name, e->state);
	gtk_menu_item_set_submenu(GTK_MENU_ITEM(e->item), submenu);
	trusted_mark(gtk_widget_get_toplevel(submenu));
	g_signal_connect(e->item, "select", G_CALLBACK(on_domain_selected), e);
	while (model_at(m->tray->model, (guint)at) != d)
		at++;
	/* Two lines for "does not run" stand above. */
	gtk_menu_shell_insert(GTK_MENU_SHELL(m->root), e->item, at + 2);
	g_hash_table_insert(m->entries, d, e);
	refresh(e);
	gtk_widget_show_all(e->item);
}

static void on_search(GtkMenuItem *item, gpointer user) {
	search_window_show(((struct menu *)user)->tray->search);
}

static void on_create(GtkMenuItem *item, gpointer user) {
	settings_create(((struct menu *)user)->tray);
}

static void on_hide(GtkCheckMenuItem *item, gpointer user) {
	struct menu *m = user;

	if (!m->setting)
		tray_hide_all(m->tray, gtk_check_menu_item_get_active(item));
}

static void on_timeline(GtkMenuItem *item, gpointer user) {
	timeline_window_show(((struct menu *)user)->tray);
}

static void on_health(GtkMenuItem *item, gpointer user) {
	health_window_show(((struct menu *)user)->tray);
}

void menu_health(struct menu *m) {
	g_autofree char *problems = tray_problems_text(m->tray),
			*text = problems ? g_strdup_printf("%s (%s)", _("Hea_lth…"), problems)
					 : g_strdup(_("Hea_lth…"));

	gtk_menu_item_set_label(GTK_MENU_ITEM(m->health), text);
}

static void on_policy(GtkMenuItem *item, gpointer user) {
	policy_window_show(((struct menu *)user)->tray);
}

static void on_start(GtkMenuItem *item, gpointer user) {
	link_start_manager(((struct menu *)user)->tray->link);
}

static void on_about(GtkMenuItem *item, gpointer user) {
	tray_about(((struct menu *)user)->tray);
}

static void on_quit(GtkMenuItem *item, gpointer user) {
	g_application_quit(G_APPLICATION(((struct menu *)user)->tray->app));
}

static void set_online(struct menu *m) {
	bool online = model_online(m->tray->model);

	gtk_widget_set_visible(m->note, !online);
	gtk_widget_set_visible(m->start, !online);
	gtk_widget_set_sensitive(m->create, online);
	gtk_widget_set_sensitive(m->hide, online);
	m->setting = true;
	gtk_check_menu_item_set_active(GTK_CHECK_MENU_ITEM(m->hide), m->tray->hidden);
	m->setting = false;
}

struct menu *menu_new(struct tray *t) {
	struct menu *m = g_new0(struct menu, 1);

	m->tray = t;
	m->entries = g_hash_table_new_full(NULL, NULL, NULL, entry_free);
	m->root = g_object_ref_sink(gtk_menu_new());
	trusted_mark(gtk_widget_get_toplevel(m->root));
	gtk_menu_set_reserve_toggle_size(GTK_MENU(m->root), FALSE);
	atk_object_set_name(gtk_widget_get_accessible(m->root), _("Bulkhead"));
	m->note = gtk_menu_item_new_with_label(_("Bulkhead does not run"));
	gtk_widget_set_sensitive(m->note, FALSE);
	gtk_menu_shell_append(GTK_MENU_SHELL(m->root), m->note);
	m->start = add_plain(m, m->root, _("_Start Bulkhead"), G_CALLBACK(on_start));
	add_line(m->root);
	add_plain(m, m->root, _("S_earch…"), G_CALLBACK(on_search));
	m->create = add_plain(m, m->root, _("_New domain…"), G_CALLBACK(on_create));
	m->hide = gtk_check_menu_item_new_with_mnemonic(_("_Hide the windows of all domains"));
	g_signal_connect(m->hide, "toggled", G_CALLBACK(on_hide), m);
	gtk_menu_shell_append(GTK_MENU_SHELL(m->root), m->hide);
	add_line(m->root);
	add_plain(m, m->root, _("_Timeline…"), G_CALLBACK(on_timeline));
	add_plain(m, m->root, _("_Policy…"), G_CALLBACK(on_policy));
	m->health = add_plain(m, m->root, _("Hea_lth…"), G_CALLBACK(on_health));
	add_line(m->root);
	add_plain(m, m->root, _("A_bout Bulkhead"), G_CALLBACK(on_about));
	add_plain(m, m->root, _("_Quit this menu"), G_CALLBACK(on_quit));
	gtk_widget_show_all(m->root);
	set_online(m);
	return m;
}

struct menu *menu_free(struct menu *m) {
	if (!m)
		return NULL;
	g_hash_table_unref(m->entries);
	gtk_widget_destroy(m->root);
	g_object_unref(m->root);
	g_free(m);
	return NULL;
}

void menu_heard(struct menu *m, enum model_event event, struct model_domain *d) {
	struct entry *e = d ? g_hash_table_lookup(m->entries, d) : NULL;

	if (event == MODEL_ADDED)
		add(m, d);
	else if (event == MODEL_REMOVED)
		g_hash_table_remove(m->entries, d);
	else if (e)
		refresh(e);
	else
		set_online(m);
}

void menu_icons(struct menu *m) {
	GHashTableIter i;
	gpointer p;

	g_hash_table_iter_init(&i, m->entries);
	while (g_hash_table_iter_next(&i, NULL, &p))
		set_icons(p);
}

/* Below the place that was named; GTK moves it so that it is on the screen. */
static void place(GtkMenu *menu, int *x, int *y, gboolean *push_in, gpointer user) {
	const struct menu *m = user;

	*x = m->x;
	*y = m->y;
	*push_in = FALSE; /* it would scroll rather than move */
}

void menu_popup(struct menu *m, int x, int y) {
	GdkDevice *pointer = gdk_seat_get_pointer(
		gdk_display_get_default_seat(gdk_display_get_default()));
	g_autoptr(GdkEvent) event = gtk_get_current_event();
	guint button = 0;

	/* Of a press on a docked icon: its release does not close the menu again. */
	if (event)
		gdk_event_get_button(event, &button);
	m->x = x;
	m->y = y;
	if (x < 0)
		gdk_device_get_position(pointer, NULL, &m->x, &m->y);
	/* Its successors want the event that led here: a panel's call or a global key is none. */
	G_GNUC_BEGIN_IGNORE_DEPRECATIONS
	gtk_menu_popup(
		GTK_MENU(m->root), NULL, NULL, place, m, button, gtk_get_current_event_time());
	G_GNUC_END_IGNORE_DEPRECATIONS
	if (!gtk_widget_get_visible(m->root))
		g_printerr("bulkhead-tray: the menu cannot be shown: another program holds the "
			   "pointer or the keyboard\n");
}
