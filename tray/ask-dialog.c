/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/ask-dialog.h"

#include "tray/ask-build.h"
#include "tray/ask-targets.h"
#include "tray/label-tile.h"

#include <gdk/gdkkeysyms.h>
#include <glib/gi18n.h>

/* Below every event: what was pressed before the timer fires is handled before it does. */
#define ARMING_PRIORITY G_PRIORITY_HIGH_IDLE

struct ask_dialog {
	const struct ask_question *question;
	struct ask_widgets w;
	struct ask_arming arming;
	int target;
	enum broker_choice choice;
	gint64 deadline;
	guint arming_timer, second_timer;
	bool answered;
	void (*answer)(void *data, const char *target, enum broker_choice choice);
	void *data;
};

static void finish(struct ask_dialog *d, enum broker_choice choice) {
	if (d->answered)
		return;
	d->answered = true;
	d->answer(
		d->data, choice == BROKER_DENY ? "" : d->question->targets[d->target].text, choice);
}

/* armed: as it was before the event that asks. */
static void try_allow(struct ask_dialog *d, bool armed) {
	enum broker_choice choice = ask_allow(d->question, armed, d->target, d->choice);

	if (choice != BROKER_DENY)
		finish(d, choice);
}

static void show_status(struct ask_dialog *d) {
	gint64 left = (d->deadline - g_get_monotonic_time() + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;
	bool possible = ask_choice_possible(d->question, d->target, d->choice);
	const char *why = !possible            ? _("Choose a target to allow this.")
			  : !d->arming.focused ? _("Click here to answer.")
			  : !d->arming.armed ? _("“Allow” wakes after a second without a key.")
					     : "";
	g_autofree char *words = g_strdup_printf(
		_("%s\nDenied by itself in %d s."), why, (int)MAX(left, 0));
	GtkStyleContext *style = gtk_widget_get_style_context(d->w.allow);

	gtk_label_set_text(GTK_LABEL(d->w.status), words);
	atk_object_set_description(gtk_widget_get_accessible(d->w.allow), why);
	if (possible && d->arming.armed)
		gtk_style_context_remove_class(style, "ask-dead");
	else
		gtk_style_context_add_class(style, "ask-dead");
}

static void schedule(struct ask_dialog *d);

static gboolean on_arming_timer(gpointer data) {
	struct ask_dialog *d = data;

	d->arming_timer = 0;
	/* What the X server had before now is to be handled before "Allow" lives. */
	gdk_display_sync(gtk_widget_get_display(d->w.window));
	if (!gdk_events_pending())
		ask_arming_tick(&d->arming, g_get_monotonic_time());
	schedule(d);
	return G_SOURCE_REMOVE;
}

static void schedule(struct ask_dialog *d) {
	gint64 wait = (d->arming.due - g_get_monotonic_time()) / 1000 + 1;

	if (d->arming_timer)
		g_source_remove(d->arming_timer);
	d->arming_timer = 0;
	if (d->arming.due)
		d->arming_timer = g_timeout_add_full(
			ARMING_PRIORITY, (guint)MAX(wait, 5), on_arming_timer, d, NULL);
	show_status(d);
}

static gboolean on_focus(GtkWidget *window, GdkEventFocus *event, gpointer data) {
	struct ask_dialog *d = data;

	(void)window;
	ask_arming_focus(&d->arming, event->in, g_get_monotonic_time());
	schedule(d);
	return GDK_EVENT_PROPAGATE;
}

static bool presses_buttons(guint key) {
	return key == GDK_KEY_Return || key == GDK_KEY_KP_Enter || key == GDK_KEY_ISO_Enter ||
	       key == GDK_KEY_space || key == GDK_KEY_KP_Space;
}

/* "Allow" is never pressed by the toolkit's own ways with keys, which end later than the key. */
static gboolean on_key(GtkWidget *window, GdkEventKey *event, gpointer data) {
	struct ask_dialog *d = data;
	enum ask_key key = ask_arming_key(&d->arming, g_get_monotonic_time());

	schedule(d);
	if (event->keyval == GDK_KEY_Escape) {
		finish(d, BROKER_DENY);
		return GDK_EVENT_STOP;
	}
	if (key == ASK_KEY_DEAD)
		return GDK_EVENT_STOP;
	if (gtk_window_get_focus(GTK_WINDOW(window)) != d->w.allow ||
		!presses_buttons(event->keyval))
		return GDK_EVENT_PROPAGATE;
	try_allow(d, key == ASK_KEY_LIVES);
	return GDK_EVENT_STOP;
}

static gboolean on_allow_mnemonic(GtkWidget *allow, gboolean cycling, gpointer data) {
	(void)cycling;
	(void)data;
	gtk_widget_grab_focus(allow);
	return GDK_EVENT_STOP;
}

/* A press while it is dead does nothing, and its release then neither. */
static gboolean on_allow_press(GtkWidget *allow, GdkEventButton *event, gpointer data) {
	struct ask_dialog *d = data;

	(void)allow;
	(void)event;
	if (d->arming.armed)
		return GDK_EVENT_PROPAGATE;
	ask_arming_hurry(&d->arming, g_get_monotonic_time());
	schedule(d);
	return GDK_EVENT_STOP;
}

static void on_allow(GtkButton *allow, gpointer data) {
	struct ask_dialog *d = data;

	(void)allow;
	try_allow(d, d->arming.armed);
}

static void on_deny(GtkButton *deny, gpointer data) {
	(void)deny;
	finish(data, BROKER_DENY);
}

static gboolean on_close(GtkWidget *window, GdkEvent *event, gpointer data) {
	(void)window;
	(void)event;
	finish(data, BROKER_DENY);
	return GDK_EVENT_STOP;
}

static gboolean on_second(gpointer data) {
	struct ask_dialog *d = data;

	if (g_get_monotonic_time() < d->deadline) {
		show_status(d);
		return G_SOURCE_CONTINUE;
	}
	d->second_timer = 0;
	finish(d, BROKER_DENY);
	return G_SOURCE_REMOVE;
}

static void show_rule(struct ask_dialog *d) {
	char rule[ASK_TEXT_SIZE];

	/* Its place is kept: nothing moves below the pointer. */
	gtk_widget_set_opacity(d->w.rule_box, d->choice == BROKER_ALWAYS);
	gtk_label_set_text(GTK_LABEL(d->w.rule), "");
	if (d->choice != BROKER_ALWAYS)
		return;
	ask_escape(d->question->targets[d->target].rule, sizeof(rule), rule, sizeof(rule));
	gtk_label_set_text(GTK_LABEL(d->w.rule), rule);
}

static void on_choice(GtkToggleButton *button, gpointer data) {
	struct ask_dialog *d = data;

	if (!gtk_toggle_button_get_active(button))
		return;
	for (int i = BROKER_ONCE; i < BROKER_CHOICES; i++)
		if (d->w.choices[i] == GTK_WIDGET(button))
			d->choice = (enum broker_choice)i;
	show_rule(d);
	show_status(d);
}

static void on_target(void *data, int target) {
	struct ask_dialog *d = data;
	const struct ask_target *t = target < 0 ? NULL : &d->question->targets[target];
	bool always = ask_choice_possible(d->question, target, BROKER_ALWAYS);
	g_autofree char *name = t ? ask_target_name(t) : g_strdup(_("which domain?"));

	d->target = target;
	label_tile_set(d->w.target, t ? t->label : "", name);
	if (!always && d->choice == BROKER_ALWAYS)
		gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(d->w.choices[BROKER_ONCE]), TRUE);
	gtk_widget_set_sensitive(d->w.choices[BROKER_ALWAYS], always);
	gtk_widget_set_tooltip_text(d->w.choices[BROKER_ALWAYS],
		always ? NULL : _("No rule can say this for the chosen target."));
	show_rule(d);
	show_status(d);
}

