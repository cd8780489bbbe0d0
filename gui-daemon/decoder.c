/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/decoder.h"

#include "common/packet.h"
#include "gui-daemon/channel.h"
#include "gui-daemon/clip.h"
#include "gui-daemon/ext-port.h"
#include "gui-daemon/far-view.h"
#include "gui-daemon/link.h"
#include "gui-daemon/session.h"
#include "gui-daemon/windows.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define QUEUE_MAX      (1u << 20)   /* what an agent may leave unread */
#define MOTION_BACKLOG (32u << 10)  /* beyond it pointer motion is left out */
#define ORDERS_MAX     (16u << 20)  /* the screen always reads: never reached */
#define ORDERS_BACKLOG (128u << 10) /* beyond it no message is taken from the agent */
#define DROPPED_TOLD   8            /* dropped messages that are told one by one */

struct decoder {
	struct options options;
	struct channel *screen;
	struct view *view;
	struct windows *windows;
	struct session *session;
	struct clip clip;
	struct link *link;
	struct ext_port *ext;
	GSource *tick;
	struct view_screen at;
	struct ext_keyboard keyboard;
	bool has_screen, has_keyboard;
	unsigned dropped;
	const struct decoder_user *user;
	void *data;
};

/* To the screen. */

static void say(struct decoder *d, enum view_type type) {
	struct view_order o = {.type = type};

	far_view_order(d->view, &o, -1);
}

static void tell(struct decoder *d, const char *what, const char *consequence) {
	struct view_order o = {.type = VIEW_REFUSED};

	snprintf(o.untrusted_refused, sizeof(o.untrusted_refused), "%s%s", what, consequence);
	far_view_order(d->view, &o, -1);
}

static void tell_clip(void *data, enum ctl_type type, uint32_t number, const char *text, int fd) {
	struct view_order o = {.type = VIEW_CLIP_SAID, .said = {type, number, fd >= 0, ""}};

	g_strlcpy(o.said.untrusted_line, text ? text : "", sizeof(o.said.untrusted_line));
	far_view_order(((struct decoder *)data)->view, &o, fd);
}

/* To the agent. */

static void send_to_agent(void *data, const struct gui_from_daemon *m) {
	struct decoder *d = data;

	if (m->type == GUI_MOTION && link_backlog(d->link) > MOTION_BACKLOG)
		return;
	session_send(d->session, m);
}

static void write_to_agent(void *data, const void *bytes, size_t size) {
	struct decoder *d = data;

	link_write(d->link, bytes, size);
}

/* Of the session and the windows. */

static void on_connected(void *data, unsigned minor) {
	struct decoder *d = data;
	struct view_order o = {.type = VIEW_CONNECTED, .minor = minor};

	clip_connected(&d->clip, minor);
	far_view_order(d->view, &o, -1);
}

static const char *on_clipboard(void *data, const struct gui_clipboard *clipboard) {
	return clip_data(&((struct decoder *)data)->clip, clipboard);
}

static void on_dropped(void *data, const char *what) {
	struct decoder *d = data;

	d->dropped++;
	if (d->dropped <= DROPPED_TOLD)
		tell(d, what,
			d->dropped < DROPPED_TOLD ? ": dropped" : ": dropped, and so are more");
}

static void on_refused(void *data, const char *what) {
	tell(data, what, "");
}

static void arm_tick(struct decoder *d) {
	int64_t now = g_get_monotonic_time(), wait = windows_next_tick(d->windows, now);

	if (wait >= 0 || g_source_get_ready_time(d->tick) >= 0) /* setting it costs a wake-up */
		g_source_set_ready_time(d->tick, wait < 0 ? -1 : now + wait);
}

