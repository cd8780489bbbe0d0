/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/settings.h"

#include "tray/swatch.h"
#include "tray/trusted.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define RESOURCE "/org/bulkhead/tray/settings.ui"

enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_BOOL, FIELD_LABEL, FIELD_CHOICE, FIELD_NOTES };

/* key: the property's, and the widget's id in settings.ui. */
static const struct field {
	const char *key, *dbus;
	enum field_kind kind;
} fields[] = {
	{"label", "Label", FIELD_LABEL},
	{"template", "Template", FIELD_CHOICE},
	{"netvm", "Netvm", FIELD_CHOICE},
	{"memory", "Memory", FIELD_NUMBER},
	{"maxmem", "MaxMemory", FIELD_NUMBER},
	{"fullscreen", "Fullscreen", FIELD_BOOL},
	{"autostart", "Autostart", FIELD_BOOL},
	{"nested_sandbox", "NestedSandbox", FIELD_BOOL},
	{"notes", "Notes", FIELD_NOTES},
};
#define FIELDS G_N_ELEMENTS(fields)

struct settings {
	struct tray *tray;
	GtkBuilder *ui;
	GtkWidget *window;
	char *domain, *path; /* NULL: a new one */
	char *was[FIELDS];   /* what the fields said when they were filled */
	size_t at;           /* the field that is being saved */
	unsigned waiting;    /* answers that will still come */
	bool closed;
};

static void settings_free(struct settings *s) {
	for (size_t i = 0; i < FIELDS; i++)
		g_free(s->was[i]);
	g_free(s->domain);
	g_free(s->path);
	g_object_unref(s->ui);
	g_free(s);
}

static GtkWidget *widget(struct settings *s, const char *id) {
	return GTK_WIDGET(gtk_builder_get_object(s->ui, id));
}

static char *notes(struct settings *s) {
	GtkTextBuffer *b = gtk_text_view_get_buffer(GTK_TEXT_VIEW(widget(s, "notes")));
	GtkTextIter from, to;

	gtk_text_buffer_get_bounds(b, &from, &to);
	return gtk_text_buffer_get_text(b, &from, &to, FALSE);
}

static char *read_field(struct settings *s, const struct field *f) {
	GtkWidget *w = widget(s, f->key);
	const char *id;

	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_NUMBER:
		return g_strstrip(g_strdup(gtk_entry_get_text(GTK_ENTRY(w))));
	case FIELD_BOOL:
		return g_strdup(gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(w)) ? "yes" : "no");
	case FIELD_LABEL:
		id = gtk_combo_box_get_active_id(GTK_COMBO_BOX(w));
		return g_strdup(id ? id : "");
	case FIELD_CHOICE:
		return g_strstrip(
			g_strdup(gtk_entry_get_text(GTK_ENTRY(gtk_bin_get_child(GTK_BIN(w))))));
	case FIELD_NOTES:
		return notes(s);
	}
	return NULL;
}

static void write_field(struct settings *s, const struct field *f, GVariant *v) {
	GtkWidget *w = widget(s, f->key);
	g_autofree char *number = NULL;
	const char *text = v && g_variant_is_of_type(v, G_VARIANT_TYPE_STRING)
				   ? g_variant_get_string(v, NULL)
				   : "";

	switch (f->kind) {
	case FIELD_NUMBER:
		if (v && g_variant_is_of_type(v, G_VARIANT_TYPE_UINT32))
			number = g_strdup_printf("%u", g_variant_get_uint32(v));
		gtk_entry_set_text(GTK_ENTRY(w), number ? number : "");
		break;
	case FIELD_TEXT:
		gtk_entry_set_text(GTK_ENTRY(w), text);
		break;
	case FIELD_BOOL:
		gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(w),
			v && g_variant_is_of_type(v, G_VARIANT_TYPE_BOOLEAN) &&
				g_variant_get_boolean(v));
		break;
	case FIELD_LABEL:
		gtk_combo_box_set_active_id(GTK_COMBO_BOX(w), text);
		break;
	case FIELD_CHOICE:
		gtk_entry_set_text(GTK_ENTRY(gtk_bin_get_child(GTK_BIN(w))), text);
		break;
	case FIELD_NOTES:
		gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(w)), text, -1);
		break;
	}
}

static void show_error(struct settings *s, const char *text) {
	GtkLabel *label = GTK_LABEL(widget(s, "error"));

	gtk_label_set_text(label, text ? text : "");
	gtk_widget_set_visible(widget(s, "error-box"), text != NULL);
	gtk_widget_set_sensitive(widget(s, "save"), TRUE);
	gtk_widget_set_sensitive(widget(s, "remove"), TRUE);
	if (!text)
		return;
	/* "memory: ..." is about that field. */
	for (size_t i = 0; i < FIELDS; i++) {
		size_t n = strlen(fields[i].key);

		if (!strncmp(text, fields[i].key, n) && text[n] == ':')
			gtk_widget_grab_focus(widget(s, fields[i].key));
	}
}

/* Of an answer: false if the window is gone meanwhile. */
static bool answered(struct settings *s) {
	s->waiting--;
	if (!s->closed)
		return true;
	if (s->waiting == 0)
		settings_free(s);
	return false;
}

