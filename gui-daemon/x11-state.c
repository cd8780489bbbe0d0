/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Full screen, attention, minimised (gui-protocol 5.5): wishes of a domain that the window manager
 * carries out, and what it made of them. Without a window manager full screen is our own doing. In
 * every case the frame stays: full screen is a size of the outer window and nothing else.
 */
#include "gui-daemon/x11-private.h"

#define STATE_REMOVE 0
#define STATE_ADD    1
#define ICONIC       3
#define ATOMS_MAX    32

static void send_to_wm(struct xwin *w, enum x11_atom type, uint32_t a, uint32_t b, uint32_t c) {
	struct x11 *v = w->in;
	xcb_client_message_event_t e = {.response_type = XCB_CLIENT_MESSAGE,
		.format = 32,
		.window = w->outer,
		.type = v->atoms[type],
		.data.data32 = {a, b, c, 1}};

	xcb_send_event(v->c, 0, v->screen->root,
		XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY | XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT,
		(const char *)&e);
}

static void ask_wm(struct xwin *w, bool add, enum x11_atom first, xcb_atom_t second) {
	send_to_wm(
		w, ATOM__NET_WM_STATE, add ? STATE_ADD : STATE_REMOVE, w->in->atoms[first], second);
}

static void apply(struct xwin *w, unsigned state, bool add) {
	if (state & XSTATE_FULLSCREEN)
		ask_wm(w, add, ATOM__NET_WM_STATE_FULLSCREEN, 0);
	if (state & XSTATE_MAXIMIZED)
		ask_wm(w, add, ATOM__NET_WM_STATE_MAXIMIZED_VERT,
			w->in->atoms[ATOM__NET_WM_STATE_MAXIMIZED_HORZ]);
	if (state & XSTATE_ATTENTION)
		ask_wm(w, add, ATOM__NET_WM_STATE_DEMANDS_ATTENTION, 0);
}

static void report(struct xwin *w) {
	unsigned full = XSTATE_FULLSCREEN | XSTATE_MAXIMIZED;
	struct gui_from_daemon m = {.type = GUI_WINDOW_FLAGS, .window = w->id};

	/* Where full screen is not allowed, a maximised window that asked for it is told so. */
	if ((w->state & XSTATE_FULLSCREEN) || w->own_fullscreen ||
		(w->state & w->wanted_state & full))
		m.flags.set |= GUI_FLAG_FULLSCREEN;
	if (w->state & XSTATE_ATTENTION)
		m.flags.set |= GUI_FLAG_ATTENTION;
	if (w->state & XSTATE_HIDDEN)
		m.flags.set |= GUI_FLAG_MINIMIZE;
	m.flags.unset = ~m.flags.set &
			(GUI_FLAG_FULLSCREEN | GUI_FLAG_ATTENTION | GUI_FLAG_MINIMIZE);
	w->in->on->on_input(w->in->data, &m);
}

/* The monitor that the window covers most of. */
static struct rect monitor_of(const struct xwin *w) {
	const struct ext_monitors *m = &w->in->at.monitors;
	struct rect best = m->monitors[0].at;
	uint64_t most = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		struct rect shared = rect_intersect(w->at, m->monitors[i].at);

		if ((uint64_t)shared.w * shared.h > most) {
			most = (uint64_t)shared.w * shared.h;
			best = m->monitors[i].at;
		}
	}
	return best;
}

static void enter_own(struct xwin *w) {
	uint32_t above = XCB_STACK_MODE_ABOVE;

	if (w->own_fullscreen)
		return;
	w->restore = w->at;
	x11_window_move(w, place_content(monitor_of(w), w->frame));
	w->own_fullscreen = true;
	xcb_configure_window(w->in->c, w->outer, XCB_CONFIG_WINDOW_STACK_MODE, &above);
	report(w);
}

static void leave_own(struct xwin *w) {
	if (!w->own_fullscreen)
		return;
	w->own_fullscreen = false;
	x11_window_move(w, w->restore);
	report(w);
}

static void set_fullscreen(struct xwin *w, bool on) {
	const struct x11 *v = w->in;
	unsigned state = v->config.fullscreen_allowed ? XSTATE_FULLSCREEN : XSTATE_MAXIMIZED;

	if (on && (w->fullscreen_left || w->popup))
		return;
	w->wanted_state = on ? w->wanted_state | state : w->wanted_state & ~state;
	if (!w->shown)
		return;
	if (v->at.has_wm)
		apply(w, state, on);
	else if (on && v->config.fullscreen_allowed)
		enter_own(w);
	else
		leave_own(w);
}

