/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of the policy and the one that is open. Only files of the person's own folder can be
 * changed; what would break the policy (every call is refused then) is not saved.
 */
#include "tray/policy-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>

#define FILE_MAX_SIZE (1024 * 1024)
#define LINT_WAIT_MS  200 /* after the last key */

static void set_buttons(struct policy_window *w) {
	gtk_widget_set_sensitive(w->save, w->mine && w->changed && !w->broken);
	gtk_widget_set_sensitive(w->revert, w->mine && w->changed);
	gtk_widget_set_sensitive(w->back, w->mine && !w->changed);
}

static void mark_line(struct policy_window *w, guint line) {
	GtkTextIter begin, end;

	gtk_text_buffer_get_bounds(w->text, &begin, &end);
	gtk_text_buffer_remove_tag_by_name(w->text, "line", &begin, &end);
	if (line == 0)
		return;
	gtk_text_buffer_get_iter_at_line(w->text, &begin, (int)line - 1);
	end = begin;
	if (!gtk_text_iter_ends_line(&end))
		gtk_text_iter_forward_to_line_end(&end);
	gtk_text_buffer_apply_tag_by_name(w->text, "line", &begin, &end);
	gtk_text_buffer_place_cursor(w->text, &begin);
	gtk_text_view_scroll_to_mark(
		GTK_TEXT_VIEW(w->view), gtk_text_buffer_get_insert(w->text), 0.1, FALSE, 0, 0);
}

static void add_finding(struct policy_window *w, JsonObject *o, const char *kind) {
	g_autofree char *base = g_path_get_basename(policy_json_text(o, "file")),
			*text = g_strdup_printf("%s:%d: %s%s%s", base,
				(int)policy_json_number(o, "line"), kind, *kind ? ": " : "",
				policy_json_text(o, "message"));
	GtkWidget *label = policy_window_label(text);

	g_object_set_data_full(
		G_OBJECT(label), "file", g_strdup(policy_json_text(o, "file")), g_free);
	g_object_set_data(G_OBJECT(label), "line",
		GINT_TO_POINTER((gint)CLAMP(policy_json_number(o, "line"), 0, G_MAXINT)));
	gtk_container_add(GTK_CONTAINER(w->findings), label);
}

static void on_linted(void *user, JsonNode *root, const char *error) {
	struct policy_window *w = user;
	JsonArray *errors = policy_json_array(root, "errors"),
		  *findings = policy_json_array(root, "findings");
	guint e = errors ? json_array_get_length(errors) : 0,
	      f = findings ? json_array_get_length(findings) : 0;
	g_autofree char *text = NULL;

	policy_window_clear(w->findings);
	for (guint i = 0; i < e; i++)
		add_finding(w, json_array_get_object_element(errors, i), "");
	for (guint i = 0; i < f; i++) {
		JsonObject *o = json_array_get_object_element(findings, i);

		add_finding(w, o, policy_json_text(o, "kind"));
	}
	gtk_widget_show_all(w->findings);
	w->broken = !root || e > 0 || !findings;
	if (!root)
		text = g_strdup(error);
	else if (w->broken)
		text = g_strdup(_("Errors: with these rules every call would be refused."));
	else
		text = g_strdup_printf(
			ngettext("No errors, %u remark", "No errors, %u remarks", f), f);
	gtk_label_set_text(GTK_LABEL(w->state), text);
	set_buttons(w);
}

static char *text_now(struct policy_window *w) {
	GtkTextIter begin, end;

	gtk_text_buffer_get_bounds(w->text, &begin, &end);
	return gtk_text_buffer_get_text(w->text, &begin, &end, TRUE);
}

static void lint(struct policy_window *w) {
	const char *draft[] = {"lint", "--json", "--draft", w->name, NULL},
		   *plain[] = {"lint", "--json", NULL};
	char *text = text_now(w);
	g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));

	if (w->lint) {
		g_cancellable_cancel(w->lint);
		g_object_unref(w->lint);
	}
	w->lint = g_cancellable_new();
	policy_cli_run(w->mine ? draft : plain, w->mine ? bytes : NULL, w->lint, on_linted, w);
}

static gboolean on_lint_timer(gpointer user) {
	struct policy_window *w = user;

	w->lint_timer = 0;
	lint(w);
	return G_SOURCE_REMOVE;
}

static void on_text(GtkTextBuffer *b, gpointer user) {
	struct policy_window *w = user;

	if (w->loading)
		return;
	w->changed = true;
	w->broken = true; /* until it is known that it is not */
	set_buttons(w);
	if (w->lint_timer)
		g_source_remove(w->lint_timer);
	w->lint_timer = g_timeout_add(LINT_WAIT_MS, on_lint_timer, w);
}

