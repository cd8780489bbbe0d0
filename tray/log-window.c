/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/log-window.h"

#include "common/text-filter.h"
#include "tray/trusted.h"

#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>

#define LAST_BYTES 65536
#define LINE_SIZE  512

struct log_window {
	GtkTextBuffer *buffer; /* a reference */
	GtkWidget *view;       /* weak */
};

static void log_window_free(struct log_window *w) {
	if (w->view)
		g_object_remove_weak_pointer(G_OBJECT(w->view), (gpointer *)&w->view);
	g_object_unref(w->buffer);
	g_free(w);
}

static char *filter_lines(const char *data, size_t size) {
	GString *out = g_string_new(NULL);
	char line[LINE_SIZE];

	while (size > 0) {
		const char *end = memchr(data, '\n', size);
		size_t n = end ? (size_t)(end - data) : size;

		text_filter(data, n, line, sizeof(line));
		g_string_append(out, line);
		g_string_append_c(out, '\n');
		n += end ? 1 : 0;
		data += n;
		size -= n;
	}
	return g_string_free(out, FALSE);
}

/* In a thread. */
static void read_log(GTask *task, gpointer source, gpointer path, GCancellable *cancel) {
	AUTO(auto_close)
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	g_autofree char *data = g_malloc(LAST_BYTES);
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
		n = pread(fd, data, LAST_BYTES, MAX(0, st.st_size - LAST_BYTES));
	g_task_return_pointer(task,
		n < 0 ? g_strdup(_("There is no log of this domain yet.\n"))
		      : filter_lines(data, (size_t)n),
		g_free);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer user) {
	g_autofree char *text = g_task_propagate_pointer(G_TASK(result), NULL);
	struct log_window *w = user;
	GtkTextIter end;

	gtk_text_buffer_set_text(w->buffer, text ? text : "", -1);
	gtk_text_buffer_get_end_iter(w->buffer, &end);
	gtk_text_buffer_place_cursor(w->buffer, &end);
	if (w->view)
		gtk_text_view_scroll_mark_onscreen(
			GTK_TEXT_VIEW(w->view), gtk_text_buffer_get_insert(w->buffer));
	log_window_free(w);
}

static void load(GtkWidget *view, const char *path) {
	struct log_window *w = g_new0(struct log_window, 1);
	GTask *task;

	w->buffer = g_object_ref(gtk_text_view_get_buffer(GTK_TEXT_VIEW(view)));
	w->view = view;
	g_object_add_weak_pointer(G_OBJECT(view), (gpointer *)&w->view);
	task = g_task_new(NULL, NULL, on_read, w);
	g_task_set_task_data(task, g_strdup(path), g_free);
	g_task_run_in_thread(task, read_log);
	g_object_unref(task);
}

static void on_again(GtkButton *button, gpointer user) {
	load(user, g_object_get_data(G_OBJECT(user), "path"));
}

void log_window_show(struct tray *t, const struct model_domain *d) {
	g_autofree char *key = g_strconcat("log ", d->name, NULL), *title = NULL,
			*file = g_strconcat(d->name, ".log", NULL);
	GtkWidget *window, *box, *scroll, *view, *again;

	if (tray_window_present(t, key))
		return;
	title = g_strdup_printf(_("Log of %s"), d->name);
	window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(window), title);
	gtk_window_set_default_size(GTK_WINDOW(window), 760, 480);
	trusted_mark(window);
	box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 8);
	scroll = gtk_scrolled_window_new(NULL, NULL);
	view = gtk_text_view_new();
	gtk_text_view_set_editable(GTK_TEXT_VIEW(view), FALSE);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(view), TRUE);
	gtk_text_view_set_wrap_mode(GTK_TEXT_VIEW(view), GTK_WRAP_CHAR);
	atk_object_set_name(gtk_widget_get_accessible(view), title);
	again = gtk_button_new_with_mnemonic(_("_Read again"));
	gtk_widget_set_halign(again, GTK_ALIGN_END);
	gtk_container_add(GTK_CONTAINER(scroll), view);
	gtk_box_pack_start(GTK_BOX(box), scroll, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(box), again, FALSE, FALSE, 0);
	g_object_set(box, "margin", 8, NULL);
	gtk_container_add(GTK_CONTAINER(window), box);
	g_object_set_data_full(G_OBJECT(view), "path",
		g_build_filename(g_get_user_state_dir(), "bulkhead", "domains", file, NULL),
		g_free);
	g_signal_connect(again, "clicked", G_CALLBACK(on_again), view);
	load(view, g_object_get_data(G_OBJECT(view), "path"));
	tray_window_remember(t, key, window);
	gtk_widget_show_all(window);
}
