/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/copy-window.h"

#include "proto/filecopy.h"
#include "tray/copies.h"
#include "tray/label-tile.h"
#include "tray/trusted.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <gtk/gtk.h>

#define SPACE      12
#define SHOW_AFTER 1000 /* ms: what is over sooner is not shown */
#define SHOWN_MAX  8    /* windows of copies that are over; the oldest goes */

struct copy_windows {
	struct copies *copies;
	struct model *model;
	GQueue over; /* struct view, the oldest first */
};

/* Made when the copy begins, its window when it lasts. */
struct view {
	struct copy_windows *in;
	struct copy *copy;
	guint timer;
	GtkWidget *window, *target, *bar, *text, *digest, *button;
	GtkWidget *choices; /* what to do with a name that is taken */
};

static const char *label_of(struct view *v, const char *name) {
	struct model_domain *d = model_find(v->in->model, name);

	return d ? model_text(d, "Label") : "";
}

static char *reason_of(const struct copy *c) {
	switch (copy_word(c)->error) {
	case ECANCELED:
		return g_strdup(_("It was cancelled."));
	case ENOSPC:
	case EDQUOT:
		return g_strdup_printf(_("There is no room for it in %s."), c->target);
	case EEXIST:
		return g_strdup_printf(_("Something of that name is in %s already."), c->target);
	case EILSEQ:
		return g_strdup(_("A name has characters that are not allowed there."));
	case ENOLINK:
		return g_strdup(_("A link points out of what was copied."));
	case FILECOPY_ERROR_EOF:
		return g_strdup_printf(_("%s broke it off."), c->source);
	default:
		return g_strdup_printf(_("The reason: %s."), g_strerror((int)copy_word(c)->error));
	}
}

static char *amount(const struct copy *c) {
	const struct copyreport *r = copy_word(c);
	g_autofree char *bytes = g_format_size(r->bytes), *total = g_format_size(copy_total(c)),
			*files = g_strdup_printf(
				ngettext("%u file", "%u files", (gulong)MIN(r->files, G_MAXUINT)),
				(guint)MIN(r->files, G_MAXUINT));

	return copy_total(c) && copy_state(c) == COPY_RUNNING
		       ? g_strdup_printf(_("%s, %s of %s"), files, bytes, total)
		       : g_strdup_printf("%s, %s", files, bytes);
}

static char *pace(const struct copy *c) {
	gint64 now = g_get_monotonic_time();
	double left = copy_left(c, now);
	g_autofree char *rate = g_format_size((guint64)copy_rate(c, now));

	if (left < 0)
		return g_strdup_printf(_("%s each second"), rate);
	if (left < 60)
		return g_strdup_printf(_("%s each second, %u s left"), rate, (guint)left + 1);
	return g_strdup_printf(
		_("%s each second, %u min left"), rate, (guint)MIN(left / 60 + 1, G_MAXINT));
}

static char *ending(const struct copy *c) {
	g_autofree char *how = amount(c), *why = NULL;

	switch (copy_state(c)) {
	case COPY_DONE:
		return g_strdup_printf(_("Copied: %s."), how);
	case COPY_FAILED:
		why = reason_of(c);
		return g_strdup_printf(_("Not copied. %s"), why);
	case COPY_LOST:
	case COPY_RUNNING:
		break;
	}
	return g_strdup(_("Not copied. It ended without a word."));
}

static void show_bar(struct view *v) {
	guint64 total = copy_total(v->copy);

	if (copy_state(v->copy) == COPY_DONE)
		gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(v->bar), 1);
	else if (total)
		gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(v->bar),
			(double)copy_word(v->copy)->bytes / (double)total);
	else if (copy_state(v->copy) == COPY_RUNNING)
		gtk_progress_bar_pulse(GTK_PROGRESS_BAR(v->bar));
}

static void show_digest(struct view *v) {
	const struct copyreport *r = copy_word(v->copy);
	g_autoptr(GString) text = g_string_new("SHA-256: ");

	for (unsigned i = 0; i < COPYREPORT_DIGEST; i++)
		g_string_append_printf(text, "%02x", r->digest[i]);
	if (r->has_digest)
		gtk_label_set_text(GTK_LABEL(v->digest), text->str);
	gtk_widget_set_visible(v->digest, r->has_digest);
}

/* No name is shown: it would be a domain's word in a window of ours. */
static char *question(const struct copy *c) {
	return g_strdup_printf(
		_("%s has something of the same name already. Without an answer both "
		  "are kept, and the new one gets a number."),
		c->target);
}

