/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the x11-* files share. XCB only: every request is asynchronous, answers come through
 * x11_await, errors as events. Nothing here trusts the other half of the daemon with a frame: all
 * top-levels are made by x11-frame.c.
 */
#include "gui-daemon/damage.h"
#include "gui-daemon/x11-view.h"
#include "gui-daemon/wish.h"
#include "gui-daemon/x11-atoms.h"
#include "gui-daemon/x11-flash.h"

#include <glib.h>
#include <xcb/randr.h>
#include <xcb/shm.h>
#include <xcb/xcb.h>
#include <xcb/xcbext.h>

#define X11_CURSOR_GLYPHS 0x9a

struct xscreen {
	struct ext_monitors monitors;
	struct place_screen usable;
	struct ext_keyboard keyboard;
	uint32_t frame; /* config.frame, scaled */
	bool has_wm;
	uint8_t randr_event;
	bool refreshing, refresh_again;
};

/* The person's wish to see a window of this domain (x11-launch.c). */
struct x11_launch {
	uint8_t opcode;     /* of the X Input extension; 0: there is none, and no wish is kept */
	xcb_window_t probe; /* how the server's time is learned */
	struct wish wish;
};

struct x11_scan;

/* What is trusted and where (x11-stack.c). */
struct x11_stack {
	struct x11_scan *scan; /* NULL: none under way */
	bool again;            /* once more when it is over */
	GHashTable *trusted;   /* top-level windows, as the last look found them */
	bool watched;          /* the root tells of others' windows */
	gint64 last;           /* when the last look began, monotonic microseconds */
	guint timer;
};

struct ximage {
	xcb_shm_seg_t segment; /* 0: none */
	uint32_t offset;       /* in it, bytes */
	struct size size;
};

enum xstate {
	XSTATE_FULLSCREEN = 1,
	XSTATE_MAXIMIZED = 2,
	XSTATE_ATTENTION = 4,
	XSTATE_HIDDEN = 8
};

enum xstack { XSTACK_NONE, XSTACK_WAITS, XSTACK_SCANNED };

struct xwin {
	struct x11 *in;
	uint32_t id;
	/* The frame's parts (x11-frame.c). */
	xcb_window_t outer, content, right, bottom;
	uint32_t frame;
	xcb_window_t parent; /* of outer: the root, or what a window manager or tray put there */
	struct rect at;      /* the content, root coordinates, as last known or asked for */
	struct size outer_size;
	bool popup;             /* as the domain's half says */
	bool override_redirect; /* as the X server knows it */
	bool wanted;            /* the domain wants it mapped */
	bool shown;             /* we asked the server to map it */
	enum xstack stacking;   /* waits for the list of trusted windows before it is mapped */
	bool docked, embedded;
	bool place_asked, place_again;
	uint32_t transient_for;
	struct ximage image;
	struct damage damage;
	bool putting;                 /* a put of ours was not completed yet */
	bool dirty;                   /* in view.dirty */
	unsigned state, wanted_state; /* enum xstate */
	bool own_fullscreen;          /* without a window manager: restore says where it was */
	bool fullscreen_left; /* by the person's key: not again before they press another in it */
	bool returns;         /* mapped again after everything was hidden */
	unsigned kept;        /* enum xstate that it had then, by the person's doing */
	struct rect restore;
	uint32_t cursor;
	struct gui_hints hints;
	char *title, *class;
};

typedef void (*x11_answer)(
	struct x11 *v, uint32_t window, void *reply, const xcb_generic_error_t *error);

struct x11 {
	xcb_connection_t *c;
	int screen_number;
	const xcb_screen_t *screen;
	struct x11_config config;
	const struct x11_listener *on;
	void *data;
	GSource *source;
	gpointer poll_tag;
	xcb_generic_event_t *stash;
	GQueue waiting; /* struct x11_wait, in the order of their requests */
	GHashTable *by_id, *by_xid;
	GPtrArray *dirty;
	xcb_atom_t atoms[ATOM_COUNT];
	xcb_pixmap_t tile;
	xcb_gcontext_t gc;
	xcb_font_t cursor_font;
	xcb_cursor_t cursors[X11_CURSOR_GLYPHS / 2];
	uint8_t shm_event;
	struct xscreen at;
	struct answers *asked; /* x11-screen.c */
	struct x11_stack stack;
	xcb_window_t tray;
	xcb_keycode_t escape;
	struct ctl_chord chords[CTL_CHORD_PASTE + 1];  /* by CTL_CHORD_* */
	xcb_keycode_t chord_keys[CTL_CHORD_PASTE + 1]; /* 0: no key makes it */
	xcb_keycode_t swallowed; /* pressed in a chord: its release is not the domain's either */
	xcb_keycode_t released;  /* of a chord, when */
	xcb_timestamp_t released_at;
	xcb_timestamp_t user_time;
	struct xwin *focus, *user_time_of;
	bool user_time_changed;
	struct x11_launch launch;
	struct x11_flash flash;
	/* The focus and enter events whose KeymapNotify is still to come. */
	struct gui_from_daemon held;
	bool holding, hidden, paused, lost, answered;
	uint32_t *icon;
	unsigned errors_told;
};

