/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/policy-window.h"

#include "tray/policy-private.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>

#define KEY "policy"

void policy_window_clear(GtkWidget *container) {
	gtk_container_foreach(
		GTK_CONTAINER(container), (GtkCallback)(void (*)(void))gtk_widget_destroy, NULL);
}

GtkWidget *policy_window_label(const char *text) {
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	return label;
}

static void on_close_response(GtkDialog *dialog, int response, gpointer user) {
	struct policy_window *w = user;

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (response == GTK_RESPONSE_ACCEPT)
		gtk_widget_destroy(w->window);
}

static gboolean on_delete(GtkWidget *window, GdkEvent *event, gpointer user) {
	struct policy_window *w = user;
	GtkWidget *dialog;

	if (!w->changed)
		return FALSE;
	dialog = gtk_message_dialog_new(GTK_WINDOW(window),
		GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_WARNING,
		GTK_BUTTONS_NONE, _("Close without saving what you changed?"));
	gtk_dialog_add_buttons(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL,
		_("Close _without saving"), GTK_RESPONSE_ACCEPT, NULL);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	gtk_window_set_title(GTK_WINDOW(dialog), _("Policy"));
	trusted_mark(dialog);
	g_signal_connect(dialog, "response", G_CALLBACK(on_close_response), w);
	gtk_window_present(GTK_WINDOW(dialog));
	return TRUE;
}

static void on_destroy(GtkWidget *window, gpointer user) {
	struct policy_window *w = user;

	g_cancellable_cancel(w->cancel);
	policy_edit_end(w);
	g_object_unref(w->cancel);
	g_free(w->own);
	g_free(w->path);
	g_free(w->name);
	g_free(w->wanted);
	g_free(w);
}

static struct policy_window *window_new(struct tray *t) {
	struct policy_window *w = g_new0(struct policy_window, 1);
	GtkWidget *panes = gtk_paned_new(GTK_ORIENTATION_VERTICAL);

	w->tray = t;
	w->cancel = g_cancellable_new();
	w->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(w->window), _("Policy"));
	gtk_window_set_default_size(GTK_WINDOW(w->window), 960, 680);
	trusted_mark(w->window);
	w->book = gtk_notebook_new();
	gtk_notebook_append_page(
		GTK_NOTEBOOK(w->book), policy_why_new(w), gtk_label_new_with_mnemonic(_("_Why?")));
	gtk_notebook_append_page(GTK_NOTEBOOK(w->book), policy_answers_new(w),
		gtk_label_new_with_mnemonic(_("_Answers that hold")));
	gtk_paned_pack1(GTK_PANED(panes), policy_edit_new(w), TRUE, FALSE);
	gtk_paned_pack2(GTK_PANED(panes), w->book, FALSE, FALSE);
	g_object_set(panes, "margin", 8, NULL);
	gtk_container_add(GTK_CONTAINER(w->window), panes);
	g_object_set_data(G_OBJECT(w->window), KEY, w);
	g_signal_connect(w->window, "delete-event", G_CALLBACK(on_delete), w);
	g_signal_connect(w->window, "destroy", G_CALLBACK(on_destroy), w);
	tray_window_remember(t, KEY, w->window);
	gtk_widget_show_all(w->window);
	gtk_notebook_set_current_page(GTK_NOTEBOOK(w->book), 0);
	policy_edit_list(w);
	policy_answers_list(w);
	return w;
}

static struct policy_window *window_of(struct tray *t) {
	if (!tray_window_present(t, KEY))
		return window_new(t);
	return g_object_get_data(g_hash_table_lookup(t->windows, KEY), KEY);
}

void policy_window_show(struct tray *t) {
	window_of(t);
}

void policy_window_explain(
	struct tray *t, const char *source, const char *target, const char *service) {
	struct policy_window *w = window_of(t);

	gtk_entry_set_text(GTK_ENTRY(w->source), source);
	gtk_entry_set_text(GTK_ENTRY(w->target), target);
	gtk_entry_set_text(GTK_ENTRY(w->service), service);
	gtk_notebook_set_current_page(GTK_NOTEBOOK(w->book), 0);
	policy_why_ask(w);
}
