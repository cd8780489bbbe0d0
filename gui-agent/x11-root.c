/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a window manager says on the root window (EWMH), and that there is only one. */
#include "gui-agent/x11-display.h"

#include <errno.h>
#include <string.h>

void x11_root_clients(struct x11 *x) {
	const uint32_t *ids = (const uint32_t *)(const void *)x->clients->data;

	x11_set_words(x, x->root, X11__NET_CLIENT_LIST, XCB_ATOM_WINDOW, ids, x->clients->len);
	x11_set_words(
		x, x->root, X11__NET_CLIENT_LIST_STACKING, XCB_ATOM_WINDOW, ids, x->clients->len);
}

void x11_root_geometry(struct x11 *x, struct size size) {
	uint32_t area[4] = {0, 0, size.w, size.h};

	x11_set_words(x, x->root, X11__NET_DESKTOP_GEOMETRY, XCB_ATOM_CARDINAL, area + 2, 2);
	x11_set_words(x, x->root, X11__NET_WORKAREA, XCB_ATOM_CARDINAL, area, 4);
}

void x11_root_active(struct x11 *x, uint32_t window) {
	x11_set_words(x, x->root, X11__NET_ACTIVE_WINDOW, XCB_ATOM_WINDOW, &window, 1);
}

static void say_supported(struct x11 *x) {
	static const enum x11_atom supported[] = {X11__NET_SUPPORTED, X11__NET_SUPPORTING_WM_CHECK,
		X11__NET_CLIENT_LIST, X11__NET_CLIENT_LIST_STACKING, X11__NET_ACTIVE_WINDOW,
		X11__NET_CLOSE_WINDOW, X11__NET_NUMBER_OF_DESKTOPS, X11__NET_CURRENT_DESKTOP,
		X11__NET_DESKTOP_GEOMETRY, X11__NET_DESKTOP_VIEWPORT, X11__NET_WORKAREA,
		X11__NET_FRAME_EXTENTS, X11__NET_REQUEST_FRAME_EXTENTS, X11__NET_WM_NAME,
		X11__NET_WM_STATE, X11__NET_WM_STATE_FULLSCREEN, X11__NET_WM_STATE_HIDDEN,
		X11__NET_WM_STATE_DEMANDS_ATTENTION, X11__NET_WM_WINDOW_TYPE,
		X11__NET_WM_WINDOW_TYPE_NORMAL, X11__NET_WM_WINDOW_TYPE_DIALOG};
	uint32_t atoms[G_N_ELEMENTS(supported)];

	for (size_t i = 0; i < G_N_ELEMENTS(supported); i++)
		atoms[i] = x->atoms[supported[i]];
	x11_set_words(x, x->root, X11__NET_SUPPORTED, XCB_ATOM_ATOM, atoms, G_N_ELEMENTS(atoms));
}

static void say_desktop(struct x11 *x) {
	static const uint32_t zero[2] = {0, 0}, one = 1;
	static const char name[] = "Bulkhead";

	xcb_change_property(x->c, XCB_PROP_MODE_REPLACE, x->own, x->atoms[X11__NET_WM_NAME],
		x->atoms[X11_UTF8_STRING], 8, (uint32_t)strlen(name), name);
	x11_set_words(x, x->own, X11__NET_SUPPORTING_WM_CHECK, XCB_ATOM_WINDOW, &x->own, 1);
	x11_set_words(x, x->root, X11__NET_SUPPORTING_WM_CHECK, XCB_ATOM_WINDOW, &x->own, 1);
	x11_set_words(x, x->root, X11__NET_NUMBER_OF_DESKTOPS, XCB_ATOM_CARDINAL, &one, 1);
	x11_set_words(x, x->root, X11__NET_CURRENT_DESKTOP, XCB_ATOM_CARDINAL, zero, 1);
	x11_set_words(x, x->root, X11__NET_DESKTOP_VIEWPORT, XCB_ATOM_CARDINAL, zero, 2);
	x11_root_geometry(
		x, (struct size){x->screen->width_in_pixels, x->screen->height_in_pixels});
	x11_root_clients(x);
	x11_root_active(x, XCB_NONE);
}

static void say_manager(struct x11 *x) {
	uint32_t data[5] = {XCB_CURRENT_TIME, x->atoms[X11_WM_S0], x->own};

	xcb_set_selection_owner(x->c, x->own, x->atoms[X11_WM_S0], XCB_CURRENT_TIME);
	x11_send(x, x->root, XCB_EVENT_MASK_STRUCTURE_NOTIFY, x->root, X11_MANAGER, data);
}

int x11_root_start(struct x11 *x, const char **ret_why) {
	uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_REDIRECT | XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
			XCB_EVENT_MASK_STRUCTURE_NOTIFY;
	AUTO(auto_free)
	void *error = xcb_request_check(x->c,
		xcb_change_window_attributes_checked(x->c, x->root, XCB_CW_EVENT_MASK, &mask));

	if (error) {
		*ret_why = "another window manager runs on this X server";
		return -EBUSY;
	}
	say_supported(x);
	say_desktop(x);
	say_manager(x);
	return 0;
}
