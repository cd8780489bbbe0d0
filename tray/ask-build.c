/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/ask-build.h"

#include "tray/ask-targets.h"
#include "tray/label-tile.h"
#include "tray/trusted.h"

#include <glib/gi18n.h>
#include <string.h>

#define SPACE 12

static void style(void) {
	g_autoptr(GtkCssProvider) css = gtk_css_provider_new();

	gtk_css_provider_load_from_data(css,
		".ask-title { font-size: 130%; font-weight: bold; }"
		".ask-text { font-family: monospace; }"
		".ask-untrusted { font-family: monospace; background: #f2f2f2; color: #202020;"
		" border: 2px dashed #808080; padding: 6px; }"
		".ask-allow { transition: none; }"
		".ask-dead { opacity: 0.4; }",
		-1, NULL);
	gtk_style_context_add_provider_for_screen(gdk_screen_get_default(), GTK_STYLE_PROVIDER(css),
		GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static void say_class(GtkWidget *widget, const char *name) {
	gtk_style_context_add_class(gtk_widget_get_style_context(widget), name);
}

static GtkWidget *text(const char *what, const char *class) {
	g_autoptr(PangoAttrList) exact = pango_attr_list_new();
	GtkWidget *label = gtk_label_new(what);

	pango_attr_list_insert(exact, pango_attr_insert_hyphens_new(FALSE));
	gtk_label_set_attributes(GTK_LABEL(label), exact);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_width_chars(GTK_LABEL(label), 24);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 64);
	if (class)
		say_class(label, class);
	return label;
}

static void name_it(GtkWidget *widget, const char *name) {
	atk_object_set_name(gtk_widget_get_accessible(widget), name);
}

/* The services that everybody meets, in words. */
static const char *purpose(const char *service) {
	static const struct {
		const char *service, *words;
	} known[] = {
		{"qubes.Filecopy", N_("May files be copied from one domain into another?")},
		{"qubes.OpenInVM", N_("May a file be opened in another domain?")},
		{"qubes.OpenURL", N_("May a link be opened in another domain?")},
		{"qubes.StartApp", N_("May a domain start a program in another domain?")},
		{"qubes.ClipboardPaste", N_("May text be pasted into another domain?")},
		{"bulkhead.ClipboardText", N_("May text be pasted into another domain?")},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (!strcmp(known[i].service, service))
			return _(known[i].words);
	return _("May a domain use a service of another domain?");
}

static GtkWidget *build_domains(struct ask_widgets *w, const struct ask_question *q) {
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);
	GtkWidget *arrow = gtk_label_new("→"), *source;
	char name[128];

	ask_escape(q->source, 64, name, sizeof(name));
	source = label_tile_new(_("Domain that asks"));
	label_tile_set(source, q->source_label, name);
	w->target = label_tile_new(_("Domain that is asked"));
	say_class(arrow, "ask-title");
	gtk_box_pack_start(GTK_BOX(row), source, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(row), arrow, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(row), w->target, TRUE, TRUE, 0);
	return row;
}

static void add_fact(GtkGrid *grid, int row, const char *what, GtkWidget *value) {
	GtkWidget *label = gtk_label_new(what);

	gtk_widget_set_halign(label, GTK_ALIGN_START);
	gtk_widget_set_valign(label, GTK_ALIGN_START);
	gtk_widget_set_hexpand(value, TRUE);
	atk_object_add_relationship(gtk_widget_get_accessible(value), ATK_RELATION_LABELLED_BY,
		gtk_widget_get_accessible(label));
	gtk_grid_attach(grid, label, 0, row, 1, 1);
	gtk_grid_attach(grid, value, 1, row, 1, 1);
}

/* The argument stands in a box of its own, in a type of its own: nothing in it passes for ours. */
static GtkWidget *build_facts(const struct ask_question *q) {
	GtkGrid *grid = GTK_GRID(gtk_grid_new());
	const char *argument = q->argument[0] == '+' ? q->argument + 1 : q->argument;
	char shown[ASK_TEXT_SIZE], source[128];

	gtk_grid_set_column_spacing(grid, SPACE);
	gtk_grid_set_row_spacing(grid, 6);
	ask_escape(q->service, 64, shown, sizeof(shown));
	add_fact(grid, 0, _("Service"), text(shown, "ask-text"));
	if (argument[0]) {
		bool cut = ask_escape(argument, ASK_ARGUMENT, shown, sizeof(shown));
		g_autofree char *what = NULL;

		ask_escape(q->source, 64, source, sizeof(source));
		what = cut ? g_strdup_printf(_("Argument, in the words\nof %s (%zu bytes,\nthe "
					       "beginning)"),
				     source, strlen(argument))
			   : g_strdup_printf(_("Argument, in the words\nof %s"), source);
		add_fact(grid, 1, what, text(shown, "ask-untrusted"));
	}
	ask_escape(q->rule, 256, shown, sizeof(shown));
	add_fact(grid, 2, _("Rule that asks"), text(shown, "ask-text"));
	return GTK_WIDGET(grid);
}

static GtkWidget *build_choices(struct ask_widgets *w) {
	static const char *const words[BROKER_CHOICES] = {
		[BROKER_ONCE] = N_("This _time only"),
		[BROKER_MINUTES] = N_("For 15 _minutes"),
		[BROKER_SESSION] = N_("For this _session"),
		[BROKER_ALWAYS] = N_("A_lways (a rule is written)"),
	};
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2), *first = NULL;

	for (int i = BROKER_ONCE; i < BROKER_CHOICES; i++) {
		w->choices[i] = gtk_radio_button_new_with_mnemonic_from_widget(
			GTK_RADIO_BUTTON(first), _(words[i]));
		first = w->choices[i];
		gtk_box_pack_start(GTK_BOX(box), first, FALSE, FALSE, 0);
	}
	gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(w->choices[BROKER_ONCE]), TRUE);
	w->rule_box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	w->rule = text("", "ask-text");
	gtk_label_set_width_chars(GTK_LABEL(w->rule), 64);
	gtk_widget_set_margin_start(w->rule_box, 2 * SPACE);
	gtk_box_pack_start(GTK_BOX(w->rule_box),
		text(_("This rule will be written; “bulkhead policy undo” takes it back:"), NULL),
		FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(w->rule_box), w->rule, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(box), w->rule_box, FALSE, FALSE, 0);
	return box;
}