static void save_next(struct settings *s);

static void on_saved(void *user, GVariant *reply, const char *error) {
	struct settings *s = user;

	if (!answered(s))
		return;
	if (error) {
		show_error(s, error);
		return;
	}
	g_free(s->was[s->at]);
	s->was[s->at] = read_field(s, &fields[s->at]);
	save_next(s);
}

/* One changed field after the other; the first that is refused stays in the window with the
 * reason. */
static void save_next(struct settings *s) {
	for (s->at = 0; s->at < FIELDS; s->at++) {
		g_autofree char *now = read_field(s, &fields[s->at]);

		if (!g_strcmp0(now, s->was[s->at]))
			continue;
		s->waiting++;
		link_call_domain(s->tray->link, s->path, "SetText",
			g_variant_new("(ss)", fields[s->at].key, now), on_saved, s);
		return;
	}
	gtk_widget_destroy(s->window);
}

static void on_done(void *user, GVariant *reply, const char *error) {
	struct settings *s = user;

	if (!answered(s))
		return;
	if (error)
		show_error(s, error);
	else
		gtk_widget_destroy(s->window);
}

static void create(struct settings *s) {
	g_autofree char *name = g_strstrip(
		g_strdup(gtk_entry_get_text(GTK_ENTRY(widget(s, "name")))));
	GVariantBuilder pairs;

	g_variant_builder_init(&pairs, G_VARIANT_TYPE("a{ss}"));
	for (size_t i = 0; i < FIELDS; i++) {
		g_autofree char *now = read_field(s, &fields[i]);

		if (g_strcmp0(now, s->was[i]) != 0 || fields[i].kind == FIELD_LABEL)
			g_variant_builder_add(&pairs, "{ss}", fields[i].key, now);
	}
	s->waiting++;
	link_call_manager(
		s->tray->link, "CreateDomain", g_variant_new("(sa{ss})", name, &pairs), on_done, s);
}

static void on_save(GtkButton *button, gpointer user) {
	struct settings *s = user;

	show_error(s, NULL);
	gtk_widget_set_sensitive(widget(s, "save"), FALSE);
	gtk_widget_set_sensitive(widget(s, "remove"), FALSE);
	if (s->domain)
		save_next(s);
	else
		create(s);
}

static void on_cancel(GtkButton *button, gpointer user) {
	gtk_widget_destroy(((struct settings *)user)->window);
}

static void on_confirmed(GtkDialog *dialog, int response, gpointer user) {
	struct settings *s = user;
	GtkToggleButton *keep = g_object_get_data(G_OBJECT(dialog), "keep");
	gboolean keeps = gtk_toggle_button_get_active(keep);

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (response != GTK_RESPONSE_ACCEPT)
		return;
	show_error(s, NULL);
	gtk_widget_set_sensitive(widget(s, "remove"), FALSE);
	s->waiting++;
	link_call_manager(
		s->tray->link, "RemoveDomain", g_variant_new("(sb)", s->domain, keeps), on_done, s);
}

static void on_remove(GtkButton *button, gpointer user) {
	struct settings *s = user;
	GtkWidget *dialog = gtk_message_dialog_new(GTK_WINDOW(s->window),
		GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, GTK_MESSAGE_WARNING,
		GTK_BUTTONS_NONE, _("Remove the domain %s?"), s->domain);
	GtkWidget *keep = gtk_check_button_new_with_mnemonic(_("_Keep its files on this computer"));

	gtk_window_set_title(GTK_WINDOW(dialog), _("Remove"));
	gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s",
		_("Its home with all files in it goes too. This cannot be undone."));
	gtk_box_pack_end(GTK_BOX(gtk_message_dialog_get_message_area(GTK_MESSAGE_DIALOG(dialog))),
		keep, FALSE, FALSE, 0);
	gtk_widget_show(keep);
	gtk_dialog_add_buttons(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL, _("_Remove"),
		GTK_RESPONSE_ACCEPT, NULL);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	g_object_set_data(G_OBJECT(dialog), "keep", keep);
	g_signal_connect(dialog, "response", G_CALLBACK(on_confirmed), s);
	trusted_mark(dialog);
	gtk_widget_show(dialog);
}

static void on_destroy(GtkWidget *window, gpointer user) {
	struct settings *s = user;

	s->closed = true;
	if (s->waiting == 0)
		settings_free(s);
}

/* Columns: name, picture. */
static void fill_labels(struct settings *s) {
	GtkListStore *store = GTK_LIST_STORE(gtk_builder_get_object(s->ui, "labels"));

	for (size_t i = 0; i < label_count; i++) {
		cairo_surface_t *picture = swatch_new(labels[i].rgb, labels[i].pattern, 0, 20, 1);
		g_autoptr(GdkPixbuf) p = gdk_pixbuf_get_from_surface(picture, 0, 0, 20, 20);

		gtk_list_store_insert_with_values(store, NULL, -1, 0, labels[i].name, 1, p, -1);
		cairo_surface_destroy(picture);
	}
}

