/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/app-menus.h"

#include "tray/apps-lines.h"
#include "tray/menu-store.h"

#include <gio/gio.h>
#include <string.h>

#define SECONDS 60
#define CHUNK   65536
#define CLIENT  "qrexec-client"
#define COMMAND "DEFAULT:QUBESRPC qubes.GetAppmenus dom0"

struct app_menus {
	struct model *model;
	GHashTable *asked;  /* name -> struct question; answered ones too, while the domain runs */
	GHashTable *looked; /* names of domains whose kept menu was looked for */
	GCancellable *cancel;
};

/* What a thread works on; touches nothing but itself. */
struct kept {
	char *name, *folder;
	GBytes *menu; /* to be kept; NULL: to be read */
};

struct question {
	struct app_menus *in;
	char *name;
	GSubprocess *client;
	GByteArray *data;
	GCancellable *cancel;
	guint timer;
};

static void stop(struct question *q) {
	if (q->timer)
		g_source_remove(q->timer);
	q->timer = 0;
	if (q->client)
		g_subprocess_force_exit(q->client);
	g_clear_object(&q->client);
	g_byte_array_set_size(q->data, 0);
}

static void question_free(gpointer p) {
	struct question *q = p;

	g_cancellable_cancel(q->cancel);
	g_object_unref(q->cancel);
	stop(q);
	g_byte_array_unref(q->data);
	g_free(q->name);
	g_free(q);
}

static void kept_free(gpointer p) {
	struct kept *k = p;

	g_free(k->name);
	g_free(k->folder);
	if (k->menu)
		g_bytes_unref(k->menu);
	g_free(k);
}

/* Of a throw-away domain nothing is kept: it is gone before anybody could read it. */
static struct kept *kept_new(const struct model_domain *d, GBytes *menu) {
	struct kept *k = g_new0(struct kept, 1);

	k->name = g_strdup(d->name);
	if (strcmp(model_text(d, "Kind"), "disposable") != 0)
		k->folder = menu_store_folder(model_text(d, "Uuid"));
	k->menu = menu;
	return k;
}

static void keep_work(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
	const struct kept *k = data;
	gsize size;
	const void *bytes = g_bytes_get_data(k->menu, &size);

	menu_store_keep_menu(k->folder, bytes, size);
	g_task_return_boolean(task, TRUE);
}

static void look_work(GTask *task, gpointer source, gpointer data, GCancellable *cancel) {
	const struct kept *k = data;
	g_autoptr(GBytes) menu = menu_store_read_menu(k->folder);
	gsize size = 0;
	const char *bytes = menu ? g_bytes_get_data(menu, &size) : NULL;

	/* As little trusted as when the domain said it. */
	g_task_return_pointer(task, apps_from_lines(bytes, size), (GDestroyNotify)apps_unref);
}

static void on_looked(GObject *source, GAsyncResult *result, gpointer user) {
	struct apps *apps = g_task_propagate_pointer(G_TASK(result), NULL);
	const struct kept *k = g_task_get_task_data(G_TASK(result));
	struct app_menus *a = user;
	struct model_domain *d;

	if (!apps)
		return; /* cancelled: the tray is gone */
	d = model_find(a->model, k->name);
	if (d && !d->own_apps && apps->list->len > 0)
		model_set_own_apps(a->model, d, apps);
	apps_unref(apps);
}

static void run(struct app_menus *a, struct kept *k) {
	GTask *task = k->menu ? g_task_new(NULL, NULL, NULL, NULL)
			      : g_task_new(NULL, a->cancel, on_looked, a);

	g_task_set_task_data(task, k, kept_free);
	g_task_run_in_thread(task, k->menu ? keep_work : look_work);
	g_object_unref(task);
}

static void answered(struct question *q) {
	struct model_domain *d = model_find(q->in->model, q->name);
	struct apps *apps = apps_from_lines((const char *)q->data->data, q->data->len);

	/* Nothing is no better than what is known from its last run. */
	if (d && apps->list->len > 0) {
		run(q->in, kept_new(d, g_bytes_new(q->data->data, q->data->len)));
		model_set_own_apps(q->in->model, d, apps);
	}
	stop(q);
	apps_unref(apps);
}

static void read_more(struct question *q);

static void on_chunk(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes)
		bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
	struct question *q = user;
	gsize size = 0;
	const guint8 *data;

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	if (size > 0)
		g_byte_array_append(q->data, data, (guint)size);
	if (size == 0 || q->data->len >= APPS_LINES_BYTES)
		answered(q);
	else
		read_more(q);
}

static void read_more(struct question *q) {
	g_input_stream_read_bytes_async(g_subprocess_get_stdout_pipe(q->client), CHUNK,
		G_PRIORITY_LOW, q->cancel, on_chunk, q);
}

static gboolean on_late(gpointer user) {
	struct question *q = user;

	q->timer = 0;
	g_cancellable_cancel(q->cancel);
	stop(q);
	return G_SOURCE_REMOVE;
}

static void ask(struct app_menus *a, const struct model_domain *d) {
	g_autoptr(GError) error = NULL;
	struct question *q = g_new0(struct question, 1);

	q->in = a;
	q->name = g_strdup(d->name);
	q->data = g_byte_array_new();
	q->cancel = g_cancellable_new();
	g_hash_table_insert(a->asked, q->name, q);
	/* No shell: the name and the command are arguments. */
	q->client = g_subprocess_new(
		G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error, CLIENT,
		"-d", d->name, COMMAND, NULL);
	if (!q->client) {
		g_printerr("bulkhead-tray: applications of %s cannot be asked for: %s\n", d->name,
			error->message);
		return;
	}
	q->timer = g_timeout_add_seconds(SECONDS, on_late, q);
	read_more(q);
}

struct app_menus *app_menus_new(struct model *m) {
	struct app_menus *a = g_new0(struct app_menus, 1);

	a->model = m;
	a->asked = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, question_free);
	a->looked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	a->cancel = g_cancellable_new();
	return a;
}

struct app_menus *app_menus_free(struct app_menus *a) {
	if (!a)
		return NULL;
	g_cancellable_cancel(a->cancel);
	g_object_unref(a->cancel);
	g_hash_table_unref(a->asked);
	g_hash_table_unref(a->looked);
	g_free(a);
	return NULL;
}

void app_menus_heard(struct app_menus *a, struct model_domain *d, bool gone) {
	bool runs = d->state == MODEL_RUNNING || d->state == MODEL_PAUSED,
	     own = strcmp(model_text(d, "Template"), "host") != 0;

	if (gone)
		g_hash_table_remove(a->looked, d->name);
	if (gone || !runs)
		g_hash_table_remove(a->asked, d->name);
	else if (d->state == MODEL_RUNNING && own && !g_hash_table_contains(a->asked, d->name))
		ask(a, d);
	if (!gone && own && !d->own_apps && g_hash_table_add(a->looked, g_strdup(d->name)))
		run(a, kept_new(d, NULL));
}

static void prune_work(GTask *task, gpointer source, gpointer uuids, GCancellable *cancel) {
	menu_store_prune(uuids);
	g_task_return_boolean(task, TRUE);
}

void app_menus_prune(struct app_menus *a) {
	GHashTable *uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GTask *task = g_task_new(NULL, NULL, NULL, NULL);

	for (guint i = 0; i < model_count(a->model); i++)
		g_hash_table_add(uuids, g_strdup(model_text(model_at(a->model, i), "Uuid")));
	g_task_set_task_data(task, uuids, (GDestroyNotify)g_hash_table_unref);
	g_task_run_in_thread(task, prune_work);
	g_object_unref(task);
}
