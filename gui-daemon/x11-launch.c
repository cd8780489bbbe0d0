/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A launch: the person asked for a program, so its first window may have the focus although another
 * domain has it (users-needs G1, bug class B2). One wish is one window. It is void after half a
 * minute, and with the first key or button that the person presses anywhere after it: until then,
 * and only then, this process hears that something was pressed (raw events of X Input); what it was
 * is not looked at. The window gets the time of the asking, for window managers that compare such
 * times themselves.
 */
#include "gui-daemon/x11-private.h"

#include <xcb/xinput.h>

void x11_launch_init(struct x11 *v) {
	const xcb_query_extension_reply_t *r = xcb_get_extension_data(v->c, &xcb_input_id);

	if (!r || !r->present)
		return;
	v->launch.opcode = r->major_opcode;
	/* From 2.1 on raw events come also while somebody holds a grab. */
	xcb_discard_reply(v->c, xcb_input_xi_query_version(v->c, 2, 2).sequence);
}

static void listen(struct x11 *v, bool on) {
	const struct {
		xcb_input_event_mask_t head;
		uint32_t mask;
	} m = {{XCB_INPUT_DEVICE_ALL_MASTER, 1},
		on ? XCB_INPUT_XI_EVENT_MASK_RAW_KEY_PRESS |
				XCB_INPUT_XI_EVENT_MASK_RAW_BUTTON_PRESS
		   : 0};

	xcb_input_xi_select_events(v->c, v->screen->root, 1, &m.head);
}

static void forget(struct x11 *v) {
	if (v->launch.wish.expires > 0)
		listen(v, false);
	wish_forget(&v->launch.wish);
}

/* The X server tells its time with every change of a property, even by nothing. */
static void ask_time(struct x11 *v) {
	uint32_t events = XCB_EVENT_MASK_PROPERTY_CHANGE;

	if (!v->launch.probe) {
		v->launch.probe = xcb_generate_id(v->c);
		xcb_create_window(v->c, 0, v->launch.probe, v->screen->root, -1, -1, 1, 1, 0,
			XCB_WINDOW_CLASS_INPUT_ONLY, XCB_COPY_FROM_PARENT, XCB_CW_EVENT_MASK,
			&events);
	}
	xcb_change_property(v->c, XCB_PROP_MODE_APPEND, v->launch.probe, XCB_ATOM_WM_NAME,
		XCB_ATOM_STRING, 8, 0, NULL);
}

void x11_view_launched(struct x11 *v) {
	if (!v->launch.opcode)
		return;
	wish_begin(&v->launch.wish, g_get_monotonic_time());
	listen(v, true);
	ask_time(v);
}

void x11_launch_on_input(struct x11 *v, const xcb_ge_generic_event_t *e) {
	if (e->extension == v->launch.opcode)
		forget(v);
}

bool x11_launch_on_property(struct x11 *v, const xcb_property_notify_event_t *e) {
	if (!v->launch.probe || e->window != v->launch.probe)
		return false;
	wish_know_time(&v->launch.wish, e->time);
	return true;
}

xcb_timestamp_t x11_launch_take(struct x11 *v) {
	struct wish wish = v->launch.wish;

	forget(v);
	return wish_take(&wish, g_get_monotonic_time());
}
