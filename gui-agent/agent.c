/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the window table, the X server and the daemon. Messages are made only while the ring has
 * room: what a slow daemon did not hear yet stays a difference in the table, never a queue. Must
 * never act on a window that the table does not have.
 */
#include "gui-agent/agent.h"

#include "gui-agent/chan.h"
#include "gui-agent/clipboard-port.h"
#include "gui-agent/ext-port.h"
#include "gui-agent/keyboard.h"
#include "gui-agent/session.h"
#include "gui-agent/x11.h"
#include "vchan/pages.h"

#include <string.h>

#define RING_SIZE 65536
#define FRAME_MS  250 /* no daemon needs longer for a frame that it shows at all */
#define FOCUS_IN  9   /* the X event's number (gui-protocol 3.3) */

struct agent {
	struct windows *windows;
	struct x11 *x;
	struct chan *gui;
	struct ext_port *ext;
	struct keyboard *keyboard;
	struct session session;
	GSource *pump;
	guint late;                      /* the timer that looks for frames nobody answered, or 0 */
	bool paced;                      /* this daemon tells when a frame is on the screen */
	bool has_monitors;               /* it told its monitors: then xconf's size is nothing */
	bool screen_open, keyboard_open; /* it asked for these and was not told "ready" yet */
	struct clipboard_port *clipboard;
	bool clipboard_asked; /* by the daemon */
	uint32_t clipboard_window;
	GBytes *clipboard_long; /* too long for the daemon: the service comes for it */
	bool clipboard_owned;   /* by some application, at some time */
	void (*quit)(void *user);
	void *user;
};

struct pump_source {
	GSource base;
	struct agent *agent;
};

static bool running(const struct agent *a) {
	return chan_connected(a->gui) && a->session.phase == SESSION_RUNS;
}

static void send_dump(struct agent *a, struct window *w) {
	struct size size;
	struct pages_share *pages = x11_image_dump(a->x, w, &size);
	uint32_t n = pages_share_count(pages);
	size_t most = GUI_HEADER_SIZE + 16 + 4 * (size_t)n;
	g_autofree uint8_t *buf = g_malloc(most);

	chan_send(a->gui, buf, gui_encode_dump(w->id, size, pages_share_refs(pages), n, buf, most));
}

static void send(struct agent *a, struct window *w, const struct gui_from_agent *m) {
	uint8_t buf[GUI_MESSAGE_MAX];
	size_t n;

	if (m->type == GUI_WINDOW_DUMP) {
		send_dump(a, w);
		return;
	}
	n = gui_encode_from_agent(m, buf, sizeof(buf));
	if (n == 0)
		g_warning("window 0x%x: message %d could not be made", w->id, (int)m->type);
	chan_send(a->gui, buf, n);
	if (m->type == GUI_SHMIMAGE) {
		w->frame_open = a->paced;
		w->frame_since = g_get_monotonic_time();
	}
	if (m->type == GUI_DESTROY && a->session.minor < GUI_MINOR_DESTROY_ACK)
		windows_destroyed(a->windows, w->id);
}

static void give_up_frame(void *user, struct window *w) {
	if (w->frame_open && g_get_monotonic_time() - w->frame_since >= FRAME_MS * 1000)
		w->frame_open = false;
	window_touch(w); /* sets the timer again if it still waits */
}

static gboolean on_late(gpointer user) {
	struct agent *a = user;

	a->late = 0;
	windows_each(a->windows, give_up_frame, NULL);
	return G_SOURCE_REMOVE;
}

/* A daemon says nothing of a frame of which it showed nothing; that must not be the window's last.
 */
static void watch_frame(struct agent *a, const struct window *w) {
	if (!a->late && w->frame_open && !region_empty(&w->damage))
		a->late = g_timeout_add(FRAME_MS, on_late, a);
}

