/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/throw-away.h"

#include "common/text-filter.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>

#define SPEAKER "bulkhead: "

struct throw_away {
	struct tray *tray;
	char *model;
};

static bool was_killed(GSubprocess *p) {
	return g_subprocess_get_if_exited(p) && g_subprocess_get_exit_status(p) == 128 + SIGKILL;
}

/* A program's own exit status is nobody's business; `bulkhead` says what it could not do. */
static void on_done(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GBytes) said = NULL;
	struct throw_away *a = user;
	char words[512];
	gsize size = 0;
	const char *data;

	g_subprocess_communicate_finish(G_SUBPROCESS(source), result, NULL, &said, NULL);
	data = said ? g_bytes_get_data(said, &size) : NULL;
	if (size > strlen(SPEAKER) && !memcmp(data, SPEAKER, strlen(SPEAKER))) {
		data += strlen(SPEAKER);
		size -= strlen(SPEAKER);
	}
	while (size > 0 && data[size - 1] == '\n')
		size--;
	text_filter(data ? data : "", size, words, sizeof(words));
	/* Who stops or kills it knows that. */
	if (*words && !was_killed(G_SUBPROCESS(source)))
		tray_say(a->tray, a->model, NOTICE_FAILED, words);
	g_free(a->model);
	g_free(a);
}

void throw_away_run(struct tray *t, const struct model_domain *model, const char *const *argv) {
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	g_autoptr(GSubprocess) child = NULL;
	g_autoptr(GError) error = NULL;
	struct throw_away *a;

	g_ptr_array_add(all, (gpointer) "bulkhead");
	g_ptr_array_add(all, (gpointer) "run");
	g_ptr_array_add(all, (gpointer) "--disposable");
	g_ptr_array_add(all, model->name);
	g_ptr_array_add(all, (gpointer) "--");
	for (; *argv; argv++)
		g_ptr_array_add(all, (gpointer)*argv);
	g_ptr_array_add(all, NULL);
	child = g_subprocess_newv((const char *const *)all->pdata,
		G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);
	if (!child) {
		tray_say(t, model->name, NOTICE_FAILED, error->message);
		return;
	}
	a = g_new(struct throw_away, 1);
	*a = (struct throw_away){t, g_strdup(model->name)};
	g_subprocess_communicate_async(child, NULL, NULL, on_done, a);
}
