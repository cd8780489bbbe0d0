/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/apps.h"

#include "common/text-filter.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define GROUP G_KEY_FILE_DESKTOP_GROUP

struct app *app_free(struct app *a) {
	if (!a)
		return NULL;
	g_free(a->id);
	g_free(a->name);
	g_free(a->words);
	g_free(a->icon);
	g_strfreev(a->argv);
	g_free(a);
	return NULL;
}

static void app_free_(gpointer p) {
	app_free(p);
}

static char *filtered(const char *text, size_t size) {
	g_autofree char *buffer = g_malloc(size);

	text_filter(text, strlen(text), buffer, size);
	return g_strdup(g_strstrip(buffer));
}

static char *locale_text(GKeyFile *file, const char *key) {
	return g_key_file_get_locale_string(file, GROUP, key, NULL, NULL);
}

/* "%f" and its like stand for files and links that a menu does not have; "%%" is a percent sign. */
static char *without_codes(const char *arg) {
	GString *s = g_string_new(NULL);

	for (const char *p = arg; *p; p++) {
		if (*p != '%') {
			g_string_append_c(s, *p);
			continue;
		}
		if (!p[1])
			break;
		if (*++p == '%')
			g_string_append_c(s, '%');
	}
	return g_string_free(s, FALSE);
}

