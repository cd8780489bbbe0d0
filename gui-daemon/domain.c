/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/domain.h"

#include "gui-daemon/clip.h"
#include "gui-daemon/ext-port.h"
#include "gui-daemon/input.h"
#include "gui-daemon/link.h"
#include "gui-daemon/manager.h"
#include "gui-daemon/session.h"
#include "gui-daemon/view.h"
#include "gui-daemon/windows.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define QUEUE_MAX       (1u << 20)  /* what an agent may leave unread */
#define MOTION_BACKLOG  (32u << 10) /* beyond it pointer motion is left out */
#define CHORD_MODIFIERS 5           /* Shift and Control, until the desk says otherwise */
#define DROPPED_TOLD    8           /* dropped messages that are told one by one */

struct domain {
	struct options options;
	struct view *view;
	struct windows *windows;
	struct session *session;
	struct input input;
	struct clip clip;
	uint32_t chord_window; /* where the person pressed the last chord */
	struct link *link;
	struct ext_port *ext;
	struct manager *manager;
	GSource *tick;
	struct ext_monitors monitors;
	struct ext_keyboard keyboard;
	uint32_t told_windows;
	bool told_focus, told_image, connected;
	unsigned dropped;
	int status;
	const struct domain_user *user;
	void *data;
};

static void tell(struct domain *d, const char *what, const char *consequence) {
	char text[CTL_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s: %s%s", d->options.name.s, what, consequence);
	fprintf(stderr, "bulkhead-gui-daemon: %s\n", text);
	manager_tell(d->manager, CTL_GUI_REFUSED, 0, text);
}

static void over(struct domain *d, int status) {
	d->status = status;
	d->user->on_over(d->data);
}

/* To the agent. */

static void send_to_agent(void *data, const struct gui_from_daemon *m) {
	struct domain *d = data;

	if (m->type == GUI_MOTION && link_backlog(d->link) > MOTION_BACKLOG)
		return;
	session_send(d->session, m);
}

static void write_to_agent(void *data, const void *bytes, size_t size) {
	struct domain *d = data;

	link_write(d->link, bytes, size);
}

/* Of the session and the windows. */

static void on_connected(void *data, unsigned minor) {
	struct domain *d = data;

	d->connected = true;
	clip_connected(&d->clip, minor);
	manager_tell(d->manager, CTL_GUI_CONNECTED, minor, NULL);
}

static const char *on_clipboard(void *data, const struct gui_clipboard *clipboard) {
	return clip_data(&((struct domain *)data)->clip, clipboard);
}

static void on_dropped(void *data, const char *what) {
	struct domain *d = data;

	d->dropped++;
	if (d->dropped <= DROPPED_TOLD)
		tell(d, what,
			d->dropped < DROPPED_TOLD ? ": dropped" : ": dropped, and so are more");
}

static void on_refused(void *data, const char *what) {
	tell(data, what, "");
}

static void arm_tick(struct domain *d) {
	int64_t now = g_get_monotonic_time(), wait = windows_next_tick(d->windows, now);

	if (wait >= 0 || g_source_get_ready_time(d->tick) >= 0) /* setting it costs a wake-up */
		g_source_set_ready_time(d->tick, wait < 0 ? -1 : now + wait);
}

static gboolean on_tick(GSource *source, GSourceFunc callback, gpointer data) {
	struct domain *d = data;

	windows_tick(d->windows, g_get_monotonic_time());
	arm_tick(d);
	return G_SOURCE_CONTINUE;
}

static gboolean dispatch_tick(GSource *source, GSourceFunc callback, gpointer data) {
	return on_tick(source, NULL, data);
}

static GSourceFuncs tick_funcs = {.dispatch = dispatch_tick};

/* Of the link to the agent. */

static size_t link_need(void *data) {
	return session_need(((struct domain *)data)->session);
}

static int link_take(void *data, struct span piece) {
	return session_take(((struct domain *)data)->session, piece);
}

static int64_t link_wait_us(void *data) {
	struct domain *d = data;
	int64_t wait = windows_wait_us(d->windows, g_get_monotonic_time());

	return wait < 0 || view_busy(d->view) ? LINK_BUSY : wait;
}

static void on_link_open(void *data) {
	struct domain *d = data;

	if (d->user->on_open)
		d->user->on_open(d->data);
}

static void on_link_turn(void *data) {
	struct domain *d = data;
	uint32_t mapped = windows_mapped(d->windows);

	arm_tick(d);
	if (mapped != d->told_windows) {
		d->told_windows = mapped;
		manager_tell(d->manager, CTL_GUI_WINDOWS, mapped, NULL);
	}
}

static void on_link_end(void *data, int why) {
	struct domain *d = data;

	if (why == SESSION_E_VIOLATION || why == SESSION_E_VERSION)
		tell(d, session_reason(d->session), ": connection ended");
	else if (why == LINK_E_FULL)
		tell(d, "does not read what it is told", ": connection ended");
	else if (why < 0)
		tell(d, strerror(-why), ": connection ended");
	manager_tell(d->manager, CTL_GUI_AGENT_GONE, 0, NULL);
	over(d, 0);
}

static const struct link_user link_user = {
	link_need, link_take, link_wait_us, on_link_open, on_link_turn, on_link_end};

/* Of the second port. */

static void send_monitors(struct domain *d) {
	struct ext_msg m = {.type = EXT_MONITORS, .monitors = d->monitors};

	ext_port_send(d->ext, &m);
}

static void send_keyboard(struct domain *d) {
	struct ext_msg m = {.type = EXT_KEYBOARD, .keyboard = d->keyboard};

	ext_port_send(d->ext, &m);
}

static void on_ext_hello(void *data) {
	send_monitors(data);
	send_keyboard(data);
}

static void on_ext_end(void *data, const char *why) {
	if (why)
		tell(data, why, "");
}

static const struct ext_port_user ext_user = {on_ext_hello, on_ext_end};

/* Of the screen. */

static void on_view_input(void *data, const struct gui_from_daemon *m) {
	struct domain *d = data;

	if (m->type != GUI_KEYMAP_NOTIFY && !windows_known(d->windows, m->window))
		return;
	if (m->type == GUI_WINDOW_FLAGS || m->type == GUI_MAP)
		windows_on_report(d->windows, m);
	else if (m->type == GUI_CLOSE)
		send_to_agent(d, m);
	else
		input_on_event(&d->input, m);
}

static void on_view_placed(void *data, uint32_t window, struct rect content) {
	windows_on_placed(((struct domain *)data)->windows, window, content);
}

static void on_view_imaged(void *data, uint32_t window) {
	windows_on_imaged(((struct domain *)data)->windows, window);
}

static void on_view_destroyed(void *data, uint32_t window) {
	struct domain *d = data;

	input_forget(&d->input, window);
	windows_on_destroyed(d->windows, window);
}

static void on_view_painted(void *data, uint32_t window) {
	struct domain *d = data;

	ext_port_frame_done(d->ext, window);
	if (d->told_image)
		return;
	d->told_image = true;
	manager_tell(d->manager, CTL_GUI_FIRST_IMAGE, 0, NULL);
}

static void on_view_screen(
	void *data, const struct place_screen *screen, const struct ext_monitors *monitors) {
	struct domain *d = data;

	d->monitors = *monitors;
	windows_on_screen(d->windows, screen, view_frame(d->view));
	send_monitors(d);
}

static void on_view_keyboard(void *data, const struct ext_keyboard *keyboard) {
	struct domain *d = data;

	d->keyboard = *keyboard;
	send_keyboard(d);
}

static void tell_focus(struct domain *d) {
	if (d->input.focused == d->told_focus)
		return;
	d->told_focus = d->input.focused;
	manager_tell(d->manager, CTL_GUI_FOCUS, d->told_focus, NULL);
}

static void on_view_turn(void *data) {
	struct domain *d = data;

	windows_set_focused(d->windows, d->input.focused);
	tell_focus(d);
}

static void on_view_chord(void *data, uint32_t window, unsigned what) {
	struct domain *d = data;

	if (!d->input.focused || d->input.focus != window || !input_keys_allowed(&d->input))
		return;
	d->chord_window = window;
	tell_focus(d); /* the manager hears of the focus before the chord */
	manager_tell(d->manager, CTL_CLIP_CHORD, what, NULL);
}

static void on_view_lost(void *data) {
	struct domain *d = data;

	fprintf(stderr, "bulkhead-gui-daemon: %s: the X server ended\n", d->options.name.s);
	over(d, 1);
}

static const struct view_listener view_listener = {
	.on_input = on_view_input,
	.on_placed = on_view_placed,
	.on_imaged = on_view_imaged,
	.on_destroyed = on_view_destroyed,
	.on_painted = on_view_painted,
	.on_screen = on_view_screen,
	.on_keyboard = on_view_keyboard,
	.on_chord = on_view_chord,
	.on_turn = on_view_turn,
	.on_lost = on_view_lost,
};

static void refocus(void *data, uint32_t window) {
	view_refocus(((struct domain *)data)->view, window);
}

/* Of the manager. */

static void tell_clip(void *data, enum ctl_type type, uint32_t number, const char *text, int fd) {
	manager_tell_fd(((struct domain *)data)->manager, type, number, text, fd);
}

/* Still in the window where the person pressed the chord (bug class B2)? */
static bool focus_stayed(const struct domain *d) {
	return d->input.focused && d->input.focus == d->chord_window &&
	       input_keys_allowed(&d->input);
}

static void on_put(struct domain *d, const struct ctl_msg *m, int fd) {
	if (focus_stayed(d))
		clip_put(&d->clip, m->value, fd, m->type == CTL_CLIP_PUT_RAW);
	else
		tell_clip(d, CTL_CLIP_FAILED, m->value,
			"another window got the focus meanwhile: press the keys again", -1);
}

static void on_manager(void *data, const struct ctl_msg *m, int fd) {
	struct domain *d = data;

	switch ((int)m->type) {
	case CTL_CLIP_GET:
		clip_get(&d->clip, m->value, d->chord_window, g_get_monotonic_time());
		break;
	case CTL_CLIP_CANCEL:
		clip_cancel(&d->clip, m->value);
		break;
	case CTL_CLIP_LOOK:
		clip_look(&d->clip, m->value, fd);
		break;
	case CTL_CLIP_PUT:
	case CTL_CLIP_PUT_RAW:
		on_put(d, m, fd);
		break;
	case CTL_COPY_KEY:
		view_set_chord(d->view, CTL_CHORD_COPY, ctl_chord_unpack(m->value));
		break;
	case CTL_PASTE_KEY:
		view_set_chord(d->view, CTL_CHORD_PASTE, ctl_chord_unpack(m->value));
		break;
	case CTL_SCREEN_LOCKED:
		input_set_screen_locked(&d->input, m->value != 0);
		break;
	case CTL_HIDE_ALL:
		input_set_hidden(&d->input, m->value != 0);
		view_hide_all(d->view, m->value != 0);
		break;
	case CTL_KEYBOARD_LOCK:
		input_set_keyboard_lock(&d->input, m->value);
		break;
	case CTL_PAUSED:
		view_paused(d->view, m->value != 0);
		break;
	case CTL_LAUNCHED:
		view_launched(d->view);
		break;
	case CTL_SCREEN_CHANGED:
		view_refresh_screen(d->view);
		break;
	default: /* what is not for this daemon */
		break;
	}
}

/* Life. */

static int open_view(struct domain *d, struct place_screen *ret_screen) {
	const struct options *o = &d->options;
	struct view_config config = {.domain = o->name.s,
		.label = o->label,
		.letter = o->letter,
		.frame = o->frame,
		.fullscreen_allowed = o->fullscreen_allowed,
		.flash_ms = (unsigned)o->flash_ms};
	const char *why = NULL;
	int r = view_new(&config, &view_listener, d, &why, &d->view);

	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: %s: cannot show windows: %s\n", o->name.s,
			why ? why : strerror(-r));
		return r;
	}
	view_set_chord(d->view, CTL_CHORD_COPY, (struct ctl_chord){'c', CHORD_MODIFIERS});
	view_set_chord(d->view, CTL_CHORD_PASTE, (struct ctl_chord){'v', CHORD_MODIFIERS});
	view_screen(d->view, ret_screen, &d->monitors, &d->keyboard);
	return 0;
}

