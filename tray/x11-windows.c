/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/x11-windows.h"

#include <X11/Xlib-xcb.h>
#include <gdk/gdkx.h>
#include <stdlib.h>
#include <xcb/xcb.h>

#define LIST "_NET_CLIENT_LIST"

struct x11_windows {
	GdkWindow *root;
	Atom list;
	void (*changed)(void *user);
	void *user;
};

static GdkFilterReturn on_event(GdkXEvent *xevent, GdkEvent *event, gpointer data) {
	struct x11_windows *x = data;
	const XEvent *e = xevent;

	(void)event;
	if (e->type == PropertyNotify && e->xproperty.atom == x->list)
		x->changed(x->user);
	return GDK_FILTER_CONTINUE;
}

struct x11_windows *x11_windows_new(void (*changed)(void *user), void *user) {
	struct x11_windows *x = g_new0(struct x11_windows, 1);

	x->root = gdk_get_default_root_window();
	x->list = XInternAtom(GDK_WINDOW_XDISPLAY(x->root), LIST, False);
	x->changed = changed;
	x->user = user;
	gdk_window_set_events(x->root, gdk_window_get_events(x->root) | GDK_PROPERTY_CHANGE_MASK);
	gdk_window_add_filter(x->root, on_event, x);
	return x;
}

struct x11_windows *x11_windows_free(struct x11_windows *x) {
	if (!x)
		return NULL;
	gdk_window_remove_filter(x->root, on_event, x);
	g_free(x);
	return NULL;
}

static Atom atom(struct x11_windows *x, const char *name) {
	return gdk_x11_get_xatom_by_name_for_display(gdk_window_get_display(x->root), name);
}

/* All are asked for before the first answer is waited for. */
struct question {
	xcb_window_t id;
	xcb_get_property_cookie_t domain, title;
};

static struct open_window *answer(xcb_connection_t *c, const struct question *q) {
	xcb_get_property_reply_t *domain = xcb_get_property_reply(c, q->domain, NULL),
				 *title = xcb_get_property_reply(c, q->title, NULL);
	struct open_window *w = NULL;

	/* A window may go between two questions. */
	if (domain && title && domain->format == 8 && title->format == 8)
		w = open_window_new(q->id, xcb_get_property_value(domain),
			(size_t)xcb_get_property_value_length(domain),
			xcb_get_property_value(title),
			(size_t)xcb_get_property_value_length(title));
	free(domain);
	free(title);
	return w;
}

GPtrArray *x11_windows_list(struct x11_windows *x) {
	xcb_connection_t *c = XGetXCBConnection(GDK_WINDOW_XDISPLAY(x->root));
	xcb_get_property_cookie_t cookie = xcb_get_property(c, 0,
		(xcb_window_t)GDK_WINDOW_XID(x->root), (xcb_atom_t)x->list, XCB_ATOM_WINDOW, 0,
		OPEN_WINDOWS_MAX);
	xcb_get_property_reply_t *list = xcb_get_property_reply(c, cookie, NULL);
	uint32_t count = list && list->format == 32
				 ? (uint32_t)xcb_get_property_value_length(list) / 4
				 : 0;
	const xcb_window_t *ids = count ? xcb_get_property_value(list) : NULL;
	xcb_atom_t domain = (xcb_atom_t)atom(x, "_QUBES_VMNAME"),
		   title = (xcb_atom_t)atom(x, "_NET_WM_NAME");
	g_autofree struct question *questions = g_new0(struct question, count);
	GPtrArray *found = open_windows_new();

	for (uint32_t i = 0; i < count; i++)
		questions[i] = (struct question){ids[i],
			xcb_get_property(c, 0, ids[i], domain, XCB_GET_PROPERTY_TYPE_ANY, 0, 16),
			xcb_get_property(c, 0, ids[i], title, XCB_GET_PROPERTY_TYPE_ANY, 0,
				OPEN_WINDOW_TITLE_MAX)};
	for (uint32_t i = 0; i < count; i++) {
		struct open_window *w = answer(c, &questions[i]);

		if (w)
			g_ptr_array_add(found, w);
	}
	free(list);
	return found;
}

void x11_windows_activate(struct x11_windows *x, uint32_t id, uint32_t time) {
	Display *d = GDK_WINDOW_XDISPLAY(x->root);
	GdkDisplay *display = gdk_window_get_display(x->root);
	XEvent e = {.xclient = {.type = ClientMessage,
			    .window = id,
			    .message_type = atom(x, "_NET_ACTIVE_WINDOW"),
			    .format = 32,
			    .data.l = {2 /* at the person's own wish */, (long)time}}};

	gdk_x11_display_error_trap_push(display);
	XSendEvent(d, GDK_WINDOW_XID(x->root), False,
		SubstructureNotifyMask | SubstructureRedirectMask, &e);
	gdk_x11_display_error_trap_pop_ignored(display);
}
