/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/icon-ask.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <unistd.h>

#define CLIENT  "qrexec-client"
#define COMMAND "DEFAULT:QUBESRPC qubes.GetImageRGBA dom0"
#define READER  "bulkhead-icon-reader"

struct icon_ask {
	GSubprocess *client, *reader;
	GCancellable *cancel;
	uint8_t data[ICON_SIZE + 1];
	guint timer;
	bool busy;
	icon_answer answer;
	void *user;
};

/* As everywhere: BULKHEAD_LIBEXEC first, then where it is installed. The caller frees it. */
static char *find_reader(void) {
	const char *own = g_getenv("BULKHEAD_LIBEXEC");
	g_auto(GStrv) folders = g_strsplit(own ? own : "", ":", -1);

	for (char **f = folders; *f; f++) {
		g_autofree char *path = g_build_filename(*f, READER, NULL);

		if (**f && g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
			return g_steal_pointer(&path);
	}
	return g_build_filename(BULKHEAD_LIBEXECDIR, READER, NULL);
}

static void stop(struct icon_ask *a) {
	if (a->timer)
		g_source_remove(a->timer);
	a->timer = 0;
	if (a->client)
		g_subprocess_force_exit(a->client);
	if (a->reader)
		g_subprocess_force_exit(a->reader);
	g_clear_object(&a->client);
	g_clear_object(&a->reader);
	g_clear_object(&a->cancel);
	a->busy = false;
}

static void on_read(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	struct icon_ask *a = user;
	struct icon icon;
	gsize got = 0;
	bool ok = g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &got, &error);

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	stop(a);
	ok = ok && got == ICON_SIZE && !icon_decode(span_over(a->data, got), &icon) &&
	     icon.w == ICON_SIDE && icon.h == ICON_SIDE;
	a->answer(a->user, ok ? a->data : NULL);
}

/* Ends both: what is being read ends then too, and is no picture. */
static gboolean on_late(gpointer user) {
	struct icon_ask *a = user;

	a->timer = 0;
	g_subprocess_force_exit(a->client);
	g_subprocess_force_exit(a->reader);
	return G_SOURCE_REMOVE;
}

/* The question in a pipe of its own, which holds it all: writing it waits for nobody. -1: errno. */
static int question(const char *name) {
	g_autofree char *line = g_strdup_printf("xdgicon:%s\n", name);
	AUTO(auto_close) int in = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	in = fds[1];
	if (write(in, line, strlen(line)) != (ssize_t)strlen(line)) {
		close(fds[0]);
		return -1;
	}
	return fds[0];
}

static bool spawn(struct icon_ask *a, const char *domain, const char *name, GError **error) {
	g_autoptr(GSubprocessLauncher)
		client = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDERR_SILENCE),
		reader = g_subprocess_launcher_new(
			G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
	g_autofree char *program = find_reader();
	int fds[2], in = question(name);

	if (in < 0 || pipe2(fds, O_CLOEXEC)) {
		g_set_error(
			error, G_IO_ERROR, g_io_error_from_errno(errno), "%s", g_strerror(errno));
		if (in >= 0)
			close(in);
		return false;
	}
	g_subprocess_launcher_take_stdin_fd(client, in);
	g_subprocess_launcher_take_stdout_fd(client, fds[1]);
	g_subprocess_launcher_take_stdin_fd(reader, fds[0]);
	/* No shell: the name and the command are arguments. */
	a->client = g_subprocess_launcher_spawn(client, error, CLIENT, "-d", domain, COMMAND, NULL);
	if (a->client)
		a->reader = g_subprocess_launcher_spawn(reader, error, program, NULL);
	return a->reader != NULL;
}

static gboolean on_failed(gpointer user) {
	struct icon_ask *a = user;

	a->timer = 0;
	stop(a);
	a->answer(a->user, NULL);
	return G_SOURCE_REMOVE;
}

void icon_ask_start(struct icon_ask *a, const char *domain, const char *name) {
	g_autoptr(GError) error = NULL;

	a->busy = true;
	if (!spawn(a, domain, name, &error)) {
		g_printerr("bulkhead-tray: pictures of %s cannot be asked for: %s\n", domain,
			error->message);
		a->timer = g_idle_add(on_failed, a);
		return;
	}
	a->cancel = g_cancellable_new();
	a->timer = g_timeout_add_seconds(ICON_ASK_SECONDS, on_late, a);
	g_input_stream_read_all_async(g_subprocess_get_stdout_pipe(a->reader), a->data,
		sizeof(a->data), G_PRIORITY_LOW, a->cancel, on_read, a);
}

bool icon_ask_busy(const struct icon_ask *a) {
	return a->busy;
}

struct icon_ask *icon_ask_new(icon_answer answer, void *user) {
	struct icon_ask *a = g_new0(struct icon_ask, 1);

	a->answer = answer;
	a->user = user;
	return a;
}

struct icon_ask *icon_ask_free(struct icon_ask *a) {
	if (!a)
		return NULL;
	if (a->cancel)
		g_cancellable_cancel(a->cancel);
	stop(a);
	g_free(a);
	return NULL;
}