static void show(struct view *v) {
	struct copy *c = v->copy;
	bool runs = copy_state(c) == COPY_RUNNING;
	g_autofree char *how = runs ? amount(c) : ending(c),
			*pace_now = copy_asks(c) ? question(c)
				    : runs       ? pace(c)
						 : NULL,
			*who = g_strdup_printf(_("The figures are what %s says."), copy_speaker(c)),
			*text = g_strjoin("\n", how, who, NULL),
			*running = g_strjoin("\n", how, pace_now, who, NULL);

	if (!v->window)
		return;
	label_tile_set(v->target, label_of(v, c->target),
		*c->target ? c->target : _("the domain that was chosen"));
	gtk_label_set_text(GTK_LABEL(v->text), runs ? running : text);
	gtk_button_set_label(GTK_BUTTON(v->button), runs ? _("_Cancel") : _("_Close"));
	gtk_widget_set_visible(v->choices, copy_asks(c));
	show_bar(v);
	show_digest(v);
}

static void view_free(struct view *v) {
	g_clear_handle_id(&v->timer, g_source_remove);
	g_queue_remove(&v->in->over, v);
	v->copy->view = NULL;
	if (v->copy->ended)
		copies_forget(v->in->copies, v->copy);
	g_free(v);
}

static void cancel(struct view *v) {
	for (int i = COPYREPORT_SENDS; i <= COPYREPORT_RECEIVES; i++)
		if (v->copy->ends[i])
			inbox_answer(v->copy->ends[i], COPYREPORT_CANCEL);
}

/* Closing hides how it goes on; the button ends it. */
static void on_destroy(GtkWidget *window, gpointer user) {
	struct view *v = user;

	v->window = NULL;
	if (v->copy->ended)
		view_free(v);
}

static void on_button(GtkButton *button, gpointer user) {
	struct view *v = user;

	if (v->copy->ended)
		gtk_widget_destroy(v->window);
	else
		cancel(v);
}

static void on_choice(GtkButton *button, gpointer user) {
	struct view *v = user;
	int word = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(button), "word"));

	if (copy_asks(v->copy))
		inbox_answer(v->copy->ends[COPYREPORT_RECEIVES], (enum copyreport_word)word);
}

static void add_choice(struct view *v, const char *label, enum copyreport_word word) {
	GtkWidget *button = gtk_button_new_with_mnemonic(label);

	g_object_set_data(G_OBJECT(button), "word", GINT_TO_POINTER(word));
	g_signal_connect(button, "clicked", G_CALLBACK(on_choice), v);
	gtk_container_add(GTK_CONTAINER(v->choices), button);
}

static void build_choices(struct view *v) {
	v->choices = gtk_button_box_new(GTK_ORIENTATION_HORIZONTAL);
	gtk_button_box_set_layout(GTK_BUTTON_BOX(v->choices), GTK_BUTTONBOX_END);
	gtk_box_set_spacing(GTK_BOX(v->choices), SPACE);
	add_choice(v, _("Keep _both"), COPYREPORT_RENAME);
	add_choice(v, _("_Replace the old one"), COPYREPORT_REPLACE);
	add_choice(v, _("Keep the _old one"), COPYREPORT_SKIP);
}

static GtkWidget *line(bool exact) {
	g_autoptr(PangoAttrList) as_it_is = pango_attr_list_new();
	GtkWidget *label = gtk_label_new(NULL);

	pango_attr_list_insert(as_it_is, pango_attr_insert_hyphens_new(FALSE));
	gtk_label_set_attributes(GTK_LABEL(label), as_it_is);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(
		GTK_LABEL(label), exact ? PANGO_WRAP_CHAR : PANGO_WRAP_WORD_CHAR);
	gtk_label_set_selectable(GTK_LABEL(label), exact);
	gtk_widget_set_can_focus(label, FALSE);
	gtk_label_set_width_chars(GTK_LABEL(label), 48);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 48);
	return label;
}

static GtkWidget *build_domains(struct view *v) {
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACE),
		  *source = label_tile_new(_("From the domain"));

	v->target = label_tile_new(_("To the domain"));
	label_tile_set(source, label_of(v, v->copy->source), v->copy->source);
	gtk_box_pack_start(GTK_BOX(row), source, TRUE, TRUE, 0);
	gtk_box_pack_start(GTK_BOX(row), gtk_label_new("→"), FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(row), v->target, TRUE, TRUE, 0);
	return row;
}

