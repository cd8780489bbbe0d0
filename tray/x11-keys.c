/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/x11-keys.h"

#include <X11/Xlib.h>
#include <gdk/gdkx.h>
#include <gtk/gtk.h>

#define BINDINGS_MAX 8

struct binding {
	KeyCode keycode;
	unsigned modifiers;
	key_action action;
	void *data;
};

struct keys {
	GdkWindow *root;
	struct binding bindings[BINDINGS_MAX];
	unsigned count;
};

/* Caps Lock and Num Lock never matter. */
static const unsigned ignored[] = {0, LockMask, Mod2Mask, LockMask | Mod2Mask};
#define MODIFIERS (ShiftMask | ControlMask | Mod1Mask | Mod4Mask)

static GdkFilterReturn on_event(GdkXEvent *xevent, GdkEvent *event, gpointer data) {
	struct keys *k = data;
	XEvent *e = xevent;

	(void)event;
	if (e->type != KeyPress)
		return GDK_FILTER_CONTINUE;
	for (unsigned i = 0; i < k->count; i++) {
		struct binding *b = &k->bindings[i];

		if (b->keycode == e->xkey.keycode && b->modifiers == (e->xkey.state & MODIFIERS)) {
			/* The grab of the key itself would be in the way of a menu's. */
			XUngrabKeyboard(e->xany.display, e->xkey.time);
			b->action(b->data);
			return GDK_FILTER_REMOVE;
		}
	}
	return GDK_FILTER_CONTINUE;
}

struct keys *keys_new(void) {
	struct keys *k = g_new0(struct keys, 1);

	k->root = gdk_get_default_root_window();
	gdk_window_add_filter(k->root, on_event, k);
	return k;
}

static void grab(struct keys *k, const struct binding *b, bool on) {
	Display *d = GDK_WINDOW_XDISPLAY(k->root);
	Window root = GDK_WINDOW_XID(k->root);

	for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++) {
		if (on)
			XGrabKey(d, b->keycode, b->modifiers | ignored[i], root, False,
				GrabModeAsync, GrabModeAsync);
		else
			XUngrabKey(d, b->keycode, b->modifiers | ignored[i], root);
	}
}

/* GTK's word for a modifier, in the bits of the core protocol. */
static unsigned core_modifiers(GdkModifierType mods) {
	unsigned m = mods & (ShiftMask | ControlMask | Mod1Mask);

	if (mods & (GDK_SUPER_MASK | GDK_MOD4_MASK))
		m |= Mod4Mask;
	return m;
}

bool keys_parse(const char *accelerator, unsigned *ret_keysym, unsigned *ret_modifiers) {
	GdkModifierType mods = 0;
	guint keyval = 0;

	gtk_accelerator_parse(accelerator, &keyval, &mods);
	if (keyval == 0)
		return false;
	*ret_keysym = keyval;
	*ret_modifiers = core_modifiers(mods);
	return true;
}

int keys_bind(struct keys *k, const char *accelerator, key_action action, void *data) {
	struct binding b = {.action = action, .data = data};
	unsigned keyval;
	GdkDisplay *display = gdk_window_get_display(k->root);

	if (k->count == BINDINGS_MAX || !keys_parse(accelerator, &keyval, &b.modifiers))
		return KEYS_E_NAME;
	b.keycode = XKeysymToKeycode(GDK_WINDOW_XDISPLAY(k->root), keyval);
	if (b.keycode == 0)
		return KEYS_E_NAME;

	gdk_x11_display_error_trap_push(display);
	grab(k, &b, true);
	if (gdk_x11_display_error_trap_pop(display)) {
		gdk_x11_display_error_trap_push(display);
		grab(k, &b, false);
		gdk_x11_display_error_trap_pop_ignored(display);
		return KEYS_E_TAKEN;
	}
	k->bindings[k->count++] = b;
	return 0;
}

struct keys *keys_free(struct keys *k) {
	if (!k)
		return NULL;
	for (unsigned i = 0; i < k->count; i++)
		grab(k, &k->bindings[i], false);
	gdk_window_remove_filter(k->root, on_event, k);
	g_free(k);
	return NULL;
}