static GtkWidget *build_buttons(struct ask_widgets *w) {
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE);

	w->status = text("", NULL);
	w->deny = gtk_button_new_with_mnemonic(_("_Deny"));
	w->allow = gtk_button_new_with_mnemonic(_("_Allow"));
	say_class(w->allow, "ask-allow");
	gtk_widget_set_can_default(w->deny, TRUE);
	gtk_widget_set_size_request(w->deny, 110, -1);
	gtk_widget_set_size_request(w->allow, 110, -1);
	gtk_box_pack_start(GTK_BOX(row), w->status, TRUE, TRUE, 0);
	gtk_box_pack_end(GTK_BOX(row), w->allow, FALSE, FALSE, 0);
	gtk_box_pack_end(GTK_BOX(row), w->deny, FALSE, FALSE, 0);
	return row;
}

static void set_up_window(GtkWindow *window) {
	gtk_window_set_title(window, _("Bulkhead: a question"));
	gtk_window_set_type_hint(window, GDK_WINDOW_TYPE_HINT_DIALOG);
	gtk_window_set_position(window, GTK_WIN_POS_CENTER);
	gtk_window_set_resizable(window, FALSE);
	gtk_window_set_keep_above(window, TRUE);
	gtk_window_set_urgency_hint(window, TRUE);
	gtk_window_stick(window);
	gtk_container_set_border_width(GTK_CONTAINER(window), 2 * SPACE);
	name_it(GTK_WIDGET(window), _("Bulkhead: a question"));
}

void ask_build(struct ask_widgets *w, const struct ask_question *q, GtkWidget *targets) {
	GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE);
	GtkWidget *parts[6];

	style();
	w->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	set_up_window(GTK_WINDOW(w->window));
	parts[0] = text(purpose(q->service), "ask-title");
	parts[1] = build_domains(w, q);
	parts[2] = targets;
	parts[3] = build_facts(q);
	parts[4] = build_choices(w);
	parts[5] = build_buttons(w);
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i])
			gtk_box_pack_start(GTK_BOX(all), parts[i], FALSE, FALSE, 0);
	gtk_container_add(GTK_CONTAINER(w->window), all);
	gtk_widget_show_all(all);
	gtk_widget_grab_default(w->deny);
	gtk_widget_grab_focus(w->deny);
	trusted_mark(w->window);
	gtk_widget_realize(w->window);
}