static void work_on(void *user, struct window *w) {
	struct agent *a = user;
	struct gui_from_agent m;
	bool gone = w->gone;

	for (;;) {
		if (!chan_room(a->gui, GUI_MESSAGE_MAX)) {
			window_touch(w);
			return;
		}
		if (!window_next(w, &m))
			break;
		send(a, w, &m);
		if (gone) /* may have been freed */
			return;
	}
	x11_image_pump(a->x, w);
	watch_frame(a, w);
}

/* Before the loop sleeps: what this turn left to be told, copied or focused. Never "ready". */
static gboolean pump_prepare(GSource *source, gint *timeout) {
	struct agent *a = ((struct pump_source *)source)->agent;

	*timeout = -1;
	x11_focus_apply(a->x);
	if (running(a))
		windows_work(a->windows, work_on, a);
	return FALSE;
}

static gboolean pump_check(GSource *source) {
	return FALSE;
}

static gboolean pump_dispatch(GSource *source, GSourceFunc unused, gpointer user) {
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs pump_funcs = {pump_prepare, pump_check, pump_dispatch, NULL};

static void on_key(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_key(a->x, &m->key);
}

static void on_keymap(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_keymap(a->x, m->keymap.keys);
}

static void on_button(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_button(a->x, w, &m->button);
}

static void on_motion(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_motion(a->x, w, (struct point){m->motion.x, m->motion.y});
}

static void on_crossing(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_crossing(a->x, w, &m->crossing);
}

static void on_focus(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_focus(a->x, w, m->focus.type == FOCUS_IN);
}

static void on_map(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_map(a->x, w);
}

static void on_configure(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_configure(a->x, w, m->configure.at);
}

static void on_flags(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_flags(a->x, w, m->flags.set, m->flags.unset);
}

static void on_close(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_close(a->x, w);
}

static void on_destroy(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	windows_destroyed(a->windows, m->window);
}

static void on_dump_ack(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	struct window *told = windows_find_told(a->windows, m->window);

	if (told)
		x11_image_acked(a->x, told);
}

static void on_clipboard_req(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	a->clipboard_window = m->window;
	a->clipboard_asked = true;
	x11_clipboard_get(a->x);
}

static void on_clipboard_data(struct agent *a, struct window *w, const struct gui_from_daemon *m) {
	x11_clipboard_set(a->x, m->clipboard.data, m->clipboard.size);
}

/* What a daemon may say. No row, no service. */
static const struct {
	enum gui_type type;
	bool window; /* only for a living window that it was told of: others came too late */
	void (*fn)(struct agent *a, struct window *w, const struct gui_from_daemon *m);
} rules[] = {
	{GUI_KEYPRESS, false, on_key},
	{GUI_KEYMAP_NOTIFY, false, on_keymap},
	{GUI_BUTTON, true, on_button},
	{GUI_MOTION, true, on_motion},
	{GUI_CROSSING, true, on_crossing},
	{GUI_FOCUS, true, on_focus},
	{GUI_MAP, true, on_map},
	{GUI_CONFIGURE, true, on_configure},
	{GUI_WINDOW_FLAGS, true, on_flags},
	{GUI_CLOSE, true, on_close},
	{GUI_DESTROY, false, on_destroy},
	{GUI_WINDOW_DUMP_ACK, false, on_dump_ack},
	{GUI_CLIPBOARD_REQ, false, on_clipboard_req},
	{GUI_CLIPBOARD_DATA, false, on_clipboard_data},
};

static void on_message(struct agent *a, const struct gui_from_daemon *m) {
	struct window *w = windows_find(a->windows, m->window);
	bool known = w && w->x && w->announced;

	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
		if (rules[i].type == m->type && (known || !rules[i].window))
			rules[i].fn(a, w, m);
	}
}

static void on_started(struct agent *a, const struct gui_xconf *xconf) {
	struct ext_monitors m = {.screen = xconf->screen, .count = 1};

	g_message("connected to the GUI daemon, protocol 1.%u", a->session.minor);
	windows_forget(a->windows);
	x11_image_connected(a->x, true, a->session.minor >= GUI_MINOR_DUMP_ACK);
	m.monitors[0].at = (struct rect){
		0, 0, MIN(m.screen.w, GUI_MAX_W), MIN(m.screen.h, GUI_MAX_H)};
	if (!a->has_monitors)
		x11_screen_set(a->x, &m);
}

