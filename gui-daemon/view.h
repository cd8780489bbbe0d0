/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The line between the half of the daemon that reads a domain's messages (session, windows) and the
 * half that holds the X connection (x11-*): only checked values cross it, and windows are named by
 * the domain's numbers. Nothing here answers synchronously, so that the halves can become two
 * processes (docs/decisions/gui-daemon.md).
 *
 * The X half frames every window by its own structure. Nothing that crosses this line can take a
 * frame away. It trusts rectangles to keep the promises of proto/gui.h and nothing else: an
 * unknown number is ignored.
 */
#include "common/geometry.h"
#include "common/label.h"
#include "gui-daemon/place.h"
#include "proto/ctl.h"
#include "proto/ext.h"
#include "proto/gui.h"

struct pages_view;
struct view;

struct view_config {
	const char *domain; /* checked name */
	struct label label;
	char letter;    /* A-Z, 0-9: on the icon */
	uint32_t frame; /* logical pixels: wider on a screen of a larger scale */
	bool fullscreen_allowed;
	unsigned flash_ms; /* a step of the flash of a window that would like the focus; 0: none */
};

struct view_map {
	bool popup;
	bool take_focus; /* the domain has the keyboard now: its new window may have it */
	uint32_t transient_for;
};

/* What the screen reports. `window` numbers are of windows that were created and not destroyed,
 * but answers to what was destroyed meanwhile may still come. */
struct view_listener {
	/* KEYPRESS, BUTTON, MOTION, CROSSING, FOCUS, KEYMAP_NOTIFY, CLOSE, WINDOW_FLAGS, MAP:
	 * filled in as for the agent. */
	void (*on_input)(void *data, const struct gui_from_daemon *m);
	/* Where the content really is now. */
	void (*on_placed)(void *data, uint32_t window, struct rect content);
	/* The X server took the image of a view_image, in order of those; and a view_destroy. */
	void (*on_imaged)(void *data, uint32_t window);
	void (*on_destroyed)(void *data, uint32_t window);
	/* Everything painted so far is on the screen. */
	void (*on_painted)(void *data, uint32_t window);
	void (*on_screen)(void *data, const struct place_screen *s, const struct ext_monitors *m);
	void (*on_keyboard)(void *data, const struct ext_keyboard *k);
	/* The person pressed one of the chords in this window; the domain sees nothing of the key.
	 * what: CTL_CHORD_* */
	void (*on_chord)(void *data, uint32_t window, unsigned what);
	/* All that the X server had sent was reported. */
	void (*on_turn)(void *data);
	/* The X server is gone. */
	void (*on_lost)(void *data);
};

/* Connects to $DISPLAY and reads what it needs. 0 or -errno; -EPROTO with one line in *ret_why if
 * the server lacks something. */
int view_new(const struct view_config *config, const struct view_listener *listener, void *data,
	const char **ret_why, struct view **ret);
struct view *view_free(struct view *v);
int view_fd(const struct view *v);
/* Events or answers of the X server are waiting: what makes more of them should wait too, or they
 * pile up in this process. */
bool view_busy(const struct view *v);

/* The screen as it was at view_new. */
void view_screen(const struct view *v, struct place_screen *ret_screen,
	struct ext_monitors *ret_monitors, struct ext_keyboard *ret_keyboard);
uint32_t view_depth(const struct view *v);
/* The frame's width now, physical pixels; after a change on_screen comes. */
uint32_t view_frame(const struct view *v);

void view_create(struct view *v, uint32_t window, struct rect content, bool popup);
/* Answered by on_destroyed, in turn, whether the view knows the window or not. */
void view_destroy(struct view *v, uint32_t window);
void view_map(struct view *v, uint32_t window, const struct view_map *map);
void view_unmap(struct view *v, uint32_t window);
void view_place(struct view *v, uint32_t window, struct rect content);
void view_dock(struct view *v, uint32_t window);
/* Filtered text; the view adds the domain's name. */
void view_title(struct view *v, uint32_t window, const char *text);
void view_class(struct view *v, uint32_t window, const char *class, const char *name);
void view_hints(struct view *v, uint32_t window, const struct gui_hints *hints);
void view_flags(struct view *v, uint32_t window, struct gui_flags flags);
void view_cursor(struct view *v, uint32_t window, uint32_t glyph);

/* The pages become the view's; NULL when there are none. Replaces the window's image. Answered by
 * on_imaged, in turn, whether the view knows the window or not. */
void view_image(struct view *v, uint32_t window, struct size size, struct pages_view *pages);
void view_drop_image(struct view *v, uint32_t window);
/* Area in content coordinates, within the window's image (or the screen window's). */
void view_paint(struct view *v, uint32_t window, struct rect area);

/* CTL_CHORD_COPY or CTL_CHORD_PASTE is this from now on. */
void view_set_chord(struct view *v, unsigned what, struct ctl_chord chord);
/* Hide or show everything of the domain; windows stay as they are otherwise. */
void view_hide_all(struct view *v, bool hide);
void view_paused(struct view *v, bool paused);
/* The person asked for a program of this domain just now: its next ordinary window, if it comes
 * soon, has the focus unless the person did something elsewhere after this. */
void view_launched(struct view *v);
/* Look at monitors, panels and keyboard again. */
void view_refresh_screen(struct view *v);
/* Ask for the keys that are down now: KEYMAP_NOTIFY and FOCUS(In) for this window follow. */
void view_refocus(struct view *v, uint32_t window);