static char **parse_exec(const char *exec) {
	g_auto(GStrv) words = NULL;
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	int n;

	if (!exec || !g_shell_parse_argv(exec, &n, &words, NULL) || n > APPS_ARGS_MAX)
		return NULL;
	for (char **w = words; *w; w++) {
		char *arg;

		if (strlen(*w) >= APPS_ARG_SIZE)
			return NULL;
		arg = without_codes(*w);
		if (*arg || !**w)
			g_ptr_array_add(argv, arg);
		else
			g_free(arg);
	}
	if (argv->len == 0 || !*(char *)argv->pdata[0])
		return NULL;
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

static enum app_role role_of(GKeyFile *file) {
	g_auto(GStrv)
		categories = g_key_file_get_string_list(file, GROUP, "Categories", NULL, NULL);

	if (categories && g_strv_contains((const char *const *)categories, "TerminalEmulator"))
		return APP_TERMINAL;
	if (categories && g_strv_contains((const char *const *)categories, "FileManager"))
		return APP_FILES;
	return APP_ORDINARY;
}

/* A theme's name: no folders, so nobody can make us open a file of his choice. */
static char *icon_of(GKeyFile *file) {
	g_autofree char *icon = locale_text(file, "Icon");

	if (!icon || strlen(icon) >= APPS_ICON_SIZE || icon[0] == '.')
		return g_strdup("");
	for (const char *p = icon; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("-_.+", *p))
			return g_strdup("");
	return g_steal_pointer(&icon);
}

static char *words_of(GKeyFile *file, const char *name) {
	g_autofree char *generic = locale_text(file, "GenericName"),
			*keywords = locale_text(file, "Keywords"),
			*all = g_strjoin(
				" ", name, generic ? generic : "", keywords ? keywords : "", NULL),
			*clean = filtered(all, APPS_WORDS_SIZE);

	g_strdelimit(clean, ";", ' ');
	return g_utf8_casefold(clean, -1);
}

static gboolean hidden(GKeyFile *file) {
	return g_key_file_get_boolean(file, GROUP, "NoDisplay", NULL) ||
	       g_key_file_get_boolean(file, GROUP, "Hidden", NULL) ||
	       g_key_file_has_key(file, GROUP, "OnlyShowIn", NULL);
}

int app_parse(const char *id, const char *data, size_t size, struct app **ret) {
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *type = NULL, *name = NULL, *exec = NULL;
	struct app *a;

	if (size > APPS_FILE_SIZE || !g_utf8_validate_len(data, size, NULL) ||
		!g_key_file_load_from_data(file, data, size, G_KEY_FILE_NONE, NULL))
		return APPS_E_INVALID;
	type = g_key_file_get_string(file, GROUP, "Type", NULL);
	if (!type || strcmp(type, "Application") != 0)
		return APPS_E_INVALID;
	if (hidden(file))
		return APPS_E_HIDDEN;
	name = locale_text(file, "Name");
	exec = g_key_file_get_string(file, GROUP, "Exec", NULL);
	a = g_new0(struct app, 1);
	a->id = g_strdup(id);
	a->argv = parse_exec(exec);
	a->name = filtered(name ? name : "", APPS_NAME_SIZE);
	if (!a->argv || !*a->name) {
		app_free(a);
		return APPS_E_INVALID;
	}
	a->words = words_of(file, a->name);
	a->icon = icon_of(file);
	a->role = role_of(file);
	a->in_terminal = g_key_file_get_boolean(file, GROUP, "Terminal", NULL);
	*ret = a;
	return 0;
}

struct apps *apps_new(void) {
	struct apps *apps = g_atomic_rc_box_new0(struct apps);

	apps->list = g_ptr_array_new_with_free_func(app_free_);
	return apps;
}

static void clear(gpointer p) {
	g_ptr_array_unref(((struct apps *)p)->list);
}

struct apps *apps_ref(struct apps *apps) {
	return apps ? g_atomic_rc_box_acquire(apps) : NULL;
}

void apps_unref(struct apps *apps) {
	if (apps)
		g_atomic_rc_box_release_full(apps, clear);
}

void apps_add(struct apps *apps, struct app *a) {
	if (apps->list->len < APPS_MAX) {
		g_ptr_array_add(apps->list, a);
		return;
	}
	apps->left_out++;
	app_free(a);
}

static int by_name(gconstpointer a, gconstpointer b) {
	const struct app *const *x = a, *const *y = b;

	return g_utf8_collate((*x)->name, (*y)->name) ?: strcmp((*x)->id, (*y)->id);
}

/* Of several the first in this list, else the first there is. */
static const char *const preferred[] = {"xfce4-terminal", "org.gnome.Terminal", "org.kde.konsole",
	"lxterminal", "debian-xterm", "xterm", "thunar", "org.gnome.Nautilus", "org.kde.dolphin",
	"pcmanfm"};

static const struct app *choose(const struct apps *apps, enum app_role role) {
	const struct app *best = NULL;
	size_t rank = G_MAXSIZE;

	for (guint i = 0; i < apps->list->len; i++) {
		const struct app *a = g_ptr_array_index(apps->list, i);
		size_t r = 0;

		if (a->role != role)
			continue;
		while (r < G_N_ELEMENTS(preferred) && strcmp(preferred[r], a->id) != 0)
			r++;
		if (r < rank) {
			rank = r;
			best = a;
		}
	}
	return best;
}

void apps_finish(struct apps *apps) {
	g_ptr_array_sort(apps->list, by_name);
	apps->terminal = choose(apps, APP_TERMINAL);
	apps->files = choose(apps, APP_FILES);
}

char **app_command(const struct apps *apps, const struct app *a) {
	g_autoptr(GPtrArray) argv = NULL;
	const char *program;

	if (!a->in_terminal)
		return g_strdupv(a->argv);
	if (!apps->terminal)
		return NULL;
	argv = g_ptr_array_new();
	program = apps->terminal->argv[0];
	g_ptr_array_add(argv, g_strdup(program));
	/* Those of GNOME and Xfce have options of their own for "the rest is the command". */
	g_ptr_array_add(argv, g_strdup(strstr(program, "gnome-terminal")   ? "--"
				       : strstr(program, "xfce4-terminal") ? "-x"
									   : "-e"));
	for (char **w = a->argv; *w; w++)
		g_ptr_array_add(argv, g_strdup(*w));
	g_ptr_array_add(argv, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

static void read_file(struct apps *apps, const char *folder, const char *id) {
	g_autofree char *file = g_strconcat(id, ".desktop", NULL),
			*path = g_build_filename(folder, file, NULL),
			*data = g_malloc(APPS_FILE_SIZE + 1);
	/* A pipe or a device must not hold us up. */
	AUTO(auto_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	struct app *a;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > APPS_FILE_SIZE)
		return;
	n = read(fd, data, APPS_FILE_SIZE + 1);
	if (n > 0 && !app_parse(id, data, (size_t)n, &a))
		apps_add(apps, a);
}

struct apps *apps_scan(const char *const *folders) {
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct apps *apps = apps_new();
	guint files = 0;

	for (; *folders; folders++) {
		g_autoptr(GDir) dir = g_dir_open(*folders, 0, NULL);
		const char *name;

		while (dir && files < APPS_FILES_MAX && (name = g_dir_read_name(dir))) {
			char *id;

			files++;
			if (!g_str_has_suffix(name, ".desktop") || !g_utf8_validate(name, -1, NULL))
				continue;
			id = g_strndup(name, strlen(name) - strlen(".desktop"));
			if (g_hash_table_add(seen, id))
				read_file(apps, *folders, id);
		}
	}
	apps_finish(apps);
	return apps;
}
