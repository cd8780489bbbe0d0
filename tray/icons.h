/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Pictures of applications, found and decoded in a thread: the menu shows what has come by then.
 * A file is looked for by the name of an icon theme, in the host's folders only; it has limits of
 * bytes and of pixels before anything is decoded.
 */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <stdbool.h>

#define ICONS_PIXELS    20
#define ICONS_FILE_MAX  (512 * 1024)
#define ICONS_SIDE_MAX  1024
#define ICONS_COUNT_MAX 2000

struct icons;

/* folders: e.g. "/usr/share", NULL at the end. came: some more are there. */
struct icons *icons_new(
	const char *const *folders, int scale, void (*came)(void *user), void *user);
struct icons *icons_free(struct icons *i);

/* The picture, or NULL: there is none, or it is being looked for. Never reads a file itself. */
GdkPixbuf *icons_get(struct icons *i, const char *name);

/* What the thread does for one file; blocks. NULL: too large, or no picture. */
GdkPixbuf *icons_load_file(const char *path, int side);