static void connect(struct ask_dialog *d) {
	g_signal_connect(d->w.window, "focus-in-event", G_CALLBACK(on_focus), d);
	g_signal_connect(d->w.window, "focus-out-event", G_CALLBACK(on_focus), d);
	g_signal_connect(d->w.window, "key-press-event", G_CALLBACK(on_key), d);
	g_signal_connect(d->w.window, "delete-event", G_CALLBACK(on_close), d);
	g_signal_connect(d->w.allow, "mnemonic-activate", G_CALLBACK(on_allow_mnemonic), d);
	g_signal_connect(d->w.allow, "button-press-event", G_CALLBACK(on_allow_press), d);
	g_signal_connect(d->w.allow, "clicked", G_CALLBACK(on_allow), d);
	g_signal_connect(d->w.deny, "clicked", G_CALLBACK(on_deny), d);
	for (int i = BROKER_ONCE; i < BROKER_CHOICES; i++)
		g_signal_connect(d->w.choices[i], "toggled", G_CALLBACK(on_choice), d);
}

struct ask_dialog *ask_dialog_new(const struct ask_question *q, unsigned seconds,
	void (*answer)(void *data, const char *target, enum broker_choice choice), void *data) {
	struct ask_dialog *d = g_new0(struct ask_dialog, 1);
	struct ask_targets *targets;

	*d = (struct ask_dialog){.question = q,
		.choice = BROKER_ONCE,
		.deadline = g_get_monotonic_time() + seconds * G_USEC_PER_SEC,
		.answer = answer,
		.data = data};
	targets = q->target_count > 1 ? ask_targets_new(q, on_target, d) : NULL;
	ask_build(&d->w, q, targets ? ask_targets_widget(targets) : NULL);
	connect(d);
	on_target(d, q->preselected);
	d->second_timer = g_timeout_add_seconds(1, on_second, d);
	gtk_widget_show(d->w.window);
	return d;
}

struct ask_dialog *ask_dialog_free(struct ask_dialog *d) {
	if (!d)
		return NULL;
	if (d->arming_timer)
		g_source_remove(d->arming_timer);
	if (d->second_timer)
		g_source_remove(d->second_timer);
	gtk_widget_destroy(d->w.window);
	g_free(d);
	return NULL;
}
