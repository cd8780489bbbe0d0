/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/tray.h"

#include "tray/first-run.h"
#include "tray/health-window.h"
#include "tray/log-window.h"
#include "tray/menu.h"
#include "tray/search-window.h"
#include "tray/settings.h"
#include "tray/swatch.h"
#include "tray/throw-away.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define ICON_SIZE 32

const char *tray_action_name(enum model_action a) {
	switch (a) {
	case ACTION_START:
		return _("Start");
	case ACTION_STOP:
		return _("Stop");
	case ACTION_PAUSE:
		return _("Pause");
	case ACTION_UNPAUSE:
		return _("Resume");
	case ACTION_KILL:
		return _("Kill…");
	case ACTION_CANCEL_START:
		return _("Cancel the start");
	case ACTION_CANCEL_COPY:
		return _("Cancel the copy");
	case ACTION_TERMINAL:
		return _("Open a terminal");
	case ACTION_FILES:
		return _("Open files");
	case ACTION_THROW_AWAY_BROWSER:
		return _("New throw-away browser");
	case ACTION_THROW_AWAY_TERMINAL:
		return _("New throw-away terminal");
	case ACTION_SETTINGS:
		return _("Settings…");
	case ACTION_LOG:
		return _("Log…");
	case ACTION_COUNT:
		break;
	}
	return "";
}

char *tray_state_text(const struct model_domain *d) {
	if (model_is_copied(d))
		return g_strdup(!strcmp(model_text(d, "Job"), "rollback")
					? _("going back to a snapshot")
					: _("a snapshot is being made"));
	switch (d->state) {
	case MODEL_STOPPED:
		return g_strdup(_("stopped"));
	case MODEL_STARTING:
		return g_strdup_printf(_("starting, %u %%"), d->progress);
	case MODEL_RUNNING:
		return d->windows ? g_strdup_printf(ngettext("running, %u window",
							    "running, %u windows", d->windows),
					    d->windows)
				  : g_strdup(_("running"));
	case MODEL_PAUSED:
		return g_strdup(_("paused"));
	case MODEL_STOPPING:
		return g_strdup(_("stopping"));
	case MODEL_FAILED:
		return *d->reason ? g_strdup_printf(_("failed: %s"), d->reason)
				  : g_strdup(_("failed"));
	case MODEL_UNKNOWN:
	case MODEL_STATES:
		break;
	}
	return g_strdup(_("unknown"));
}

cairo_surface_t *tray_swatch(const struct model_domain *d, int size) {
	return swatch_new(d->rgb, d->pattern, g_ascii_toupper(d->name[0]), size, 1);
}

GdkPixbuf *tray_app_icon(struct tray *t, const struct model_domain *d, const struct app *a) {
	GdkPixbuf *host = icons_get(t->icons, a->icon);

	/* What a domain sees of the host is the host's; all else stands in the domain's label. */
	return strcmp(model_text(d, "Template"), "host") != 0
		       ? domain_icons_get(t->domain_icons, d, a->icon, host)
		       : host;
}

struct window_key {
	struct tray *tray;
	char *key;
};

static void on_window_gone(gpointer user, GObject *window) {
	struct window_key *k = user;

	g_hash_table_remove(k->tray->windows, k->key);
	g_free(k->key);
	g_free(k);
}

bool tray_window_present(struct tray *t, const char *key) {
	GtkWindow *w = g_hash_table_lookup(t->windows, key);

	if (w)
		gtk_window_present(w);
	return w != NULL;
}

void tray_window_remember(struct tray *t, const char *key, GtkWidget *window) {
	struct window_key *k = g_new(struct window_key, 1);

	*k = (struct window_key){t, g_strdup(key)};
	g_hash_table_insert(t->windows, g_strdup(key), window);
	g_object_weak_ref(G_OBJECT(window), on_window_gone, k);
}

static gboolean on_notice_timer(gpointer user);

static void set_notice_timer(struct tray *t) {
	gint64 due = notices_due(t->notices), later = notices_due(t->app_notices),
	       now = g_get_monotonic_time();

	if (due < 0 || (later >= 0 && later < due))
		due = later;
	if (due >= 0 && !t->notice_timer)
		t->notice_timer = g_timeout_add(
			(guint)MAX(0, (due - now + 999) / 1000), on_notice_timer, t);
}