static int open_session(struct domain *d, const struct place_screen *screen) {
	struct windows_config windows = {.view = d->view,
		.screen = *screen,
		.frame = view_frame(d->view),
		.domain_id = d->options.domain_id,
		.fullscreen_allowed = d->options.fullscreen_allowed,
		.popups_allowed = d->options.popups_allowed,
		.send = send_to_agent,
		.refused = on_refused,
		.data = d};
	struct session_config session = {.write = write_to_agent,
		.on_connected = on_connected,
		.on_dropped = on_dropped,
		.on_clipboard = on_clipboard};
	struct input_config input = {.domain_id = (uint32_t)d->options.domain_id,
		.send = send_to_agent,
		.refocus = refocus,
		.data = d};
	struct clip_config clip = {.send = send_to_agent, .tell = tell_clip, .data = d};
	struct size s = d->monitors.screen;

	input_init(&d->input, &input);
	clip_init(&d->clip, &clip);
	d->windows = windows_new(&windows);
	session.data = d;
	session.windows = d->windows;
	session.xconf = (struct gui_xconf){
		.screen = {(s.w + 7) & ~7u, s.h}, .depth = view_depth(d->view)};
	session.xconf.mem_kib = (uint32_t)((uint64_t)session.xconf.screen.w * s.h * 4 / 1024 + 1);
	d->session = session_new(&session);
	return d->windows && d->session ? 0 : -ENOMEM;
}