static bool provides_network(const struct model_domain *d) {
	GVariant *v = g_hash_table_lookup(d->properties, "ProvidesNetwork");

	return v && g_variant_is_of_type(v, G_VARIANT_TYPE_BOOLEAN) && g_variant_get_boolean(v);
}

static bool is_template(const struct model_domain *d) {
	return !strcmp(model_text(d, "Kind"), "template");
}

/* first: what is always there, beside the domains that fit. */
static void fill_choice(struct settings *s, const char *key, const char *first,
	bool (*fits)(const struct model_domain *d)) {
	g_autofree char *label = g_strconcat(key, "-label", NULL);
	GtkComboBoxText *box = GTK_COMBO_BOX_TEXT(widget(s, key));

	/* The label on its left belongs to the box, not to the line inside. */
	atk_object_set_name(gtk_widget_get_accessible(gtk_bin_get_child(GTK_BIN(box))),
		gtk_label_get_text(GTK_LABEL(widget(s, label))));
	gtk_combo_box_text_append_text(box, first);
	for (guint i = 0; i < model_count(s->tray->model); i++) {
		struct model_domain *d = model_at(s->tray->model, i);

		if (fits(d) && strcmp(d->name, first) != 0)
			gtk_combo_box_text_append_text(box, d->name);
	}
}

/* The rule that bulkheadd told stands below the fields as a hint. */
static void fill_rules(struct settings *s) {
	for (size_t i = 0; i < FIELDS; i++) {
		const char *rule = link_rule(s->tray->link, fields[i].key);

		if (rule)
			gtk_widget_set_tooltip_text(widget(s, fields[i].key), rule);
	}
}

static struct settings *settings_new(struct tray *t, const struct model_domain *d) {
	struct settings *s = g_new0(struct settings, 1);

	s->tray = t;
	s->ui = gtk_builder_new();
	gtk_builder_add_from_resource(s->ui, RESOURCE, NULL);
	s->window = widget(s, "settings");
	s->domain = d ? g_strdup(d->name) : NULL;
	s->path = d ? g_strdup(d->path) : NULL;
	fill_labels(s);
	gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(widget(s, "netvm")), "");
	fill_choice(s, "netvm", "net", provides_network);
	fill_choice(s, "template", "host", is_template);
	fill_rules(s);
	g_signal_connect(widget(s, "save"), "clicked", G_CALLBACK(on_save), s);
	g_signal_connect(widget(s, "cancel"), "clicked", G_CALLBACK(on_cancel), s);
	g_signal_connect(widget(s, "remove"), "clicked", G_CALLBACK(on_remove), s);
	g_signal_connect(s->window, "destroy", G_CALLBACK(on_destroy), s);
	trusted_mark(s->window);
	return s;
}

static void remember(struct settings *s) {
	for (size_t i = 0; i < FIELDS; i++)
		s->was[i] = read_field(s, &fields[i]);
}

void settings_show(struct tray *t, const struct model_domain *d) {
	g_autofree char *key = g_strconcat("settings ", d->name, NULL), *title = NULL;
	cairo_surface_t *swatch;
	struct settings *s;

	if (tray_window_present(t, key))
		return;
	s = settings_new(t, d);
	title = g_strdup_printf(_("Settings of %s"), d->name);
	gtk_window_set_title(GTK_WINDOW(s->window), title);
	gtk_entry_set_text(GTK_ENTRY(widget(s, "name")), d->name);
	gtk_widget_set_sensitive(widget(s, "name"), FALSE);
	swatch = tray_swatch(d, 32);
	gtk_image_set_from_surface(GTK_IMAGE(widget(s, "swatch")), swatch);
	cairo_surface_destroy(swatch);
	for (size_t i = 0; i < FIELDS; i++)
		write_field(s, &fields[i], g_hash_table_lookup(d->properties, fields[i].dbus));
	remember(s);
	tray_window_remember(t, key, s->window);
	gtk_window_present(GTK_WINDOW(s->window));
}

void settings_create(struct tray *t) {
	struct settings *s;

	if (tray_window_present(t, "create"))
		return;
	s = settings_new(t, NULL);
	gtk_window_set_title(GTK_WINDOW(s->window), _("New domain"));
	gtk_button_set_label(GTK_BUTTON(widget(s, "save")), _("Cr_eate"));
	gtk_widget_hide(widget(s, "remove"));
	gtk_combo_box_set_active(GTK_COMBO_BOX(widget(s, "label")), 0);
	gtk_entry_set_text(GTK_ENTRY(widget(s, "memory")), "400");
	gtk_entry_set_text(GTK_ENTRY(widget(s, "maxmem")), "4000");
	gtk_entry_set_text(GTK_ENTRY(gtk_bin_get_child(GTK_BIN(widget(s, "template")))), "host");
	remember(s);
	gtk_entry_set_text(GTK_ENTRY(gtk_bin_get_child(GTK_BIN(widget(s, "netvm")))), "net");
	tray_window_remember(t, "create", s->window);
	gtk_widget_grab_focus(widget(s, "name"));
	gtk_window_present(GTK_WINDOW(s->window));
}
