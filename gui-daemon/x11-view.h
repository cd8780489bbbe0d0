/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A domain's windows on the X server: the half of the gui-daemon that holds the X connection. Only
 * checked values come in (gate.h), and windows are named by the domain's numbers. Nothing here
 * answers synchronously.
 *
 * Every window is framed by a structure of ours. Nothing that comes in can take a frame away; an
 * unknown number is ignored.
 */
#include "common/label.h"
#include "gui-daemon/place.h"
#include "proto/view.h"

struct x11;

struct x11_config {
	const char *domain; /* checked name */
	struct label label;
	char letter;    /* A-Z, 0-9: on the icon */
	uint32_t frame; /* logical pixels: wider on a screen of a larger scale */
	bool fullscreen_allowed;
	unsigned flash_ms; /* a step of the flash of a window that would like the focus; 0: none */
};

/* What the screen reports. `window` numbers are of windows that were created and not destroyed,
 * but answers to what was destroyed meanwhile may still come. */
struct x11_listener {
	/* KEYPRESS, BUTTON, MOTION, CROSSING, FOCUS, KEYMAP_NOTIFY, CLOSE, WINDOW_FLAGS, MAP:
	 * filled in as for the agent. */
	void (*on_input)(void *data, const struct gui_from_daemon *m);
	/* Where the content really is now. */
	void (*on_placed)(void *data, uint32_t window, struct rect content);
	/* The X server took the image of an x11_view_image, in order of those; and an
	 * x11_view_destroy. */
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
int x11_view_new(const struct x11_config *config, const struct x11_listener *listener, void *data,
	const char **ret_why, struct x11 **ret);
struct x11 *x11_view_free(struct x11 *v);
/* Events or answers of the X server are waiting: what makes more of them should wait too, or they
 * pile up in this process. */
bool x11_view_busy(const struct x11 *v);

/* The screen as it was at x11_view_new. */
void x11_view_screen(const struct x11 *v, struct place_screen *ret_screen,
	struct ext_monitors *ret_monitors, struct ext_keyboard *ret_keyboard);
uint32_t x11_view_depth(const struct x11 *v);
/* The frame's width now, physical pixels; after a change on_screen comes. */
uint32_t x11_view_frame(const struct x11 *v);

void x11_view_create(struct x11 *v, uint32_t window, struct rect content, bool popup);
/* Answered by on_destroyed, in turn, whether the view knows the window or not. */
void x11_view_destroy(struct x11 *v, uint32_t window);
/* take_focus: the domain has the keyboard now, its new window may have it. */
void x11_view_map(struct x11 *v, uint32_t window, const struct view_map *map, bool take_focus);
void x11_view_unmap(struct x11 *v, uint32_t window);
void x11_view_place(struct x11 *v, uint32_t window, struct rect content);
void x11_view_dock(struct x11 *v, uint32_t window);
/* Filtered text; the view adds the domain's name. */
void x11_view_title(struct x11 *v, uint32_t window, const char *text);
void x11_view_class(struct x11 *v, uint32_t window, const char *class, const char *name);
void x11_view_hints(struct x11 *v, uint32_t window, const struct gui_hints *hints);
void x11_view_flags(struct x11 *v, uint32_t window, struct gui_flags flags);
void x11_view_cursor(struct x11 *v, uint32_t window, uint32_t glyph);

/* fd: checked memory (sealed.h) that has the image from that page on; it stays the caller's. -1:
 * there is none. Replaces the window's image. Answered by on_imaged, in turn, whether the view
 * knows the window or not. */
void x11_view_image(struct x11 *v, uint32_t window, struct size size, int fd, uint32_t page);
void x11_view_drop_image(struct x11 *v, uint32_t window);
/* Area in content coordinates; what the image does not have of it is left out. */
void x11_view_paint(struct x11 *v, uint32_t window, struct rect area);

/* CTL_CHORD_COPY or CTL_CHORD_PASTE is this from now on. */
void x11_view_set_chord(struct x11 *v, unsigned what, struct ctl_chord chord);
/* Hide or show everything of the domain; windows stay as they are otherwise. */
void x11_view_hide_all(struct x11 *v, bool hide);
void x11_view_paused(struct x11 *v, bool paused);
/* The person asked for a program of this domain just now: its next ordinary window, if it comes
 * soon, has the focus unless the person did something elsewhere after this. */
void x11_view_launched(struct x11 *v);
/* Look at monitors, panels and keyboard again. */
void x11_view_refresh_screen(struct x11 *v);
/* Ask for the keys that are down now: KEYMAP_NOTIFY and FOCUS(In) for this window follow. */
void x11_view_refocus(struct x11 *v, uint32_t window);
