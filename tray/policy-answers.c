/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of the person that still hold: leases, and rules that "always" wrote; each can end. */
#include "tray/policy-private.h"

#include <glib/gi18n-lib.h>

static void on_changed(void *user, JsonNode *root, const char *error) {
	/* What was said is seen in the list. */
	policy_answers_list(user);
	policy_edit_list(user);
}

static void on_revoke(GtkButton *button, gpointer user) {
	struct policy_window *w = user;
	const char *number = g_object_get_data(G_OBJECT(button), "number");
	const char *revoke[] = {"leases", "--revoke", number, NULL},
		   *undo[] = {"undo", number, NULL};
	bool lease = g_object_get_data(G_OBJECT(button), "lease") != NULL;

	gtk_widget_set_sensitive(GTK_WIDGET(button), FALSE);
	policy_cli_run(lease ? revoke : undo, NULL, w->cancel, on_changed, w);
}

static void add_row(struct policy_window *w, const char *text, gint64 number, bool lease) {
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 8),
		  *button = gtk_button_new_with_label(lease ? _("End it") : _("Take back"));
	g_autofree char *spoken = g_strdup_printf(
		"%s: %s", gtk_button_get_label(GTK_BUTTON(button)), text);

	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	g_object_set_data_full(
		G_OBJECT(button), "number", g_strdup_printf("%" G_GINT64_FORMAT, number), g_free);
	g_object_set_data(G_OBJECT(button), "lease", lease ? w : NULL);
	g_signal_connect(button, "clicked", G_CALLBACK(on_revoke), w);
	gtk_box_pack_start(GTK_BOX(box), policy_window_label(text), TRUE, TRUE, 0);
	gtk_box_pack_end(GTK_BOX(box), button, FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(w->answers), box);
	gtk_widget_show_all(w->answers);
}

static char *lease_text(JsonObject *o) {
	gint64 minutes = (policy_json_number(o, "seconds") + 59) / 60;
	g_autofree char *left = json_object_get_null_member(o, "seconds")
					? g_strdup(_("for this session"))
					: g_strdup_printf(
						  ngettext("for %d more minute",
							  "for %d more minutes", (gulong)minutes),
						  (int)minutes);

	return g_strdup_printf("%s → %s, %s%s: %s", policy_json_text(o, "source"),
		policy_json_text(o, "target"), policy_json_text(o, "service"),
		policy_json_text(o, "argument"), left);
}

static void on_leases(void *user, JsonNode *root, const char *error) {
	JsonArray *list = root && JSON_NODE_HOLDS_ARRAY(root) ? json_node_get_array(root) : NULL;

	for (guint i = 0; list && i < json_array_get_length(list); i++) {
		JsonObject *o = json_array_get_object_element(list, i);
		g_autofree char *text = lease_text(o);

		add_row(user, text, policy_json_number(o, "id"), true);
	}
}

static void on_always(void *user, JsonNode *root, const char *error) {
	JsonArray *list = root && JSON_NODE_HOLDS_ARRAY(root) ? json_node_get_array(root) : NULL;

	for (guint i = 0; list && i < json_array_get_length(list); i++) {
		JsonObject *o = json_array_get_object_element(list, i);
		g_autofree char *text = g_strdup_printf(
			_("always: %s"), policy_json_text(o, "rule"));

		if (!json_object_get_boolean_member_with_default(o, "undone", TRUE))
			add_row(user, text, policy_json_number(o, "number"), false);
	}
}

void policy_answers_list(struct policy_window *w) {
	static const char *const leases[] = {"leases", "--json", NULL}, *const always[] = {"undo",
										"--list", "--json",
										NULL};

	policy_window_clear(w->answers);
	policy_cli_run(leases, NULL, w->cancel, on_leases, w);
	policy_cli_run(always, NULL, w->cancel, on_always, w);
}

GtkWidget *policy_answers_new(struct policy_window *w) {
	GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);

	w->answers = gtk_list_box_new();
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(w->answers), GTK_SELECTION_NONE);
	gtk_list_box_set_placeholder(GTK_LIST_BOX(w->answers),
		gtk_label_new(_("No answer of yours holds beyond its question.")));
	gtk_widget_show_all(scroll);
	atk_object_set_name(gtk_widget_get_accessible(w->answers), _("Answers that hold"));
	gtk_container_add(GTK_CONTAINER(scroll), w->answers);
	return scroll;
}
