/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the x11-*.c files share: the connection, atoms, and answers that come later. */
#include "gui-agent/keys.h"
#include "gui-agent/x11.h"

#include <string.h>
#include <xcb/composite.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>
#include <xcb/xfixes.h>
#include <xcb/xkb.h>
#include <xcb/xtest.h>

/* clang-format off */
#define X11_ATOMS(A) \
	A(WM_S0) A(MANAGER) A(UTF8_STRING) A(COMPOUND_TEXT) A(TARGETS) A(TIMESTAMP) A(INCR) A(CLIPBOARD) \
	A(WM_STATE) A(WM_CHANGE_STATE) A(WM_PROTOCOLS) A(WM_DELETE_WINDOW) A(WM_TAKE_FOCUS) \
	A(_NET_SUPPORTED) A(_NET_SUPPORTING_WM_CHECK) A(_NET_CLIENT_LIST) A(_NET_CLIENT_LIST_STACKING) \
	A(_NET_ACTIVE_WINDOW) A(_NET_CLOSE_WINDOW) A(_NET_NUMBER_OF_DESKTOPS) A(_NET_CURRENT_DESKTOP) \
	A(_NET_DESKTOP_GEOMETRY) A(_NET_DESKTOP_VIEWPORT) A(_NET_WORKAREA) A(_NET_FRAME_EXTENTS) \
	A(_NET_REQUEST_FRAME_EXTENTS) A(_NET_WM_NAME) A(_NET_WM_STATE) A(_NET_WM_STATE_FULLSCREEN) \
	A(_NET_WM_STATE_HIDDEN) A(_NET_WM_STATE_DEMANDS_ATTENTION) A(_NET_WM_WINDOW_TYPE) \
	A(_NET_WM_WINDOW_TYPE_NORMAL) A(_NET_WM_WINDOW_TYPE_DIALOG) A(_NET_MOVERESIZE_WINDOW) \
	A(_NET_SYSTEM_TRAY_S0) A(_NET_SYSTEM_TRAY_OPCODE) A(_NET_SYSTEM_TRAY_VISUAL) \
	A(_NET_SYSTEM_TRAY_ORIENTATION) A(_XEMBED) A(_XEMBED_INFO) A(_BULKHEAD_TIME) A(_BULKHEAD_CLIPBOARD) \
	A(TEXT_UTF8)
/* clang-format on */

enum x11_atom {
#define A(name) X11_##name,
	X11_ATOMS(A)
#undef A
		X11_ATOM_COUNT
};

/* What the X side keeps of a window. */
struct xwin {
	uint8_t depth;
	bool map_seen;         /* mapped in the X server */
	bool viewable;         /* its pixels may be asked for */
	bool icon;             /* an embedder of ours: docked, not managed */
	unsigned replies_open; /* of what must be known before the window is shown */
	bool protocol_delete, protocol_take_focus, no_input;
	bool props_asked, utf8_title, urgent;
	unsigned configure_seq; /* older ConfigureNotify events are stale */
	xcb_damage_damage_t damage;

	/* x11-image.c */
	xcb_pixmap_t named;
	struct image *next, *old; /* being filled; replaced, its successor not told yet */
	GQueue retired;           /* replaced and told; one entry (may be NULL) an open dump */
	bool whole;               /* everything is to be copied, and told by a dump */
	bool stuck;               /* the last try failed: wait for an event of the window */
	bool copying, copying_whole;
	unsigned copy_first, copy_last; /* sequence numbers of the copy under way */
	unsigned whole_seq;             /* of the last copy of everything */
	struct region copied;
};

typedef void x11_reply_fn(struct x11 *x, uint32_t window, uint32_t arg, void *reply);

struct x11 {
	xcb_connection_t *c;
	xcb_screen_t *screen;
	xcb_window_t root, own, stub; /* own: properties and selections; stub: see x11-input.c */
	int peer;
	struct windows *windows;
	const struct x11_events *events;
	void *user;
	GSource *source;
	xcb_generic_event_t *held; /* read before the loop slept, not dispatched yet */
	GQueue replies;
	xcb_atom_t atoms[X11_ATOM_COUNT];
	uint8_t damage_event, fixes_event, randr_event, xkb_event;
	bool gone;

	/* x11-image.c */
	bool connected, dump_ack;
	xcb_gcontext_t gc[2][2]; /* [depth 24, 32][tells when it is done] */
	GHashTable *by_pixmap;   /* shared pixmap -> window */

