/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-tray: the icon in the panel and everything behind it. One per session: a second one asks
 * the first to do what it was called for. It must never wait for bulkheadd, nor show a text of a
 * domain that was not filtered.
 */
#include "tray/first-run.h"
#include "tray/health-window.h"
#include "tray/log-window.h"
#include "tray/menu.h"
#include "tray/policy-window.h"
#include "tray/search-window.h"
#include "tray/settings.h"
#include "tray/timeline-window.h"
#include "tray/tray.h"
#include "tray/x11-keys.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <string.h>

#define DEFAULT_MENU_KEY   "<Super>F10"
#define DEFAULT_SEARCH_KEY "<Super>F9"

struct program {
	struct tray *tray;
	struct keys *keys;
	char *share;
	bool no_export;
};

static void on_menu_key(void *user) {
	menu_popup(((struct program *)user)->tray->menu, -1, 0);
}

static void on_search_key(void *user) {
	search_window_show(((struct program *)user)->tray->search);
}

/* The person's choice in $XDG_CONFIG_HOME/bulkhead/desk.conf: [keys] menu= and search=; empty:
 * none. */
static void bind(struct program *p, const char *name, const char *otherwise, key_action action) {
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(
				g_get_user_config_dir(), "bulkhead", "desk.conf", NULL),
			*value = NULL;

	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		value = g_key_file_get_string(file, "keys", name, NULL);
	if (value && !*value)
		return;
	if (keys_bind(p->keys, value ? value : otherwise, action, p))
		g_printerr("bulkhead-tray: the key %s cannot be used for \"%s\": no such key, or "
			   "another "
			   "program has it ([keys] %s= in %s)\n",
			value ? value : otherwise, name, name, path);
}

/* KEY=no in the same file: not wanted. [menu] export: applications in the desktop's own menu;
 * [focus] strip: the focused domain's name on the screen. */
static bool wanted(const char *group, const char *key) {
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *path = g_build_filename(
				g_get_user_config_dir(), "bulkhead", "desk.conf", NULL),
			*value = NULL;

	if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL))
		value = g_key_file_get_string(file, group, key, NULL);
	return !value || strcmp(value, "no") != 0;
}

static void on_startup(GApplication *app, gpointer user) {
	struct program *p = user;

	p->tray = tray_new(GTK_APPLICATION(app), p->share ? p->share : "/usr/share",
		!p->no_export && wanted("menu", "export"), wanted("focus", "strip"));
	p->keys = keys_new();
	bind(p, "menu", DEFAULT_MENU_KEY, on_menu_key);
	bind(p, "search", DEFAULT_SEARCH_KEY, on_search_key);
	g_application_hold(app);
}

static void on_shutdown(GApplication *app, gpointer user) {
	struct program *p = user;

	p->keys = keys_free(p->keys);
	p->tray = tray_free(p->tray);
}

static int on_command_line(GApplication *app, GApplicationCommandLine *line, gpointer user) {
	struct program *p = user;
	GVariantDict *o = g_application_command_line_get_options_dict(line);
	const char *name = NULL;
	struct model_domain *d;
	bool settings = g_variant_dict_lookup(o, "settings", "&s", &name);

	if (g_variant_dict_contains(o, "quit"))
		g_application_quit(app);
	else if (g_variant_dict_contains(o, "menu"))
		menu_popup(p->tray->menu, -1, 0);
	else if (g_variant_dict_contains(o, "search"))
		search_window_show(p->tray->search);
	else if (g_variant_dict_contains(o, "new"))
		settings_create(p->tray);
	else if (g_variant_dict_contains(o, "welcome"))
		first_run_show(p->tray);
	else if (g_variant_dict_contains(o, "timeline"))
		timeline_window_show(p->tray);
	else if (g_variant_dict_contains(o, "health"))
		health_window_show(p->tray);
	else if (g_variant_dict_contains(o, "policy"))
		policy_window_show(p->tray);
	else if (settings || g_variant_dict_lookup(o, "log", "&s", &name)) {
		d = model_find(p->tray->model, name);
		if (!d) {
			g_application_command_line_printerr(
				line, _("bulkhead-tray: there is no domain \"%s\"\n"), name);
			return 1;
		}
		tray_act(p->tray, d, settings ? ACTION_SETTINGS : ACTION_LOG);
	}
	return 0;
}

