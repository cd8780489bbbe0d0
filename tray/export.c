/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/export.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#define PREFIX  "bulkhead-"
#define SUFFIX  ".desktop"
#define LAZY_MS 500 /* many domains change together */

struct export {
	struct model *model;
	char *folder;
	GCancellable *cancel;
	guint timer;
	bool busy, again;
};

/* As the desktop entry specification wants arguments: in quotes, four characters escaped; % is
 * doubled, since it begins a code. The key file doubles backslashes once more. */
static void quote(GString *out, const char *arg) {
	g_string_append(out, " \"");
	for (const char *p = arg; *p; p++) {
		if (strchr("\"`$\\", *p))
			g_string_append_c(out, '\\');
		if (*p == '%')
			g_string_append_c(out, '%');
		g_string_append_c(out, *p);
	}
	g_string_append_c(out, '"');
}

char *export_name(const char *domain, const char *id) {
	g_autofree char *safe = g_strdup(id);

	g_strcanon(safe, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '_');
	return g_strconcat(PREFIX, domain, "-", safe, SUFFIX, NULL);
}

char *export_text(
	const char *domain, const char *app_name, const char *icon, char *const *command) {
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autoptr(GString) exec = g_string_new("bulkhead run");
	g_autofree char *name = g_strconcat(domain, ": ", app_name, NULL);

	name[0] = g_ascii_toupper(name[0]);
	quote(exec, domain);
	g_string_append(exec, " --");
	for (; *command; command++)
		quote(exec, *command);
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, "Type", "Application");
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, "Name", name);
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, "Exec", exec->str);
	if (*icon)
		g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, "Icon", icon);
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, "Categories", "X-Bulkhead;");
	g_key_file_set_string(file, G_KEY_FILE_DESKTOP_GROUP, EXPORT_KEY, domain);
	return g_key_file_to_data(file, NULL, NULL);
}

/* An empty one is what is left where the power went. */
static bool ours(const char *path) {
	g_autoptr(GKeyFile) file = g_key_file_new();
	GStatBuf st;

	return (!g_stat(path, &st) && st.st_size == 0) ||
	       (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) &&
		       g_key_file_has_key(file, G_KEY_FILE_DESKTOP_GROUP, EXPORT_KEY, NULL));
}

static guint remove_others(const char *folder, GHashTable *wanted) {
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;
	guint n = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (g_str_has_prefix(name, PREFIX) && g_str_has_suffix(name, SUFFIX) &&
			!g_hash_table_contains(wanted, name) && ours(path))
			n += !g_unlink(path);
	}
	return n;
}

guint export_sync(const char *folder, GHashTable *wanted) {
	GHashTableIter i;
	gpointer name, text;
	guint n;

	if (g_mkdir_with_parents(folder, 0700))
		return 0;
	n = remove_others(folder, wanted);
	g_hash_table_iter_init(&i, wanted);
	while (g_hash_table_iter_next(&i, &name, &text)) {
		g_autofree char *path = g_build_filename(folder, name, NULL), *is = NULL;
		bool there = g_file_test(path, G_FILE_TEST_EXISTS);

		if (there && !ours(path))
			continue;
		if (!there || !g_file_get_contents(path, &is, NULL, NULL) || strcmp(is, text) != 0)
			/* Thousands of files: none is worth waiting for the disk. */
			n += g_file_set_contents_full(
				path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
	}
	return n;
}

struct work {
	char *folder;
	GHashTable *wanted;
};

static void work_free(gpointer p) {
	struct work *w = p;

	g_hash_table_unref(w->wanted);
	g_free(w->folder);
	g_free(w);
}

static void run(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
	struct work *w = data;

	g_task_return_int(task, export_sync(w->folder, w->wanted));
}

static GHashTable *collect(struct model *m) {
	GHashTable *wanted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	for (guint n = 0; n < model_count(m); n++) {
		const struct model_domain *d = model_at(m, n);

		for (guint i = 0; d->apps && i < d->apps->list->len; i++) {
			const struct app *a = g_ptr_array_index(d->apps->list, i);
			g_auto(GStrv) command = app_command(d->apps, a);

			if (command && g_hash_table_size(wanted) < EXPORT_FILES_MAX)
				g_hash_table_replace(wanted, export_name(d->name, a->id),
					export_text(d->name, a->name, a->icon, command));
		}
	}
	return wanted;
}

static void on_done(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	struct export *e = user;

	g_task_propagate_int(G_TASK(result), &error);
	if (error)
		return; /* cancelled: export_free */
	e->busy = false;
	if (e->again)
		export_again(e);
}

static gboolean on_timer(gpointer user) {
	struct export *e = user;
	struct work *w = g_new(struct work, 1);
	GTask *task;

	e->timer = 0;
	e->busy = true;
	*w = (struct work){g_strdup(e->folder), collect(e->model)};
	task = g_task_new(NULL, e->cancel, on_done, e);
	g_task_set_task_data(task, w, work_free);
	g_task_run_in_thread(task, run);
	g_object_unref(task);
	return G_SOURCE_REMOVE;
}

void export_again(struct export *e) {
	e->again = e->busy;
	if (!e->busy && !e->timer)
		e->timer = g_timeout_add(LAZY_MS, on_timer, e);
}

struct export *export_new(struct model *m, const char *folder) {
	struct export *e = g_new0(struct export, 1);

	e->model = m;
	e->folder = g_strdup(folder);
	e->cancel = g_cancellable_new();
	return e;
}

struct export *export_free(struct export *e) {
	if (!e)
		return NULL;
	if (e->timer)
		g_source_remove(e->timer);
	g_cancellable_cancel(e->cancel);
	g_object_unref(e->cancel);
	g_free(e->folder);
	g_free(e);
	return NULL;
}
