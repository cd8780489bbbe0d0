/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The name of the cursor that the domain's server shows, told for the window the pointer is in.
 * Cursors without a known name are the default: their images do not cross. */
#include "gui-agent/cursor-names.h"
#include "gui-agent/x11-display.h"

static void apply(struct x11 *x, uint32_t glyph) {
	struct window *w = windows_find(x->windows, x->pointer);

	x->cursor = glyph;
	if (!w || w->cursor == glyph)
		return;
	w->cursor = glyph;
	window_changed(w, WINDOW_CURSOR);
}

static void on_name(struct x11 *x, uint32_t window, uint32_t atom, void *reply) {
	const xcb_get_atom_name_reply_t *n = reply;
	uint32_t glyph = n ? cursor_glyph(
				     xcb_get_atom_name_name(n), xcb_get_atom_name_name_length(n))
			   : 0;

	if (g_hash_table_size(x->cursors) < 1024)
		g_hash_table_insert(x->cursors, GUINT_TO_POINTER(atom), GUINT_TO_POINTER(glyph));
	if (atom == x->cursor_atom)
		apply(x, glyph);
}

static void on_notify(struct x11 *x, const xcb_xfixes_cursor_notify_event_t *e) {
	gpointer glyph;

	x->cursor_atom = e->name;
	if (e->name == XCB_NONE)
		apply(x, 0);
	else if (g_hash_table_lookup_extended(x->cursors, GUINT_TO_POINTER(e->name), NULL, &glyph))
		apply(x, GPOINTER_TO_UINT(glyph));
	else
		x11_await(x, xcb_get_atom_name(x->c, e->name).sequence, on_name, 0, e->name);
}

void x11_cursor_entered(struct x11 *x) {
	apply(x, x->cursor);
}

void x11_cursor_event(struct x11 *x, const xcb_generic_event_t *e) {
	if (x11_type(e) == x->fixes_event + XCB_XFIXES_CURSOR_NOTIFY)
		on_notify(x, (const void *)e);
}

void x11_cursor_start(struct x11 *x) {
	x->cursors = g_hash_table_new(NULL, NULL);
	xcb_xfixes_select_cursor_input(x->c, x->root, XCB_XFIXES_CURSOR_NOTIFY_MASK_DISPLAY_CURSOR);
}