static const GOptionEntry entries[] = {
	{"menu", 0, 0, G_OPTION_ARG_NONE, NULL, N_("open the menu"), NULL},
	{"search", 0, 0, G_OPTION_ARG_NONE, NULL, N_("open the search"), NULL},
	{"new", 0, 0, G_OPTION_ARG_NONE, NULL, N_("make a new domain"), NULL},
	{"welcome", 0, 0, G_OPTION_ARG_NONE, NULL, N_("show the first window again"), NULL},
	{"timeline", 0, 0, G_OPTION_ARG_NONE, NULL, N_("show what crossed between domains"), NULL},
	{"policy", 0, 0, G_OPTION_ARG_NONE, NULL, N_("show and change the rules"), NULL},
	{"health", 0, 0, G_OPTION_ARG_NONE, NULL, N_("show what is wrong"), NULL},
	{"settings", 0, 0, G_OPTION_ARG_STRING, NULL, N_("show a domain's settings"), N_("DOMAIN")},
	{"log", 0, 0, G_OPTION_ARG_STRING, NULL, N_("show a domain's log"), N_("DOMAIN")},
	{"quit", 0, 0, G_OPTION_ARG_NONE, NULL, N_("end the tray; domains run on"), NULL},
	{"share", 0, 0, G_OPTION_ARG_FILENAME, NULL,
		N_("the /usr/share that domains see, for their applications"), N_("FOLDER")},
	{"no-export", 0, 0, G_OPTION_ARG_NONE, NULL, N_("leave the desktop's own menu as it is"),
		NULL},
	{NULL, 0, 0, 0, NULL, NULL, NULL},
};

/* --share and --no-export are this process's own: they must be known before the start. */
static int on_local_options(GApplication *app, GVariantDict *options, gpointer user) {
	struct program *p = user;

	p->no_export = g_variant_dict_contains(options, "no-export");
	if (g_variant_dict_lookup(options, "share", "^ay", &p->share) &&
		!g_path_is_absolute(p->share)) {
		g_printerr(_("bulkhead-tray: --share must be an absolute path\n"));
		return 2;
	}
	return -1;
}

static gboolean on_signal(gpointer app) {
	g_application_quit(app);
	return G_SOURCE_CONTINUE;
}

int main(int argc, char **argv) {
	struct program p = {0};
	g_autoptr(GtkApplication) app = NULL;
	const char *locales;
	int status;

	setlocale(LC_ALL, "");
	/* From a build tree: its po folder. */
	locales = g_getenv("BULKHEAD_LOCALE_DIR");
	bindtextdomain(GETTEXT_PACKAGE, locales ? locales : BULKHEAD_LOCALEDIR);
	bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
	textdomain(GETTEXT_PACKAGE);
	gdk_set_allowed_backends("x11");
	app = gtk_application_new("org.bulkhead.Tray", G_APPLICATION_HANDLES_COMMAND_LINE);
	g_application_add_main_option_entries(G_APPLICATION(app), entries);
	g_signal_connect(app, "startup", G_CALLBACK(on_startup), &p);
	g_signal_connect(app, "shutdown", G_CALLBACK(on_shutdown), &p);
	g_signal_connect(app, "command-line", G_CALLBACK(on_command_line), &p);
	g_signal_connect(app, "handle-local-options", G_CALLBACK(on_local_options), &p);
	g_unix_signal_add(SIGTERM, on_signal, app);
	g_unix_signal_add(SIGINT, on_signal, app);
	status = g_application_run(G_APPLICATION(app), argc, argv);
	g_free(p.share);
	return status;
}
