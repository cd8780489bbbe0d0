/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The windows of domains that the window manager knows, and the way to one of them. */
#include "tray/open-window.h"

struct x11_windows;

/* changed: one came or went. */
struct x11_windows *x11_windows_new(void (*changed)(void *user), void *user);
struct x11_windows *x11_windows_free(struct x11_windows *x);

/* What is there now, at most OPEN_WINDOWS_MAX; three round trips to the X server, however many
 * there are. The caller frees the list. */
GPtrArray *x11_windows_list(struct x11_windows *x);
/* Shows the window and gives it the keys, as the person wants it (time: of his key or button). */
void x11_windows_activate(struct x11_windows *x, uint32_t id, uint32_t time);
