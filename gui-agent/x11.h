/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The domain's X server, as the agent's other half sees it: no X type appears here. What happens in
 * the X server changes the window table; what the daemon wants is done by these calls. None of them
 * waits for the X server, but x11_open.
 */
#include "gui-agent/window.h"
#include "proto/ext.h"

struct x11;

#define CLIPBOARD_TEXT_MAX (16u << 20)

struct x11_events {
	void (*clipboard_owner)(void *user);
	/* The answer to x11_clipboard_get, CLIPBOARD_TEXT_MAX + 1 bytes: there is more than that;
	 * 0: there is no text. */
	void (*clipboard)(void *user, const uint8_t *data, size_t size);
	/* What x11_screen_set asked for is done, or as much of it as could be. */
	void (*screen_set)(void *user);
	void (*gone)(void *user);
};

/* Becomes window manager of $DISPLAY and puts all its windows into the table. 0, or -errno with a
 * sentence in *ret_why. */
MUST_USE int x11_open(struct windows *windows, int peer, const struct x11_events *events,
	void *user, struct x11 **ret, const char **ret_why);
struct x11 *x11_free(struct x11 *x);

/* Sends what waits; call before the loop sleeps. */
void x11_flush(struct x11 *x);

/* Pixels (x11-image.c). dump_ack: the daemon acknowledges dumps (minor 7). */
void x11_image_connected(struct x11 *x, bool connected, bool dump_ack);
/* Starts the copying that is due for this window. */
void x11_image_pump(struct x11 *x, struct window *w);
/* The dump that window_next announced: what it carries. */
struct pages_share *x11_image_dump(struct x11 *x, struct window *w, struct size *ret);
/* The daemon mapped the last dump. */
void x11_image_acked(struct x11 *x, struct window *w);

/* The daemon's wishes. */
void x11_configure(struct x11 *x, struct window *w, struct rect at);
void x11_map(struct x11 *x, struct window *w);
void x11_close(struct x11 *x, struct window *w);
void x11_focus(struct x11 *x, struct window *w, bool in);
/* At the end of a turn: what x11_focus left to be done. */
void x11_focus_apply(struct x11 *x);
void x11_flags(struct x11 *x, struct window *w, uint32_t set, uint32_t unset);

/* Input. A window may be NULL where the daemon named one that is gone. */
void x11_key(struct x11 *x, const struct gui_key *key);
void x11_button(struct x11 *x, struct window *w, const struct gui_button *button);
void x11_motion(struct x11 *x, struct window *w, struct point at);
void x11_crossing(struct x11 *x, struct window *w, const struct gui_crossing *crossing);
void x11_keymap(struct x11 *x, const uint8_t keys[32]);
/* The daemon is gone: nobody holds a key or a button any more. */
void x11_release_all(struct x11 *x);

/* Asks the owner of the clipboard for its text, anew if it was asked already. */
void x11_clipboard_get(struct x11 *x);
/* Becomes the owner of the clipboard with this text. */
void x11_clipboard_set(struct x11 *x, const uint8_t *data, size_t size);

void x11_screen_set(struct x11 *x, const struct ext_monitors *monitors);