	/* x11-input.c */
	struct keys keys;
	struct keymap keymap;
	uint16_t buttons;
	uint8_t state; /* the server's modifiers, if state_known */
	bool state_known;
	unsigned state_asked;  /* answers outstanding */
	uint32_t top, pointer; /* the window raised last; the one the pointer is in */
	uint32_t focus, focus_wanted;
	bool focus_due;

	struct x11_clipboard *clipboard;
	struct x11_clipboard_owner *clipboard_owner;
	struct x11_screen *screens;
	GHashTable *icons;   /* embedder -> icon */
	GHashTable *cursors; /* atom -> glyph */
	uint32_t cursor;     /* shown now */
	xcb_atom_t cursor_atom;
	GArray *clients; /* managed windows, oldest mapping first */
};

/* The reply of the request with this sequence number goes to fn (NULL: it failed). */
void x11_await(struct x11 *x, unsigned sequence, x11_reply_fn *fn, uint32_t window, uint32_t arg);

/* x11-manage.c */
int x11_manage_start(struct x11 *x, const char **ret_why);
void x11_manage_event(struct x11 *x, const xcb_generic_event_t *e);
void x11_manage_forget(struct x11 *x, struct window *w);
/* One of the answers came that a window waits for. */
void x11_manage_answered(struct x11 *x, struct window *w);
void x11_manage_state(struct x11 *x, struct window *w);

/* x11-props.c */
void x11_props_ask(struct x11 *x, struct window *w);
void x11_props_changed(struct x11 *x, struct window *w, xcb_atom_t atom);

/* x11-root.c */
int x11_root_start(struct x11 *x, const char **ret_why);
void x11_root_clients(struct x11 *x);
void x11_root_geometry(struct x11 *x, struct size size);
void x11_root_active(struct x11 *x, uint32_t window);

/* x11-image.c */
void x11_image_start(struct x11 *x);
void x11_image_mapped(struct x11 *x, struct window *w);
void x11_image_unmapped(struct x11 *x, struct window *w);
/* False: not an event of this file. */
bool x11_image_event(struct x11 *x, const xcb_generic_event_t *e);
void x11_image_error(struct x11 *x, unsigned sequence);
void x11_image_forget(struct x11 *x, struct window *w);

/* x11-input.c */
void x11_input_start(struct x11 *x);
/* A window is about to be mapped: not under a pointer that is elsewhere. */
void x11_input_will_map(struct x11 *x, uint32_t window);
/* A window was mapped, above all others. */
void x11_input_mapped(struct x11 *x);
void x11_input_event(struct x11 *x, const xcb_generic_event_t *e);

/* x11-focus.c, x11-cursor.c, x11-tray.c, x11-clipboard.c, x11-screen.c */
void x11_focus_time(struct x11 *x, xcb_timestamp_t time);
void x11_cursor_start(struct x11 *x);
void x11_cursor_entered(struct x11 *x);
void x11_cursor_event(struct x11 *x, const xcb_generic_event_t *e);
void x11_tray_start(struct x11 *x);
bool x11_tray_event(struct x11 *x, const xcb_generic_event_t *e);
bool x11_tray_owns(struct x11 *x, uint32_t window);
void x11_tray_configured(struct x11 *x, struct window *w);
void x11_tray_stop(struct x11 *x);
void x11_clipboard_start(struct x11 *x);
bool x11_clipboard_event(struct x11 *x, const xcb_generic_event_t *e);
void x11_clipboard_stop(struct x11 *x);
void x11_clipboard_owner_start(struct x11 *x);
/* Requests for what we own, pieces that were taken, the end of owning; false: another's. */
bool x11_clipboard_owner_event(struct x11 *x, const xcb_generic_event_t *e);
void x11_clipboard_owner_stop(struct x11 *x);
void x11_screen_start(struct x11 *x);
void x11_screen_stop(struct x11 *x);

static inline bool x11_before(unsigned a, unsigned b) {
	return (int)(a - b) < 0;
}

static inline uint8_t x11_type(const xcb_generic_event_t *e) {
	return e->response_type & 0x7f;
}

/* A client message of format 32. */
void x11_send(struct x11 *x, uint32_t to, uint32_t event_mask, uint32_t window, enum x11_atom type,
	const uint32_t data[5]);
void x11_set_words(struct x11 *x, uint32_t window, enum x11_atom property, xcb_atom_t type,
	const uint32_t *words, uint32_t n);