static void show_text(struct policy_window *w, const char *data, gsize size, bool editable) {
	g_autofree char *valid = g_utf8_make_valid(data, (gssize)size);
	bool whole = strlen(valid) == size && !memcmp(valid, data, size);

	g_free(w->path);
	g_free(w->name);
	w->path = TAKE(w->wanted);
	w->name = g_path_get_basename(w->path);
	/* Bytes that cannot be shown would be lost by saving. */
	w->mine = editable && whole;
	w->loading = true;
	gtk_text_buffer_set_text(w->text, valid, -1);
	w->loading = false;
	w->changed = false;
	gtk_text_view_set_editable(GTK_TEXT_VIEW(w->view), w->mine);
	atk_object_set_name(gtk_widget_get_accessible(w->view), w->path);
	mark_line(w, w->wanted_line);
	lint(w);
}

static bool is_own(struct policy_window *w, const char *path) {
	g_autofree char *folder = g_path_get_dirname(path);

	return w->own && !strcmp(folder, w->own);
}

static void on_loaded(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autofree char *data = NULL;
	struct policy_window *w = user;
	gsize size = 0;

	g_file_load_contents_finish(G_FILE(source), result, &data, &size, NULL, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) || !w->wanted)
		return;
	if (error && !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
		gtk_label_set_text(GTK_LABEL(w->state), error->message);
		return;
	}
	/* A file of the person's that is not there yet is an empty one. */
	show_text(w, data ? data : "", size, is_own(w, w->wanted) && size <= FILE_MAX_SIZE);
}

static void load(struct policy_window *w, const char *path, guint line) {
	g_autoptr(GFile) file = g_file_new_for_path(path);

	g_free(w->wanted);
	w->wanted = g_strdup(path);
	w->wanted_line = line;
	g_file_load_contents_async(file, w->cancel, on_loaded, w);
}

void policy_window_go(struct policy_window *w, const char *path, guint line) {
	if (w->path && !strcmp(w->path, path))
		mark_line(w, line);
	else if (!w->changed)
		load(w, path, line);
}

static void on_finding(GtkListBox *list, GtkListBoxRow *row, gpointer user) {
	GObject *label = G_OBJECT(gtk_bin_get_child(GTK_BIN(row)));

	policy_window_go(user, g_object_get_data(label, "file"),
		(guint)GPOINTER_TO_INT(g_object_get_data(label, "line")));
}

static void on_file(GtkListBox *list, GtkListBoxRow *row, gpointer user) {
	const char *path = g_object_get_data(G_OBJECT(gtk_bin_get_child(GTK_BIN(row))), "file");
	struct policy_window *w = user;

	if (w->changed)
		gtk_label_set_text(
			GTK_LABEL(w->state), _("Save or revert what you changed first."));
	else
		load(w, path, 0);
}

static void on_saved(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	struct policy_window *w = user;

	g_file_replace_contents_finish(G_FILE(source), result, NULL, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (error) {
		w->changed = true;
		set_buttons(w);
		gtk_label_set_text(GTK_LABEL(w->state), error->message);
		return;
	}
	policy_edit_list(w);
	lint(w);
}

/* Replaced as a whole; the text before stays beside it as NAME~. */
static void write_text(struct policy_window *w, char *text) {
	g_autoptr(GFile) file = g_file_new_for_path(w->path);
	g_autoptr(GBytes) bytes = g_bytes_new_take(text, strlen(text));

	if (g_mkdir_with_parents(w->own, 0700)) {
		gtk_label_set_text(GTK_LABEL(w->state), g_strerror(errno));
		return;
	}
	w->changed = false;
	set_buttons(w);
	g_file_replace_contents_bytes_async(
		file, bytes, NULL, TRUE, G_FILE_CREATE_PRIVATE, w->cancel, on_saved, w);
}

static void on_save(GtkButton *button, gpointer user) {
	struct policy_window *w = user;

	write_text(w, text_now(w));
}

static void on_revert(GtkButton *button, gpointer user) {
	struct policy_window *w = user;
	g_autofree char *path = g_strdup(w->path);

	load(w, path, 0);
}

static void on_before(GObject *source, GAsyncResult *result, gpointer user) {
	g_autoptr(GError) error = NULL;
	g_autofree char *data = NULL;
	struct policy_window *w = user;

	g_file_load_contents_finish(G_FILE(source), result, &data, NULL, NULL, &error);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (!data || !g_utf8_validate(data, -1, NULL))
		gtk_label_set_text(GTK_LABEL(w->state), _("There is no version before this one."));
	else
		gtk_text_buffer_set_text(w->text, data, -1); /* linted, and saved if it is wanted */
}

static void on_back(GtkButton *button, gpointer user) {
	struct policy_window *w = user;
	g_autofree char *path = g_strconcat(w->path, "~", NULL);
	g_autoptr(GFile) file = g_file_new_for_path(path);

	g_file_load_contents_async(file, w->cancel, on_before, w);
}

static void add_file(struct policy_window *w, const char *folder, const char *name, bool own) {
	g_autofree char *path = g_build_filename(folder, name, NULL),
			*text = g_strdup_printf("%s\n%s", name, own ? _("yours") : folder);
	GtkWidget *label = policy_window_label(text);

	gtk_label_set_line_wrap(GTK_LABEL(label), FALSE);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_MIDDLE);
	gtk_widget_set_tooltip_text(label, path);
	g_object_set_data_full(G_OBJECT(label), "file", g_steal_pointer(&path), g_free);
	gtk_container_add(GTK_CONTAINER(w->files), label);
}

