/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for the whole desktop: passed between bulkhead-desk and every gui-daemon. */
#include "domains/manager.h"

#include <string.h>

static void tell_all(struct manager *m, enum ctl_type type, uint32_t value, const char *text) {
	GHashTableIter i;
	gpointer d;

	g_hash_table_iter_init(&i, m->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		daemon_tell(domain_gui(d), type, value, text);
}

static const char *prepare(void *user, GPtrArray *argv, int *fd) {
	struct manager *m = user;

	*fd = -1;
	return *m->display ? NULL : "there is no X display";
}

static void on_started(void *user, int ctl) {
	struct manager *m = user;

	daemon_tell(m->desk, CTL_FOCUSED_DOMAIN, m->focused, m->focused_name);
}

/* The chords that the person chose. */
static void on_chord(struct manager *m, unsigned which, uint32_t chord) {
	m->chords[which] = chord;
	m->chords_known = true;
}

static void on_message(void *user, const struct ctl_msg *msg, int fd) {
	struct manager *m = user;

	switch (msg->type) {
	case CTL_SCREEN_LOCKED:
		m->locked = msg->value;
		m->events->global_changed(m->user, "ScreenLocked");
		break;
	case CTL_HIDE_ALL:
		m->hidden = msg->value;
		break;
	case CTL_KEYBOARD_LOCK:
		m->keyboard_lock = msg->value;
		break;
	case CTL_SCREEN_CHANGED:
		break;
	case CTL_COPY_KEY:
		on_chord(m, CTL_CHORD_COPY, msg->value);
		break;
	case CTL_PASTE_KEY:
		on_chord(m, CTL_CHORD_PASTE, msg->value);
		break;
	case CTL_CLIP_CHORD:
	case CTL_CLIP_TEXT:
	case CTL_CLIP_LARGE:
	case CTL_CLIP_FAILED:
	case CTL_CLIP_DONE:
	case CTL_CLIP_GET:
	case CTL_CLIP_LOOK:
	case CTL_CLIP_PUT:
	case CTL_CLIP_PUT_RAW:
	case CTL_CLIP_CANCEL:
	case CTL_CLIP_FROM:
	case CTL_CLIP_TO:
	case CTL_CLIP_LINE:
	case CTL_CLIP_SHOW:
	case CTL_GUI_STARTED:
	case CTL_GUI_CONNECTED:
	case CTL_GUI_WINDOWS:
	case CTL_GUI_FOCUS:
	case CTL_GUI_REFUSED:
	case CTL_GUI_AGENT_GONE:
	case CTL_GUI_FIRST_IMAGE:
	case CTL_PAUSED:
	case CTL_FOCUSED_DOMAIN:
	case CTL_LAUNCHED:
		return; /* not the desk's to say */
	}
	tell_all(m, msg->type, msg->value, msg->text);
}

static void on_ended(void *user, const char *why) {
	manager_clipboard_unseen(user);
	if (why)
		g_message("bulkhead-desk (keys, screen lock): %s", why);
}

static const struct daemon_handler handler = {prepare, on_started, on_message, on_ended};

static void focus(struct manager *m, struct domain *d, bool has) {
	struct domain *former = manager_find(m, m->focused_name);
	uint32_t id = domain_id(d);

	if (!has && strcmp(m->focused_name, domain_name(d)) != 0) /* an ended one has no id */
		return;
	if (former && former != d) /* its gui-daemon may say so later, and is not heard then */
		domain_focus(former, false);
	m->focused = has ? id : 0;
	g_free(m->focused_name);
	m->focused_name = g_strdup(has ? domain_name(d) : "");
	domain_focus(d, has);
	daemon_tell(m->desk, CTL_FOCUSED_DOMAIN, m->focused, m->focused_name);
	tell_all(m, CTL_FOCUSED_DOMAIN, m->focused, m->focused_name);
	m->events->global_changed(m->user, "FocusedDomain");
	manager_clipboard_focus(m);
}

void manager_gui_said(struct manager *m, struct domain *d, const struct ctl_msg *msg, int fd) {
	if (msg->type == CTL_GUI_FOCUS)
		focus(m, d, msg->value);
	if (msg->type >= CTL_CLIP_CHORD && msg->type <= CTL_CLIP_DONE)
		manager_clipboard_said(m, d, msg, fd);
	if (msg->type != CTL_GUI_REFUSED)
		return;
	g_message("domain %s: %s", domain_name(d), msg->text);
	m->events->refused(m->user, d, msg->text);
}

void manager_gui_gone(struct manager *m, struct domain *d) {
	focus(m, d, false);
}

void manager_start_desk(struct manager *m) {
	if (!*m->display)
		return;
	if (!m->desk)
		m->desk = daemon_new("bulkhead-desk", true, &handler, m);
	daemon_start(m->desk);
}

void manager_greet(struct manager *m, struct domain *d) {
	struct daemon *gui = domain_gui(d);

	manager_start_desk(m);
	daemon_tell(gui, CTL_SCREEN_LOCKED, m->locked, NULL);
	daemon_tell(gui, CTL_HIDE_ALL, m->hidden, NULL);
	daemon_tell(gui, CTL_KEYBOARD_LOCK, m->keyboard_lock, NULL);
	if (m->chords_known) {
		daemon_tell(gui, CTL_COPY_KEY, m->chords[CTL_CHORD_COPY], NULL);
		daemon_tell(gui, CTL_PASTE_KEY, m->chords[CTL_CHORD_PASTE], NULL);
	}
	daemon_tell(gui, CTL_PAUSED, domain_get_state(d) == DOMAIN_PAUSED, NULL);
}

void manager_hide_all(struct manager *m, bool hide) {
	m->hidden = hide;
	tell_all(m, CTL_HIDE_ALL, hide, NULL);
}

void manager_set_display(struct manager *m, const char *display, const char *xauthority) {
	GHashTableIter i;
	gpointer d;

	g_free(m->display);
	m->display = g_strdup(display);
	g_setenv("DISPLAY", display, TRUE);
	if (*xauthority)
		g_setenv("XAUTHORITY", xauthority, TRUE);
	g_hash_table_iter_init(&i, m->domains);
	while (g_hash_table_iter_next(&i, NULL, &d))
		domain_display_changed(d);
	manager_start_desk(m);
	m->events->global_changed(m->user, "Display");
}
