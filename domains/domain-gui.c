/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gui-daemon of one domain. */
#include "domains/domain-private.h"

#include <string.h>

static void set_gui(struct domain *d, const char *text) {
	if (!strcmp(d->gui_state, text))
		return;
	g_free(d->gui_state);
	d->gui_state = g_strdup(text);
	manager_changed(d->in, d, "Gui", NULL);
}

static void set_windows(struct domain *d, unsigned n) {
	if (d->windows == n)
		return;
	d->windows = n;
	manager_changed(d->in, d, "Windows", NULL);
}

static const char *prepare(void *user, GPtrArray *argv, int *fd) {
	struct domain *d = user;
	g_autofree char *spec = NULL;

	if (!*d->in->display)
		return "there is no X display (bulkheadd was started without DISPLAY)";
	if (!d->machine || d->in->ops->transport(d->machine, 3, &spec, fd))
		return "the domain cannot be reached";
	g_ptr_array_add(argv, g_strdup_printf("--domain-id=%u", domain_id(d)));
	g_ptr_array_add(argv, g_strdup_printf("--name=%s", domain_name(d)));
	g_ptr_array_add(argv, g_strdup_printf("--label=%s", d->definition->label->name));
	g_ptr_array_add(argv, g_strdup_printf("--vchan=%s", spec));
	if (d->definition->fullscreen)
		g_ptr_array_add(argv, g_strdup("--allow-fullscreen"));
	if (!d->definition->quiet)
		g_ptr_array_add(argv, g_strdup("--flash=150"));
	return NULL;
}

static void on_started(void *user, int ctl) {
	struct domain *d = user;

	d->in->ops->keep(d->machine, KEPT_GUI, ctl);
	set_gui(d, "waiting");
	manager_greet(d->in, d);
}

static void on_message(void *user, const struct ctl_msg *m, int fd) {
	struct domain *d = user;

	if (m->type == CTL_GUI_CONNECTED)
		set_gui(d, "connected");
	else if (m->type == CTL_GUI_FOCUS)
		d->gui_focus = m->value;
	else if (m->type == CTL_GUI_WINDOWS)
		set_windows(d, m->value);
	else if (m->type == CTL_GUI_AGENT_GONE)
		set_gui(d, "waiting");
	manager_gui_said(d->in, d, m, fd);
}

static void on_ended(void *user, const char *why) {
	struct domain *d = user;
	g_autofree char *text = why ? g_strconcat("missing: ", why, NULL) : g_strdup("restarting");

	if (why)
		g_message("domain %s: its windows cannot be shown: %s", domain_name(d), why);
	d->gui_focus = false;
	set_windows(d, 0);
	set_gui(d, text);
	manager_gui_gone(d->in, d);
	manager_clipboard_lost(d->in, d, false);
}

static const struct daemon_handler handler = {prepare, on_started, on_message, on_ended};

static struct daemon *get(struct domain *d) {
	if (!d->gui)
		d->gui = daemon_new("bulkhead-gui-daemon", true, &handler, d);
	return d->gui;
}

void domain_gui_start(struct domain *d) {
	/* Of an adopted machine the id comes with its state. */
	if (d->machine && domain_id(d))
		daemon_start(get(d));
}

void domain_gui_adopt(struct domain *d, int fd) {
	daemon_adopt(get(d), fd);
	set_gui(d, "connected");
	manager_greet(d->in, d);
}

void domain_gui_restart(struct domain *d) {
	if (d->gui)
		daemon_restart(d->gui);
	else
		domain_gui_start(d);
}

void domain_gui_over(struct domain *d) {
	d->gui_focus = false;
	manager_gui_gone(d->in, d);
	manager_clipboard_lost(d->in, d, true);
	d->gui = daemon_free(d->gui);
	d->windows = 0;
	set_gui(d, "");
}