static void on_connected(void *user) {
	struct agent *a = user;
	uint8_t buf[4];

	session_init(&a->session);
	chan_send(a->gui, buf, session_hello(buf, sizeof(buf)));
}

static long on_bytes(void *user, struct span in) {
	struct agent *a = user;
	struct session_item item;
	size_t used = 0;
	int r = session_take(&a->session, in, &used, &item);

	if (r == SESSION_E_MORE)
		return 0;
	if (r == SESSION_E_VERSION)
		g_warning("the GUI daemon speaks another version of the protocol (1.4 to 1.8 go)");
	else if (r != 0)
		g_warning("the GUI daemon sent what is not the protocol; waiting for another");
	if (r != 0)
		return -1;
	if (item.kind == SESSION_STARTED)
		on_started(a, &item.xconf);
	else if (item.kind == SESSION_MESSAGE)
		on_message(a, &item.message);
	return (long)used;
}

static void on_gone(void *user) {
	struct agent *a = user;

	g_message("the GUI daemon is gone; waiting for the next");
	x11_image_connected(a->x, false, false);
	x11_release_all(a->x);
	windows_forget(a->windows);
	a->paced = false;
	if (!chan_serving(a->gui))
		a->quit(a->user);
}

static const struct chan_events gui_events = {on_connected, on_bytes, on_gone};

static void on_frame_done(struct agent *a, uint32_t id) {
	struct window *w = windows_find(a->windows, id);

	a->paced = true;
	if (w)
		w->frame_open = false;
}

static void on_ext(void *user, const struct ext_msg *m) {
	struct agent *a = user;

	if (m->type == EXT_MONITORS) {
		a->has_monitors = a->screen_open = true;
		x11_screen_set(a->x, &m->monitors);
	} else if (m->type == EXT_KEYBOARD) {
		a->keyboard_open = true;
		keyboard_set(a->keyboard, &m->keyboard);
	} else if (m->type == EXT_FRAME_DONE) {
		on_frame_done(a, m->window);
	}
}

static void free_frame(void *user, struct window *w) {
	w->frame_open = false;
	window_touch(w);
}

static void on_ext_gone(void *user) {
	struct agent *a = user;

	a->paced = a->has_monitors = a->screen_open = a->keyboard_open = false;
	windows_each(a->windows, free_frame, NULL);
}

static void on_ext_greeted(void *user) {
	struct agent *a = user;

	if (a->clipboard_owned)
		ext_port_say(a->ext, EXT_CLIPBOARD_OWNER);
}

static const struct ext_events ext_events = {on_ext_greeted, on_ext, on_ext_gone};

static void done(struct agent *a, bool *what) {
	bool was = *what;

	*what = false;
	if (was && !a->screen_open && !a->keyboard_open)
		ext_port_say(a->ext, EXT_READY);
}

static void on_screen_set(void *user) {
	struct agent *a = user;

	done(a, &a->screen_open);
}

static void on_keyboard_set(void *user) {
	struct agent *a = user;

	done(a, &a->keyboard_open);
}

static void on_clipboard_owner(void *user) {
	struct agent *a = user;

	a->clipboard_owned = true;
	g_clear_pointer(&a->clipboard_long, g_bytes_unref);
	ext_port_say(a->ext, EXT_CLIPBOARD_OWNER);
}

static void answer_daemon(struct agent *a, const uint8_t *data, size_t size) {
	bool old = a->session.minor < GUI_MINOR_BIG_CLIPBOARD;
	struct gui_from_agent m = {.type = GUI_CLIPBOARD_DATA, .window = a->clipboard_window};
	size_t most = GUI_HEADER_SIZE + GUI_CLIPBOARD_MAX + 1;
	g_autofree uint8_t *buf = NULL;

	if (old && size > GUI_CLIPBOARD_MAX_OLD) {
		g_warning("the clipboard is larger than this GUI daemon takes: not sent");
		size = 0; /* never a part of it */
	} else if (size > GUI_CLIPBOARD_MAX) {
		size = GUI_CLIPBOARD_MAX + 1; /* this says so */
	}
	buf = g_malloc(most);
	m.clipboard = (struct gui_clipboard){data, (uint32_t)size};
	chan_send(a->gui, buf, gui_encode_from_agent(&m, buf, most));
}