static void set_attention(struct xwin *w, bool on) {
	w->wanted_state = on ? w->wanted_state | XSTATE_ATTENTION
			     : w->wanted_state & ~(unsigned)XSTATE_ATTENTION;
	if (!w->shown)
		return;
	apply(w, XSTATE_ATTENTION, on);
	if (on)
		x11_flash_want(w);
}

void x11_view_flags(struct x11 *v, uint32_t id, struct gui_flags flags) {
	struct xwin *w = x11_by_id(v, id);

	if (!w)
		return;
	if (flags.set & GUI_FLAG_MINIMIZE) {
		if (w->shown && !w->popup)
			send_to_wm(w, ATOM_WM_CHANGE_STATE, ICONIC, 0, 0);
		flags.set &= ~GUI_FLAG_FULLSCREEN;
	}
	if ((flags.set | flags.unset) & GUI_FLAG_FULLSCREEN)
		set_fullscreen(w, flags.set & GUI_FLAG_FULLSCREEN);
	if ((flags.set | flags.unset) & GUI_FLAG_ATTENTION)
		set_attention(w, flags.set & GUI_FLAG_ATTENTION);
}

void x11_state_leave_fullscreen(struct xwin *w) {
	w->fullscreen_left = true;
	w->wanted_state &= ~(unsigned)XSTATE_FULLSCREEN;
	if (w->own_fullscreen)
		leave_own(w);
	else
		apply(w, XSTATE_FULLSCREEN, false);
}

/* Before a window is mapped its wishes stand in the property (EWMH). */
void x11_state_before_map(struct xwin *w) {
	struct x11 *v = w->in;
	xcb_atom_t list[4];
	uint32_t n = 0;

	if (w->popup)
		w->wanted_state = 0;
	if (w->wanted_state & XSTATE_FULLSCREEN)
		list[n++] = v->atoms[ATOM__NET_WM_STATE_FULLSCREEN];
	if ((w->wanted_state | (w->returns ? w->kept : 0)) & XSTATE_MAXIMIZED) {
		list[n++] = v->atoms[ATOM__NET_WM_STATE_MAXIMIZED_VERT];
		list[n++] = v->atoms[ATOM__NET_WM_STATE_MAXIMIZED_HORZ];
	}
	if (w->wanted_state & XSTATE_ATTENTION)
		list[n++] = v->atoms[ATOM__NET_WM_STATE_DEMANDS_ATTENTION];
	xcb_change_property(v->c, XCB_PROP_MODE_REPLACE, w->outer, v->atoms[ATOM__NET_WM_STATE],
		XCB_ATOM_ATOM, 32, n, list);
	if (!v->at.has_wm && (w->wanted_state & XSTATE_FULLSCREEN))
		enter_own(w);
}

static unsigned state_bit(const struct x11 *v, xcb_atom_t atom) {
	if (atom == v->atoms[ATOM__NET_WM_STATE_FULLSCREEN])
		return XSTATE_FULLSCREEN;
	if (atom == v->atoms[ATOM__NET_WM_STATE_MAXIMIZED_VERT])
		return XSTATE_MAXIMIZED;
	if (atom == v->atoms[ATOM__NET_WM_STATE_DEMANDS_ATTENTION])
		return XSTATE_ATTENTION;
	return atom == v->atoms[ATOM__NET_WM_STATE_HIDDEN] ? XSTATE_HIDDEN : 0;
}

static void on_state_known(
	struct x11 *v, uint32_t id, void *data, const xcb_generic_error_t *error) {
	const xcb_get_property_reply_t *r = data;
	struct xwin *w = x11_by_id(v, id);
	const xcb_atom_t *list;

	if (!r || !w || r->format != 32)
		return;
	list = xcb_get_property_value(r);
	w->state = 0;
	for (int i = 0; i < xcb_get_property_value_length(r) / 4; i++)
		w->state |= state_bit(v, list[i]);
	if (!w->shown)
		return;
	/* Full screen by another way than ours, such as the window manager's key. */
	if ((w->state & XSTATE_FULLSCREEN) && !v->config.fullscreen_allowed && v->at.has_wm)
		apply(w, XSTATE_FULLSCREEN, false);
	report(w);
}

void x11_state_read(struct xwin *w) {
	struct x11 *v = w->in;

	x11_await(v,
		xcb_get_property(v->c, 0, w->outer, v->atoms[ATOM__NET_WM_STATE], XCB_ATOM_ATOM, 0,
			ATOMS_MAX)
			.sequence,
		w->id, on_state_known);
}