static gboolean on_notice_timer(gpointer user) {
	struct tray *t = user;

	t->notice_timer = 0;
	notices_turn(t->notices, g_get_monotonic_time());
	notices_turn(t->app_notices, g_get_monotonic_time());
	set_notice_timer(t);
	return G_SOURCE_REMOVE;
}

static void on_notice(void *user, const struct notice *n) {
	struct tray *t = user;

	notify_show(t->notify, n, model_find(t->model, n->domain));
}

void tray_say(struct tray *t, const char *domain, enum notice_kind kind, const char *text) {
	notices_tell(t->notices, domain, kind, text, g_get_monotonic_time());
	set_notice_timer(t);
}

struct asked {
	struct tray *tray;
	char *domain;
};

static void on_acted(void *user, GVariant *reply, const char *error) {
	struct asked *a = user;

	if (error)
		tray_say(a->tray, a->domain, NOTICE_FAILED, error);
	g_free(a->domain);
	g_free(a);
}

static void ask(struct tray *t, const struct model_domain *d, const char *method, GVariant *args) {
	struct asked *a = g_new(struct asked, 1);

	*a = (struct asked){t, g_strdup(d->name)};
	link_call_domain(t->link, d->path, method, args, on_acted, a);
}

static void on_kill_response(GtkDialog *dialog, int response, gpointer user) {
	struct tray *t = user;
	struct model_domain *d = model_find(
		t->model, g_object_get_data(G_OBJECT(dialog), "domain"));

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (d && response == GTK_RESPONSE_ACCEPT)
		ask(t, d, "Kill", NULL);
}

static void confirm_kill(struct tray *t, const struct model_domain *d) {
	g_autofree char *key = g_strconcat("kill ", d->name, NULL);
	GtkWidget *dialog;

	if (tray_window_present(t, key))
		return;
	dialog = gtk_message_dialog_new(NULL, 0, GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE,
		_("End everything in %s at once?"), d->name);
	gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s",
		_("What its programs have not saved is lost. \"Stop\" lets them save first."));
	gtk_dialog_add_buttons(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL, _("_Kill"),
		GTK_RESPONSE_ACCEPT, NULL);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	gtk_window_set_title(GTK_WINDOW(dialog), _("Kill"));
	gtk_window_set_position(GTK_WINDOW(dialog), GTK_WIN_POS_CENTER);
	g_object_set_data_full(G_OBJECT(dialog), "domain", g_strdup(d->name), g_free);
	g_signal_connect(dialog, "response", G_CALLBACK(on_kill_response), t);
	trusted_mark(dialog);
	tray_window_remember(t, key, dialog);
	gtk_window_present(GTK_WINDOW(dialog));
}

void tray_act(struct tray *t, struct model_domain *d, enum model_action a) {
	if (!model_may(d, a))
		return;
	switch (a) {
	case ACTION_START:
		ask(t, d, "Start", NULL);
		break;
	case ACTION_STOP:
		ask(t, d, "Stop", g_variant_new("(b)", FALSE));
		break;
	case ACTION_PAUSE:
		ask(t, d, "Pause", NULL);
		break;
	case ACTION_UNPAUSE:
		ask(t, d, "Unpause", NULL);
		break;
	case ACTION_KILL:
		confirm_kill(t, d);
		break;
	case ACTION_CANCEL_START:
	case ACTION_CANCEL_COPY:
		ask(t, d, "CancelJob", NULL);
		break;
	case ACTION_TERMINAL:
		tray_open(t, d, d->apps->terminal);
		break;
	case ACTION_FILES:
		tray_open(t, d, d->apps->files);
		break;
	case ACTION_THROW_AWAY_BROWSER:
		throw_away_run(
			t, d, (const char *const[]){"bulkhead-browser", "about:blank", NULL});
		break;
	case ACTION_THROW_AWAY_TERMINAL:
		throw_away_run(t, d,
			d->apps && d->apps->terminal ? (const char *const *)d->apps->terminal->argv
						     : (const char *const[]){"xterm", NULL});
		break;
	case ACTION_SETTINGS:
		settings_show(t, d);
		break;
	case ACTION_LOG:
		log_window_show(t, d);
		break;
	case ACTION_COUNT:
		break;
	}
}