static int open_links(struct domain *d) {
	int id = d->options.domain_id;
	int r = link_new(id, GUI_PORT, GUI_BODY_MAX, QUEUE_MAX, &link_user, d, &d->link);

	if (r) {
		fprintf(stderr, "bulkhead-gui-daemon: %s: cannot reach the domain: %s\n",
			d->options.name.s, strerror(-r));
		return r;
	}
	/* Without the second port everything else still works. */
	if (ext_port_new(id, &ext_user, d, &d->ext))
		d->ext = NULL;
	return 0;
}

int domain_new(const struct options *options, const struct domain_user *user, void *data,
	struct domain **ret) {
	struct domain *d = g_new0(struct domain, 1);
	struct place_screen screen;
	int r;

	d->options = *options;
	d->user = user;
	d->data = data;
	d->manager = manager_new(options->ctl_fd, on_manager, d);
	d->tick = g_source_new(&tick_funcs, sizeof(GSource));
	g_source_set_callback(d->tick, NULL, d, NULL);
	g_source_attach(d->tick, NULL);
	r = open_view(d, &screen);
	if (!r)
		r = open_session(d, &screen);
	if (!r)
		r = open_links(d);
	if (r) {
		domain_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct domain *domain_free(struct domain *d) {
	if (!d)
		return NULL;
	windows_free(d->windows);
	session_free(d->session);
	link_free(d->link);
	ext_port_free(d->ext);
	view_free(d->view);
	manager_free(d->manager);
	if (d->tick) {
		g_source_destroy(d->tick);
		g_source_unref(d->tick);
	}
	g_free(d);
	return NULL;
}

void domain_started(struct domain *d) {
	manager_tell(d->manager, CTL_GUI_STARTED, 0, NULL);
}

int domain_status(const struct domain *d) {
	return d->status;
}