static void on_list(void *user, JsonNode *root, const char *error) {
	struct policy_window *w = user;
	JsonArray *files = policy_json_array(root, "files");
	bool begun = false;

	if (!files) {
		gtk_label_set_text(GTK_LABEL(w->state), error ? error : "");
		return;
	}
	policy_window_clear(w->files);
	g_free(w->own);
	w->own = g_strdup(policy_json_text(json_node_get_object(root), "own"));
	for (guint i = 0; i < json_array_get_length(files); i++) {
		JsonObject *o = json_array_get_object_element(files, i);
		const char *name = policy_json_text(o, "name");

		begun |= !strcmp(name, POLICY_OWN_FILE);
		add_file(w, policy_json_text(o, "folder"), name,
			json_object_get_boolean_member_with_default(o, "own", FALSE));
	}
	if (!begun && *w->own)
		add_file(w, w->own, POLICY_OWN_FILE, true);
	gtk_widget_show_all(w->files);
	if (!w->path && !w->wanted && *w->own) {
		g_autofree char *path = g_build_filename(w->own, POLICY_OWN_FILE, NULL);

		load(w, path, 0);
	}
}

void policy_edit_list(struct policy_window *w) {
	static const char *const arguments[] = {"files", "--json", NULL};

	policy_cli_run(arguments, NULL, w->cancel, on_list, w);
}

void policy_edit_end(struct policy_window *w) {
	if (w->lint_timer)
		g_source_remove(w->lint_timer);
	if (w->lint) {
		g_cancellable_cancel(w->lint);
		g_object_unref(w->lint);
	}
	g_signal_handlers_disconnect_by_data(w->text, w);
	g_object_unref(w->text);
}

static GtkWidget *add_button(
	struct policy_window *w, GtkWidget *bar, const char *text, GCallback on_click) {
	GtkWidget *button = gtk_button_new_with_mnemonic(text);

	g_signal_connect(button, "clicked", on_click, w);
	gtk_widget_set_sensitive(button, FALSE);
	gtk_box_pack_end(GTK_BOX(bar), button, FALSE, FALSE, 0);
	return button;
}

static GtkWidget *scrolled(GtkWidget *child) {
	GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);

	gtk_container_add(GTK_CONTAINER(scroll), child);
	return scroll;
}

static GtkWidget *make_text(struct policy_window *w) {
	w->text = gtk_text_buffer_new(NULL);
	gtk_text_buffer_create_tag(w->text, "line", "weight", PANGO_WEIGHT_BOLD, "underline",
		PANGO_UNDERLINE_SINGLE, "paragraph-background", "#7a6a00", "foreground", "#ffffff",
		NULL);
	w->view = gtk_text_view_new_with_buffer(w->text);
	gtk_text_view_set_monospace(GTK_TEXT_VIEW(w->view), TRUE);
	gtk_text_view_set_editable(GTK_TEXT_VIEW(w->view), FALSE);
	gtk_text_view_set_accepts_tab(GTK_TEXT_VIEW(w->view), FALSE);
	atk_object_set_name(gtk_widget_get_accessible(w->view), _("Rules"));
	g_signal_connect(w->text, "changed", G_CALLBACK(on_text), w);
	return scrolled(w->view);
}

GtkWidget *policy_edit_new(struct policy_window *w) {
	GtkWidget *sides = gtk_paned_new(GTK_ORIENTATION_HORIZONTAL),
		  *right = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6),
		  *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6), *found;

	w->files = gtk_list_box_new();
	atk_object_set_name(gtk_widget_get_accessible(w->files), _("Files of the policy"));
	g_signal_connect(w->files, "row-activated", G_CALLBACK(on_file), w);
	w->findings = gtk_list_box_new();
	atk_object_set_name(gtk_widget_get_accessible(w->findings), _("Errors and remarks"));
	g_signal_connect(w->findings, "row-activated", G_CALLBACK(on_finding), w);
	w->state = policy_window_label(NULL);
	gtk_box_pack_start(GTK_BOX(bar), w->state, TRUE, TRUE, 0);
	w->save = add_button(w, bar, _("_Save"), G_CALLBACK(on_save));
	w->revert = add_button(w, bar, _("_Revert"), G_CALLBACK(on_revert));
	w->back = add_button(w, bar, _("Version _before"), G_CALLBACK(on_back));
	found = scrolled(w->findings);
	gtk_widget_set_size_request(found, -1, 90);
	gtk_box_pack_start(GTK_BOX(right), make_text(w), TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(right), bar, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(right), found, FALSE, FALSE, 0);
	gtk_paned_pack1(GTK_PANED(sides), scrolled(w->files), FALSE, FALSE);
	gtk_paned_pack2(GTK_PANED(sides), right, TRUE, FALSE);
	gtk_paned_set_position(GTK_PANED(sides), 230);
	return sides;
}