void tray_open(struct tray *t, struct model_domain *d, const struct app *a) {
	launches_start(t->launches, d, a);
}

void tray_about(struct tray *t) {
	GtkWidget *dialog;
	g_autofree char *text = NULL;

	if (tray_window_present(t, "about"))
		return;
	text = g_strdup_printf("%s\n%s",
		_("Domains of their own for the parts of your life, in frames that tell them "
		  "apart."),
		model_online(t->model) ? _("bulkheadd runs.") : _("bulkheadd does not run."));
	dialog = gtk_about_dialog_new();
	g_object_set(dialog, "program-name", "Bulkhead", "version", BULKHEAD_VERSION, "comments",
		text, "license-type", GTK_LICENSE_GPL_2_0, "logo", NULL, NULL);
	gtk_about_dialog_set_logo_icon_name(GTK_ABOUT_DIALOG(dialog), "security-high");
	g_signal_connect(dialog, "response", G_CALLBACK(gtk_widget_destroy), NULL);
	trusted_mark(dialog);
	tray_window_remember(t, "about", dialog);
	gtk_window_present(GTK_WINDOW(dialog));
}

void tray_hide_all(struct tray *t, bool hide) {
	t->hidden = hide;
	link_call_manager(t->link, "HideAll", g_variant_new("(b)", hide), NULL, NULL);
}

/* A white mark on red in the corner. */
static void draw_badge(cairo_surface_t *s) {
	cairo_t *cr = cairo_create(s);
	double r = ICON_SIZE / 4.0, x = ICON_SIZE - r;

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_arc(cr, x, x, r, 0, 7);
	cairo_fill(cr);
	cairo_set_source_rgb(cr, 0.75, 0, 0);
	cairo_arc(cr, x, x, r - 1.5, 0, 7);
	cairo_fill(cr);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_rectangle(cr, x - 1, x - r / 2 - 1, 2, r * 0.75);
	cairo_rectangle(cr, x - 1, x + r / 2 - 1, 2, 2);
	cairo_fill(cr);
	cairo_destroy(cr);
}

char *tray_problems_text(struct tray *t) {
	guint n = health_count(t->health);

	return n ? g_strdup_printf(ngettext("%u problem", "%u problems", n), n) : NULL;
}

static void set_icon(struct tray *t) {
	struct model_domain *d = model_find(t->model, model_focused(t->model));
	cairo_surface_t *s = d ? tray_swatch(d, ICON_SIZE)
			       : swatch_new(0x303030, PATTERN_SOLID, 'B', ICON_SIZE, 1);
	g_autofree char *text = d ? g_strdup_printf(_("%s has the focus"), d->name)
				  : g_strdup(model_online(t->model) ? _("No domain has the focus")
								    : _("Bulkhead does not run")),
			*problems = tray_problems_text(t),
			*both = g_strjoin(", ", text, problems, NULL);

	if (problems)
		draw_badge(s);
	status_set(t->status, s, both);
	cairo_surface_destroy(s);
	if (t->strip)
		focus_strip_show(t->strip, d);
}

static void on_health(void *user, const struct health_item *item) {
	struct tray *t = user;
	struct notice n = {.kind = NOTICE_FAILED, .merged = 1, .domain = "Bulkhead"};

	/* What is wrong with a domain is told when its state changes. */
	if (item && !*item->domain && item->kind != HEALTH_MANAGER) {
		g_strlcpy(n.text, item->text, sizeof(n.text));
		notify_show(t->notify, &n, NULL);
	}
	menu_health(t->menu);
	health_window_refresh(t);
	set_icon(t);
}

