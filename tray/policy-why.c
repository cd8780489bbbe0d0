/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A call, what the policy decides about it, and which rule does. */
#include "tray/policy-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const char *outcome_name(const char *outcome) {
	if (!strcmp(outcome, "allow"))
		return _("allowed");
	if (!strcmp(outcome, "deny"))
		return _("refused");
	if (!strcmp(outcome, "ask"))
		return _("you are asked");
	return _("the policy or the request has an error, so it is refused");
}

static void add_passed(struct policy_window *w, JsonNode *root) {
	JsonArray *list = policy_json_array(root, "passed_over");
	guint n = list ? json_array_get_length(list) : 0;

	for (guint i = 0; i < n; i++) {
		JsonObject *o = json_array_get_object_element(list, i);
		g_autofree char *base = g_path_get_basename(policy_json_text(o, "file")),
				*text = g_strdup_printf("%s:%d: %s (%s)", base,
					(int)policy_json_number(o, "line"),
					policy_json_text(o, "rule"), policy_json_text(o, "reason"));

		/* Rules for other services are many, and say nothing. */
		if (!strstr(policy_json_text(o, "reason"), "service"))
			gtk_container_add(GTK_CONTAINER(w->passed), policy_window_label(text));
	}
	gtk_widget_show_all(w->passed);
}

static void on_answer(void *user, JsonNode *root, const char *error) {
	struct policy_window *w = user;
	g_autoptr(GString) text = g_string_new(NULL);
	JsonObject *o;

	if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
		gtk_label_set_text(GTK_LABEL(w->answer), error ? error : "");
		return;
	}
	o = json_node_get_object(root);
	g_string_append_printf(text, "%s: %s", outcome_name(policy_json_text(o, "outcome")),
		policy_json_text(o, "reason"));
	if (*policy_json_text(o, "target"))
		g_string_append_printf(
			text, "\n%s %s", _("It goes to"), policy_json_text(o, "target"));
	if (*policy_json_text(o, "file"))
		g_string_append_printf(text, "\n%s:%d: %s", policy_json_text(o, "file"),
			(int)policy_json_number(o, "line"), policy_json_text(o, "rule"));
	gtk_label_set_text(GTK_LABEL(w->answer), text->str);
	add_passed(w, root);
	if (*policy_json_text(o, "file"))
		policy_window_go(w, policy_json_text(o, "file"),
			(guint)CLAMP(policy_json_number(o, "line"), 0, G_MAXINT));
}

void policy_why_ask(struct policy_window *w) {
	const char *arguments[] = {"explain", "--json", "--",
		gtk_entry_get_text(GTK_ENTRY(w->source)), gtk_entry_get_text(GTK_ENTRY(w->target)),
		gtk_entry_get_text(GTK_ENTRY(w->service)), NULL};

	policy_window_clear(w->passed);
	if (!*arguments[3] || !*arguments[5]) {
		gtk_label_set_text(GTK_LABEL(w->answer),
			_("Name the domain that calls and the service, as qubes.Filecopy."));
		return;
	}
	gtk_label_set_text(GTK_LABEL(w->answer), "…");
	policy_cli_run(arguments, NULL, w->cancel, on_answer, w);
}

static void on_ask(GtkWidget *any, gpointer user) {
	policy_why_ask(user);
}

static GtkWidget *add_entry(struct policy_window *w, GtkWidget *bar, const char *name) {
	GtkWidget *label = gtk_label_new_with_mnemonic(name), *entry = gtk_entry_new();

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
	gtk_entry_set_max_length(GTK_ENTRY(entry), 200);
	gtk_box_pack_start(GTK_BOX(bar), label, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(bar), entry, TRUE, TRUE, 0);
	g_signal_connect(entry, "activate", G_CALLBACK(on_ask), w);
	return entry;
}

GtkWidget *policy_why_new(struct policy_window *w) {
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6),
		  *bar = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6),
		  *scroll = gtk_scrolled_window_new(NULL, NULL),
		  *ask = gtk_button_new_with_mnemonic(_("As_k"));

	w->source = add_entry(w, bar, _("_From"));
	w->target = add_entry(w, bar, _("_To"));
	w->service = add_entry(w, bar, _("Ser_vice"));
	g_signal_connect(ask, "clicked", G_CALLBACK(on_ask), w);
	gtk_box_pack_start(GTK_BOX(bar), ask, FALSE, FALSE, 0);
	w->answer = policy_window_label(NULL);
	gtk_label_set_selectable(GTK_LABEL(w->answer), TRUE);
	atk_object_set_name(gtk_widget_get_accessible(w->answer), _("Answer"));
	w->passed = gtk_list_box_new();
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(w->passed), GTK_SELECTION_NONE);
	atk_object_set_name(
		gtk_widget_get_accessible(w->passed), _("Rules before it that do not fit"));
	gtk_container_add(GTK_CONTAINER(scroll), w->passed);
	gtk_box_pack_start(GTK_BOX(box), bar, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), w->answer, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), scroll, TRUE, TRUE, 0);
	gtk_widget_set_size_request(box, -1, 180);
	g_object_set(box, "margin", 8, NULL);
	return box;
}