static gboolean dispatch_tick(GSource *source, GSourceFunc callback, gpointer data) {
	struct decoder *d = data;

	windows_tick(d->windows, g_get_monotonic_time());
	arm_tick(d);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs tick_funcs = {.dispatch = dispatch_tick};

/* Of the link to the agent. */

static size_t link_need(void *data) {
	return session_need(((struct decoder *)data)->session);
}

static int link_take(void *data, struct span piece) {
	return session_take(((struct decoder *)data)->session, piece);
}

static int64_t link_wait_us(void *data) {
	struct decoder *d = data;
	int64_t wait = windows_wait_us(d->windows, g_get_monotonic_time());

	return wait < 0 || channel_backlog(d->screen) > ORDERS_BACKLOG ? LINK_BUSY : wait;
}

static void on_link_open(void *data) {
}

static void on_link_turn(void *data) {
	arm_tick(data);
}

/* The vchan stays open until the screen's process has heard this and ends us: an agent that sees
 * its end may rely on what was told before. */
static void on_link_end(void *data, int why) {
	struct decoder *d = data;

	if (why == SESSION_E_VIOLATION || why == SESSION_E_VERSION)
		tell(d, session_reason(d->session), ": connection ended");
	else if (why == LINK_E_FULL)
		tell(d, "does not read what it is told", ": connection ended");
	else if (why < 0)
		tell(d, strerror(-why), ": connection ended");
	say(d, VIEW_END);
	channel_flush(d->screen);
}

static const struct link_user link_user = {
	link_need, link_take, link_wait_us, on_link_open, on_link_turn, on_link_end};

/* Of the second port. */

static void send_monitors(struct decoder *d) {
	struct ext_msg m = {.type = EXT_MONITORS, .monitors = d->at.monitors};

	ext_port_send(d->ext, &m);
}

static void send_keyboard(struct decoder *d) {
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

/* Reports of the screen. */

static struct place_screen usable(const struct view_screen *s) {
	struct place_screen p = {.count = s->monitors.count};

	memcpy(p.usable, s->usable, sizeof(p.usable));
	return p;
}

static void on_screen(struct decoder *d, const struct view_screen *s) {
	struct place_screen p = usable(s);

	d->at = *s;
	d->has_screen = true;
	if (!d->windows)
		return;
	windows_on_screen(d->windows, &p, s->frame);
	send_monitors(d);
}

static void on_keyboard(struct decoder *d, const struct ext_keyboard *k) {
	d->keyboard = *k;
	d->has_keyboard = true;
	send_keyboard(d);
}

static void on_placed(struct decoder *d, const struct view_report *r) {
	far_view_placed(d->view, r->window, r->placed);
	windows_on_placed(d->windows, r->window, r->placed);
}

static void on_input(struct decoder *d, const struct gui_from_daemon *m) {
	if (m->type != GUI_KEYMAP_NOTIFY && !windows_known(d->windows, m->window))
		return;
	if (m->type == GUI_WINDOW_FLAGS || m->type == GUI_MAP)
		windows_on_report(d->windows, m);
	else
		send_to_agent(d, m);
}

static void on_clip_ask(struct decoder *d, const struct view_report *r, int fd) {
	switch ((int)r->asked.what) {
	case CTL_CLIP_GET:
		clip_get(&d->clip, r->asked.number, r->window, g_get_monotonic_time());
		break;
	case CTL_CLIP_CANCEL:
		clip_cancel(&d->clip, r->asked.number);
		break;
	case CTL_CLIP_LOOK:
		clip_look(&d->clip, r->asked.number, fd);
		break;
	default:
		clip_put(&d->clip, r->asked.number, fd, r->asked.what == CTL_CLIP_PUT_RAW);
		break;
	}
}

static void on_report(struct decoder *d, const struct view_report *r, int fd) {
	switch ((int)r->type) {
	case VIEW_SCREEN:
		on_screen(d, &r->screen);
		break;
	case VIEW_KEYBOARD:
		on_keyboard(d, &r->keyboard);
		break;
	case VIEW_PLACED:
		on_placed(d, r);
		break;
	case VIEW_IMAGED:
		windows_on_imaged(d->windows, r->window);
		break;
	case VIEW_DESTROYED:
		windows_on_destroyed(d->windows, r->window);
		break;
	case VIEW_PAINTED:
		ext_port_frame_done(d->ext, r->window);
		break;
	case VIEW_INPUT:
		on_input(d, &r->input);
		break;
	default:
		on_clip_ask(d, r, fd);
		break;
	}
}

static int take_reports(void *data, struct span packet, int *fd) {
	struct decoder *d = data;
	struct view_report r;

	while (packet.left > 0) {
		if (view_decode_report(&packet, &r))
			return -EPROTO;
		on_report(d, &r, *fd);
	}
	return 0;
}

static void on_screen_end(void *data, int why) {
	struct decoder *d = data;

	if (why != CHANNEL_E_CLOSED)
		fprintf(stderr, "bulkhead-gui-decoder: %s: the screen's process said nonsense\n",
			d->options.name.s);
	if (d->user)
		d->user->on_over(d->data, why == CHANNEL_E_CLOSED ? 0 : 1);
}

static const struct channel_user channel_user = {.take = take_reports, .on_end = on_screen_end};

/* Life. */

/* Waiting is allowed: nothing is open yet. */
static int hear_screen(struct decoder *d, int socket) {
	uint8_t bytes[VIEW_PACKET_MAX];
	unsigned n_fds = 0;
	ssize_t n = packet_receive(socket, bytes, sizeof(bytes), NULL, &n_fds, 0);

	if (n <= 0)
		return n < 0 ? (int)n : -ECONNRESET;
	if ((size_t)n > sizeof(bytes) || take_reports(d, span_over(bytes, (size_t)n), &(int){-1}) ||
		!d->has_screen || !d->has_keyboard)
		return -EPROTO;
	return 0;
}

static int open_session(struct decoder *d) {
	struct windows_config windows = {.view = d->view,
		.screen = usable(&d->at),
		.frame = d->at.frame,
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
	struct clip_config clip = {.send = send_to_agent, .tell = tell_clip, .data = d};
	struct size s = d->at.monitors.screen;

	clip_init(&d->clip, &clip);
	d->windows = windows_new(&windows);
	session.data = d;
	session.windows = d->windows;
	session.xconf = (struct gui_xconf){.screen = {(s.w + 7) & ~7u, s.h}, .depth = d->at.depth};
	session.xconf.mem_kib = (uint32_t)((uint64_t)session.xconf.screen.w * s.h * 4 / 1024 + 1);
	d->session = session_new(&session);
	return d->windows && d->session ? 0 : -ENOMEM;
}

static int open_links(struct decoder *d) {
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

static void open_screen(struct decoder *d, int socket) {
	d->screen = channel_new(socket, ORDERS_MAX, &channel_user, d);
	d->view = far_view_new(d->screen);
	d->tick = g_source_new(&tick_funcs, sizeof(GSource));
	g_source_set_callback(d->tick, NULL, d, NULL);
	g_source_attach(d->tick, NULL);
}

int decoder_new(const struct options *options, const struct decoder_user *user, void *data,
	struct decoder **ret) {
	struct decoder *d = g_new0(struct decoder, 1);
	AUTO(auto_close) int socket = options->view_fd;
	int r;

	d->options = *options;
	d->user = user;
	d->data = data;
	r = hear_screen(d, socket);
	if (!r) {
		open_screen(d, TAKE_FD(socket));
		r = open_session(d);
	}
	if (!r)
		r = open_links(d);
	if (r) {
		decoder_free(d);
		return r;
	}
	*ret = d;
	return 0;
}

struct decoder *decoder_free(struct decoder *d) {
	if (!d)
		return NULL;
	windows_free(d->windows);
	session_free(d->session);
	link_free(d->link);
	ext_port_free(d->ext);
	far_view_free(d->view);
	channel_free(d->screen);
	if (d->tick) {
		g_source_destroy(d->tick);
		g_source_unref(d->tick);
	}
	g_free(d);
	return NULL;
}

void decoder_ready(struct decoder *d) {
	say(d, VIEW_READY);
}