static void tell_change(struct tray *t, const struct model_domain *d, enum model_state before) {
	if (before == d->state || before == MODEL_UNKNOWN)
		return;
	if (d->state == MODEL_FAILED)
		tray_say(t, d->name, NOTICE_FAILED, d->reason);
	else if (d->state == MODEL_STOPPED)
		tray_say(t, d->name, NOTICE_STOPPED, "");
	else if (d->state == MODEL_RUNNING && before == MODEL_STARTING &&
		 !launches_any(t->launches, d))
		tray_say(t, d->name, NOTICE_STARTED, "");
}

static void on_model(
	void *user, enum model_event e, struct model_domain *d, enum model_state before) {
	struct tray *t = user;

	if (d)
		domain_icons_heard(t->domain_icons, d, e == MODEL_REMOVED);
	menu_heard(t->menu, e, d);
	if (d && e != MODEL_REMOVED) {
		health_watch_domain(t->health, d);
		health_watch_disk(t->health_watch);
	}
	if (d && e != MODEL_APPS)
		app_menus_heard(t->app_menus, d, e == MODEL_REMOVED);
	if (e == MODEL_APPS) {
		for (guint i = 0; d->apps && i < d->apps->list->len; i++)
			tray_app_icon(t, d, g_ptr_array_index(d->apps->list, i));
		search_window_drop(t->search, d);
	} else
		search_window_again(t->search);
	if (e == MODEL_CHANGED)
		tell_change(t, d, before);
	if (e == MODEL_CHANGED || e == MODEL_REMOVED)
		launches_heard(t->launches, d, e == MODEL_REMOVED);
	if (e == MODEL_REMOVED) {
		notices_forget(t->notices, d->name);
		notices_forget(t->app_notices, d->name);
		health_forget(t->health, d->name);
		search_window_drop(t->search, d);
	}
	if (e == MODEL_GLOBAL) {
		health_watch_broken(t->health, model_broken(t->model));
		set_icon(t);
	}
	/* Without an answer of bulkheadd, or without a scan, nobody knows what is to be there. */
	if (t->export && e != MODEL_CHANGED && model_online(t->model) && t->scanned)
		export_again(t->export);
}

static void on_online(void *user, bool online) {
	struct tray *t = user;

	if (online)
		app_menus_prune(t->app_menus);
	if (online && model_count(t->model) == 0 && !t->welcomed) {
		t->welcomed = true;
		first_run_show(t);
	}
}

static void on_refused(void *user, const char *domain, const char *what) {
	tray_say(user, domain, NOTICE_REFUSED, what);
}

static void on_command_ended(void *user, const char *path, guint32 id, int status) {
	launches_command_ended(((struct tray *)user)->launches, path, id, status);
}

static void on_launch_failed(void *user, const char *domain, const char *text) {
	tray_say(user, domain, NOTICE_FAILED, text);
}

/* Its own allowance: what an application says never takes the place of what Bulkhead says. */
static void on_app_says(void *user, const char *domain, const struct notification *n) {
	struct tray *t = user;
	g_autofree char *text = g_strdup_printf("%s%s%s%s%s", n->app, *n->app ? ": " : "", n->title,
		*n->title && *n->body ? " – " : "", n->body);

	if (!model_find(t->model, domain))
		return;
	notices_tell(t->app_notices, domain, NOTICE_APP, text, g_get_monotonic_time());
	set_notice_timer(t);
}

static void on_report(
	void *user, struct inbox_end *end, const char *domain, const struct copyreport *r) {
	copy_windows_report(((struct tray *)user)->copy_windows, end, domain, r);
}

static void on_icons(void *user) {
	menu_icons(((struct tray *)user)->menu);
}

static void scan(struct tray *t);

static void scan_work(GTask *task, gpointer source, gpointer folder, GCancellable *cancel) {
	const char *const folders[] = {folder, NULL};

	g_task_return_pointer(task, apps_scan(folders), (GDestroyNotify)apps_unref);
}