static GtkWidget *build_inside(struct view *v) {
	GtkWidget *all = gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACE),
		  *buttons = gtk_button_box_new(GTK_ORIENTATION_HORIZONTAL);

	v->bar = gtk_progress_bar_new();
	atk_object_set_name(gtk_widget_get_accessible(v->bar), _("How far the copy is"));
	v->text = line(false);
	v->digest = line(true);
	v->button = gtk_button_new_with_mnemonic("");
	gtk_button_set_use_underline(GTK_BUTTON(v->button), TRUE);
	gtk_button_box_set_layout(GTK_BUTTON_BOX(buttons), GTK_BUTTONBOX_END);
	gtk_container_add(GTK_CONTAINER(buttons), v->button);
	gtk_box_pack_start(GTK_BOX(all), build_domains(v), FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(all), v->bar, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(all), v->text, FALSE, FALSE, 0);
	gtk_box_pack_start(GTK_BOX(all), v->digest, FALSE, FALSE, 0);
	build_choices(v);
	gtk_box_pack_start(GTK_BOX(all), v->choices, FALSE, FALSE, 0);
	gtk_box_pack_end(GTK_BOX(all), buttons, FALSE, FALSE, 0);
	return all;
}

/* It never takes the focus: the person may be typing. */
static void build(struct view *v) {
	v->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_window_set_title(GTK_WINDOW(v->window), _("Copying files"));
	gtk_window_set_focus_on_map(GTK_WINDOW(v->window), FALSE);
	gtk_window_set_resizable(GTK_WINDOW(v->window), FALSE);
	gtk_container_set_border_width(GTK_CONTAINER(v->window), SPACE);
	gtk_container_add(GTK_CONTAINER(v->window), build_inside(v));
	g_signal_connect(v->window, "destroy", G_CALLBACK(on_destroy), v);
	g_signal_connect(v->button, "clicked", G_CALLBACK(on_button), v);
	trusted_mark(v->window);
	gtk_widget_show_all(v->window);
	show(v);
}

static gboolean on_lasts(gpointer user) {
	struct view *v = user;

	v->timer = 0;
	build(v);
	return G_SOURCE_REMOVE;
}

static void on_begun(void *user, struct copy *c) {
	struct view *v = g_new0(struct view, 1);

	v->in = user;
	v->copy = c;
	v->timer = g_timeout_add(SHOW_AFTER, on_lasts, v);
	c->view = v;
}

/* A question stands at once. */
static void on_changed(void *user, struct copy *c) {
	struct view *v = c->view;

	if (v && !v->window && copy_asks(c)) {
		g_clear_handle_id(&v->timer, g_source_remove);
		build(v);
	} else if (v) {
		show(v);
	}
}

static void on_over(void *user, struct copy *c) {
	struct copy_windows *w = user;
	struct view *v = c->view, *oldest;

	if (!v->window) {
		/* Too short to be shown, or closed by the person: the audit file has it. */
		g_clear_handle_id(&v->timer, g_source_remove);
		c->view = NULL;
		g_free(v);
		return;
	}
	show(v);
	g_queue_push_tail(&w->over, v);
	oldest = g_queue_get_length(&w->over) > SHOWN_MAX ? g_queue_peek_head(&w->over) : NULL;
	if (oldest)
		gtk_widget_destroy(oldest->window);
}

struct copy_windows *copy_windows_new(struct model *m) {
	static const struct copies_events events = {on_begun, on_changed, on_over};
	struct copy_windows *w = g_new0(struct copy_windows, 1);

	w->copies = copies_new(&events, w);
	w->model = m;
	g_queue_init(&w->over);
	return w;
}

struct copy_windows *copy_windows_free(struct copy_windows *w) {
	struct view *v;

	if (!w)
		return NULL;
	while ((v = g_queue_peek_head(&w->over)))
		gtk_widget_destroy(v->window);
	copies_free(w->copies);
	g_free(w);
	return NULL;
}

/* Domains that there are not copy nothing. */
static bool are_known(struct copy_windows *w, const char *domain, const struct copyreport *r) {
	return model_find(w->model, domain) && (!*r->peer.s || model_find(w->model, r->peer.s));
}

void copy_windows_report(struct copy_windows *w, struct inbox_end *end, const char *domain,
	const struct copyreport *r) {
	if (!r || are_known(w, domain, r))
		copies_report(w->copies, end, domain, r, g_get_monotonic_time());
}
