/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/app-menus.h"

#include "tray/apps-lines.h"

#include <gio/gio.h>
#include <string.h>

#define SECONDS 60
#define CHUNK   65536
#define CLIENT  "qrexec-client"
#define COMMAND "DEFAULT:QUBESRPC qubes.GetAppmenus dom0"

struct app_menus {
	struct model *model;
	GHashTable *asked; /* name -> struct question; answered ones too, while the domain runs */
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

static void answered(struct question *q) {
	struct model_domain *d = model_find(q->in->model, q->name);
	struct apps *apps = apps_from_lines((const char *)q->data->data, q->data->len);

	stop(q);
	/* Nothing is no better than what is known from its last run. */
	if (d && apps->list->len > 0)
		model_set_own_apps(q->in->model, d, apps);
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
	return a;
}

struct app_menus *app_menus_free(struct app_menus *a) {
	if (!a)
		return NULL;
	g_hash_table_unref(a->asked);
	g_free(a);
	return NULL;
}

void app_menus_heard(struct app_menus *a, struct model_domain *d, bool gone) {
	bool runs = d->state == MODEL_RUNNING || d->state == MODEL_PAUSED;

	if (gone || !runs)
		g_hash_table_remove(a->asked, d->name);
	else if (d->state == MODEL_RUNNING && strcmp(model_text(d, "Template"), "host") != 0 &&
		 !g_hash_table_contains(a->asked, d->name))
		ask(a, d);
}