static void on_scanned(GObject *source, GAsyncResult *result, gpointer user) {
	struct apps *apps = g_task_propagate_pointer(G_TASK(result), NULL);
	struct tray *t = user;

	if (!apps)
		return; /* cancelled: the tray is gone */
	t->scanning = false;
	t->scanned = true;
	for (guint i = 0; i < apps->list->len; i++)
		icons_get(t->icons, ((struct app *)apps->list->pdata[i])->icon);
	search_window_drop(t->search, NULL);
	model_set_host_apps(t->model, apps);
	apps_unref(apps);
	if (t->export && model_online(t->model))
		export_again(t->export);
	if (t->scan_again)
		scan(t);
}

static void scan(struct tray *t) {
	GTask *task;

	t->scan_again = t->scanning;
	if (t->scanning)
		return;
	t->scanning = true;
	task = g_task_new(NULL, t->cancel, on_scanned, t);
	g_task_set_task_data(task, g_build_filename(t->share, "applications", NULL), g_free);
	g_task_run_in_thread(task, scan_work);
	g_object_unref(task);
}

static void on_files(
	GFileMonitor *m, GFile *file, GFile *other, GFileMonitorEvent event, gpointer user) {
	if (event != G_FILE_MONITOR_EVENT_CHANGED &&
		event != G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED)
		scan(user);
}

static void on_menu(void *user, int x, int y) {
	menu_popup(((struct tray *)user)->menu, x, y);
}

static void on_search(void *user) {
	search_window_show(((struct tray *)user)->search);
}

struct tray *tray_new(GtkApplication *app, const char *share, bool export, bool strip) {
	static const struct link_events link_events = {on_online, on_refused, on_command_ended};
	static const struct status_events status_events = {on_menu, on_search};
	static const struct inbox_events inbox_events = {on_app_says, on_report};
	const char *const shares[] = {share, NULL};
	g_autofree char *folder = g_build_filename(share, "applications", NULL),
			*entries = g_build_filename(g_get_user_data_dir(), "applications", NULL);
	g_autoptr(GFile) file = g_file_new_for_path(folder);
	struct tray *t = g_new0(struct tray, 1);

	t->app = app;
	t->share = g_strdup(share);
	t->cancel = g_cancellable_new();
	t->windows = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	t->icons = icons_new(shares, 1, on_icons, t);
	t->domain_icons = domain_icons_new(on_icons, t);
	t->notices = notices_new(on_notice, t);
	t->app_notices = notices_new(on_notice, t);
	t->notify = notify_new();
	t->status = status_new(&status_events, t);
	t->health = health_new(on_health, t);
	t->model = model_new(on_model, t);
	t->app_menus = app_menus_new(t->model);
	t->link = link_new(t->model, &link_events, t);
	t->copy_windows = copy_windows_new(t->model);
	t->inbox = inbox_new(link_runtime(t->link), &inbox_events, t);
	t->launches = launches_new(t->link, t->model, on_launch_failed, t);
	t->menu = menu_new(t);
	if (export)
		t->export = export_new(t->model, entries);
	if (strip)
		t->strip = focus_strip_new();
	t->search = search_window_new(t);
	t->health_watch = health_watch_new(t->health);
	t->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_NONE, NULL, NULL);
	if (t->monitor)
		g_signal_connect(t->monitor, "changed", G_CALLBACK(on_files), t);
	set_icon(t);
	scan(t);
	return t;
}

struct tray *tray_free(struct tray *t) {
	if (!t)
		return NULL;
	g_cancellable_cancel(t->cancel);
	g_object_unref(t->cancel);
	if (t->notice_timer)
		g_source_remove(t->notice_timer);
	if (t->monitor)
		g_signal_handlers_disconnect_by_data(t->monitor, t);
	g_clear_object(&t->monitor);
	export_free(t->export);
	inbox_free(t->inbox);
	copy_windows_free(t->copy_windows);
	app_menus_free(t->app_menus);
	health_watch_free(t->health_watch);
	link_free(t->link);
	launches_free(t->launches);
	search_window_free(t->search);
	menu_free(t->menu);
	status_free(t->status);
	notify_free(t->notify);
	notices_free(t->notices);
	notices_free(t->app_notices);
	model_free(t->model);
	health_free(t->health);
	focus_strip_free(t->strip);
	domain_icons_free(t->domain_icons);
	icons_free(t->icons);
	g_free(t->share);
	g_free(t);
	return NULL;
}