static void on_clipboard(void *user, const uint8_t *data, size_t size) {
	struct agent *a = user;

	g_clear_pointer(&a->clipboard_long, g_bytes_unref);
	if (a->clipboard_asked && size > GUI_CLIPBOARD_MAX)
		a->clipboard_long = g_bytes_new(data, size);
	if (a->clipboard_asked && running(a))
		answer_daemon(a, data, size);
	a->clipboard_asked = false;
	clipboard_port_text(a->clipboard, data, size);
}

/* Of the service for long texts: what the daemon was just told to be too long need not be asked of
 * its owner again. */
static void on_long_get(void *user) {
	struct agent *a = user;
	g_autoptr(GBytes) text = TAKE(a->clipboard_long);

	if (text)
		clipboard_port_text(
			a->clipboard, g_bytes_get_data(text, NULL), g_bytes_get_size(text));
	else
		x11_clipboard_get(a->x);
}

static void on_long_put(void *user, const uint8_t *data, size_t size) {
	x11_clipboard_set(((struct agent *)user)->x, data, size);
}

static const struct clipboard_port_events clipboard_events = {on_long_get, on_long_put};

static void on_x_gone(void *user) {
	struct agent *a = user;

	g_warning("the X server is gone");
	a->quit(a->user);
}

static const struct x11_events x11_events = {
	.clipboard_owner = on_clipboard_owner,
	.clipboard = on_clipboard,
	.screen_set = on_screen_set,
	.gone = on_x_gone,
};

static void attach_pump(struct agent *a) {
	a->pump = g_source_new(&pump_funcs, sizeof(struct pump_source));
	((struct pump_source *)a->pump)->agent = a;
	g_source_set_priority(a->pump, G_PRIORITY_HIGH); /* prepared before the others flush */
	g_source_attach(a->pump, NULL);
}

static int start(struct agent *a, int peer, const char **ret_why) {
	int r = x11_open(a->windows, peer, &x11_events, a, &a->x, ret_why);

	if (r)
		return r;
	*ret_why = "the vchan ports 6000 and 6001 cannot be served";
	r = chan_new(peer, GUI_PORT, RING_SIZE, GUI_HEADER_SIZE + GUI_CLIPBOARD_MAX + 1,
		&gui_events, a, &a->gui);
	if (r)
		return r;
	r = ext_port_new(peer, &ext_events, a, &a->ext);
	if (r)
		return r;
	a->clipboard = clipboard_port_new(&clipboard_events, a);
	attach_pump(a);
	keyboard_set(a->keyboard, &(struct ext_keyboard){.layout = "us"});
	return 0;
}

int agent_new(
	int peer, void (*quit)(void *user), void *user, struct agent **ret, const char **ret_why) {
	struct agent *a = g_new0(struct agent, 1);
	int r;

	a->windows = windows_new();
	a->keyboard = keyboard_new(on_keyboard_set, a);
	a->quit = quit;
	a->user = user;
	r = start(a, peer, ret_why);
	if (r) {
		agent_free(a);
		return r;
	}
	*ret = a;
	return 0;
}

struct agent *agent_free(struct agent *a) {
	if (!a)
		return NULL;
	if (a->late)
		g_source_remove(a->late);
	if (a->pump) {
		g_source_destroy(a->pump);
		g_source_unref(a->pump);
	}
	a->clipboard = clipboard_port_free(a->clipboard);
	g_clear_pointer(&a->clipboard_long, g_bytes_unref);
	keyboard_free(a->keyboard);
	ext_port_free(a->ext);
	chan_free(a->gui);
	windows_free(a->windows);
	x11_free(a->x);
	g_free(a);
	return NULL;
}
