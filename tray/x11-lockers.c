/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/x11-lockers.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <gdk/gdkx.h>

static const char *const known[] = {"xscreensaver", "i3lock", "slock", "xsecurelock",
	"light-locker", "gnome-screensaver", "mate-screensaver", "cinnamon-screensaver",
	"xfce4-screensaver", "xtrlock", "kscreenlocker_greet", "xlock", "alock", "physlock"};

struct lockers {
	GdkWindow *root;
	GHashTable *windows; /* ids of lockers that are mapped now */
	locker_seen seen;
	void *data;
};

static bool is_known(const char *name) {
	for (size_t i = 0; name && i < G_N_ELEMENTS(known); i++)
		if (!g_ascii_strcasecmp(name, known[i]))
			return true;
	return false;
}

static bool is_locker(Display *d, Window w) {
	XWindowAttributes a;
	XClassHint class = {NULL, NULL};
	bool yes = false;

	gdk_x11_display_error_trap_push(gdk_display_get_default());
	if (XGetWindowAttributes(d, w, &a) && a.override_redirect && a.x <= 0 && a.y <= 0 &&
		a.x + a.width >= WidthOfScreen(a.screen) &&
		a.y + a.height >= HeightOfScreen(a.screen) && XGetClassHint(d, w, &class))
		yes = is_known(class.res_name) || is_known(class.res_class);
	gdk_x11_display_error_trap_pop_ignored(gdk_display_get_default());
	if (class.res_name)
		XFree(class.res_name);
	if (class.res_class)
		XFree(class.res_class);
	return yes;
}

static void set_window(struct lockers *l, Window w, bool mapped) {
	bool before = g_hash_table_size(l->windows) > 0, after;

	if (mapped)
		g_hash_table_add(l->windows, GSIZE_TO_POINTER(w));
	else
		g_hash_table_remove(l->windows, GSIZE_TO_POINTER(w));
	after = g_hash_table_size(l->windows) > 0;
	if (after != before)
		l->seen(after, l->data);
}

static GdkFilterReturn on_event(GdkXEvent *xevent, GdkEvent *event, gpointer data) {
	struct lockers *l = data;
	XEvent *e = xevent;

	(void)event;
	if (e->type == MapNotify && e->xmap.override_redirect &&
		is_locker(e->xany.display, e->xmap.window))
		set_window(l, e->xmap.window, true);
	else if (e->type == UnmapNotify)
		set_window(l, e->xunmap.window, false);
	else if (e->type == DestroyNotify)
		set_window(l, e->xdestroywindow.window, false);
	return GDK_FILTER_CONTINUE;
}

struct lockers *lockers_new(locker_seen seen, void *data) {
	struct lockers *l = g_new0(struct lockers, 1);
	Display *d;
	Window root, parent, *children = NULL;
	unsigned n = 0;

	l->root = gdk_get_default_root_window();
	l->windows = g_hash_table_new(NULL, NULL);
	l->seen = seen;
	l->data = data;
	gdk_window_set_events(l->root, gdk_window_get_events(l->root) | GDK_SUBSTRUCTURE_MASK);
	gdk_window_add_filter(l->root, on_event, l);
	/* One that was there before us. */
	d = GDK_WINDOW_XDISPLAY(l->root);
	if (XQueryTree(d, GDK_WINDOW_XID(l->root), &root, &parent, &children, &n)) {
		for (unsigned i = 0; i < n; i++) {
			XWindowAttributes a = {.map_state = IsUnmapped};

			gdk_x11_display_error_trap_push(gdk_display_get_default());
			XGetWindowAttributes(d, children[i], &a);
			gdk_x11_display_error_trap_pop_ignored(gdk_display_get_default());
			if (a.map_state == IsViewable && is_locker(d, children[i]))
				set_window(l, children[i], true);
		}
		if (children)
			XFree(children);
	}
	return l;
}

struct lockers *lockers_free(struct lockers *l) {
	if (!l)
		return NULL;
	gdk_window_remove_filter(l->root, on_event, l);
	g_hash_table_unref(l->windows);
	g_free(l);
	return NULL;
}
