/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The windows of this domain and what the daemon was told of each. Pure.
 *
 * Nothing is queued: a window remembers how it is and what was told, and window_next says the one
 * message that is due. So a daemon that does not read costs no memory, and one that goes and comes
 * back is told everything by forgetting what was told (windows_forget).
 */
#include "gui-agent/region.h"
#include "proto/gui.h"

#include <glib.h>

struct windows;
struct image; /* x11-image.h */
struct xwin;  /* x11-window.h */

/* What window_changed marks. */
#define WINDOW_CLASS     1u
#define WINDOW_HINTS     2u
#define WINDOW_TITLE     4u
#define WINDOW_CURSOR    8u
#define WINDOW_CONFIGURE 16u /* an echo is due even if the place is as told */
#define WINDOW_ALL       (WINDOW_CLASS | WINDOW_HINTS | WINDOW_TITLE)

struct window {
	uint32_t id; /* of the X server and on the wire */
	struct windows *in;
	bool listed;              /* among those that windows_work visits */
	struct window *next_life; /* the id was used again before the daemon let it go */

	/* How it is. */
	struct rect at;
	uint32_t transient_for;
	bool override_redirect;
	bool mapped;
	bool docked;
	bool gone;      /* destroyed; stays until the daemon acknowledged */
	uint32_t flags; /* GUI_FLAG_* now */
	struct gui_wmclass wmclass;
	struct gui_hints hints;
	struct gui_wmname title;
	uint32_t cursor;

	/* What was told. */
	bool announced, told_gone, told_docked, told_mapped, told_override_redirect;
	struct rect told_at;
	uint32_t told_flags;
	unsigned dirty;
	bool dump_due;       /* the image is whole and not told yet */
	unsigned dumps_open; /* told and not acknowledged */
	struct region ready; /* in the shared pages, not told yet */
	bool frame_open;     /* told; the daemon did not say yet that it is on the screen */

	int64_t frame_since; /* when it was told, in microseconds */

	struct region damage; /* drawn, not in the shared pages yet */
	struct image *image;
	struct xwin *x;
};

struct windows *windows_new(void);
struct windows *windows_free(struct windows *t);
/* Before a window's memory goes. */
typedef void windows_gone_fn(void *user, struct window *w);
void windows_on_gone(struct windows *t, windows_gone_fn *fn, void *user);

/* The living window of that id, or NULL. Whoever is looked up may be about to change: it is visited
 * by the next windows_work. */
struct window *windows_find(struct windows *t, uint32_t id);
/* The one the daemon means: the old life, while it did not acknowledge. */
struct window *windows_find_told(struct windows *t, uint32_t id);
/* Never fails; an id that is alive already is given back as it is. */
struct window *windows_add(struct windows *t, uint32_t id, struct rect at, bool override_redirect);
/* It was destroyed: told if it was announced, and kept until windows_destroyed. */
void windows_remove(struct windows *t, struct window *w);
/* The daemon acknowledged DESTROY (below minor 5: call it when it was sent). Ignores unknown ids.
 */
void windows_destroyed(struct windows *t, uint32_t id);
/* The connection is new: everything is to be told again. */
void windows_forget(struct windows *t);
unsigned windows_count(struct windows *t);

typedef void windows_fn(void *user, struct window *w);
/* Every window, also the gone ones; fn may remove the window it was given. */
void windows_each(struct windows *t, windows_fn *fn, void *user);
/* Visits the windows that were looked up or touched since the last visit. */
void windows_work(struct windows *t, windows_fn *fn, void *user);
void window_touch(struct window *w);

/* Something is to be told. */
void window_changed(struct window *w, unsigned what);
void window_flags(struct window *w, uint32_t set, uint32_t unset);
/* The place as the daemon or the domain wants it, within the protocol's bounds. */
struct rect window_bounded(struct rect at);

/* The next message due, or false. What it says counts as told. Of GUI_WINDOW_DUMP only type,
 * window and size are set. */
bool window_next(struct window *w, struct gui_from_agent *ret);