/* x11-view.c */
struct xwin *x11_by_id(const struct x11 *v, uint32_t id);
struct xwin *x11_by_xid(const struct x11 *v, xcb_window_t xid);
/* Calls `answer` when the server has handled this request; answers come in order. */
void x11_await(struct x11 *v, unsigned sequence, uint32_t window, x11_answer answer);

/* x11-frame.c */
void x11_frame_init(struct x11 *v);
void x11_frame_build(struct xwin *w);
void x11_frame_raze(struct xwin *w);
/* The outer window has this size now: the content follows. */
void x11_frame_fit(struct xwin *w, struct size outer);
void x11_frame_set_width(struct xwin *w, uint32_t frame);
/* All parts of the frame show this tile: the label's (v->tile), or that of a flash. */
void x11_frame_show(struct xwin *w, xcb_pixmap_t tile);
xcb_pixmap_t x11_frame_negative(struct x11 *v);

/* x11-window.c */
void x11_window_on_event(struct x11 *v, const xcb_generic_event_t *e);
void x11_window_free(void *w);
void x11_window_show(struct xwin *w);
void x11_window_hide(struct xwin *w);
void x11_window_move(struct xwin *w, struct rect content);
/* All windows have frames of v->at.frame; the contents keep their sizes where they may. */
void x11_window_reframe(struct x11 *v);

/* x11-launch.c */
void x11_launch_init(struct x11 *v);
void x11_launch_on_input(struct x11 *v, const xcb_ge_generic_event_t *e);
bool x11_launch_on_property(struct x11 *v, const xcb_property_notify_event_t *e);
/* The wish's time, once; 0: there is none. */
xcb_timestamp_t x11_launch_take(struct x11 *v);

/* x11-props.c */
void x11_props_set_fixed(struct xwin *w);
void x11_props_set_hints(struct xwin *w);
void x11_props_set_title(struct xwin *w);
void x11_props_set_class(struct xwin *w);
void x11_props_before_map(struct xwin *w, bool take_focus);
void x11_props_user_time(struct x11 *v);

/* x11-image.c */
void x11_image_paint_dirty(struct x11 *v);
void x11_image_expose(struct xwin *w, struct rect area);
void x11_image_completed(struct x11 *v, xcb_window_t content);
void x11_image_drop(struct xwin *w);

/* x11-input.c */
bool x11_input_on_event(struct x11 *v, const xcb_generic_event_t *e);
void x11_input_refresh_keys(struct x11 *v);

/* x11-state.c */
void x11_state_read(struct xwin *w);
void x11_state_before_map(struct xwin *w);
void x11_state_leave_fullscreen(struct xwin *w);

/* x11-screen.c */
int x11_screen_init(struct x11 *v, const char **ret_why);
void x11_screen_refresh(struct x11 *v);
void x11_screen_deinit(struct x11 *v);
/* Also of other programs' top-level windows, or no more. */
void x11_screen_select(struct x11 *v, bool tops);
bool x11_screen_on_event(struct x11 *v, const xcb_generic_event_t *e);

/* x11-stack.c */
void x11_stack_init(struct x11 *v);
void x11_stack_deinit(struct x11 *v);
void x11_stack_then_map(struct xwin *w);
/* True: it was one of the root's events, which are nobody else's business. */
bool x11_stack_on_event(struct x11 *v, const xcb_generic_event_t *e);

/* x11-tray.c */
void x11_tray_init(struct x11 *v);
void x11_tray_dock(struct xwin *w);
void x11_tray_hide(struct xwin *w, bool hide);
/* Its tray gave it back, or ended: it goes to the next one or stands alone. */
void x11_tray_lost(struct xwin *w);
bool x11_tray_on_client_message(struct x11 *v, const xcb_client_message_event_t *e);
