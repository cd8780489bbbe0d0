/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The flash of the frame of a window that would like the focus; one window of the domain at a time.
 */
#include <glib.h>
#include <xcb/xcb.h>

struct x11;
struct xwin;

struct x11_flash {
	guint timer; /* 0: none */
	unsigned step;
	uint32_t window;
	int64_t quiet_until; /* monotonic microseconds */
	xcb_pixmap_t tile;   /* the label's with its two colours exchanged; 0: not needed yet */
};

/* The window was mapped, or asks for attention. Nothing happens if its domain has the focus. */
void x11_flash_want(struct xwin *w);
/* The frame is the label's from now on. */
void x11_flash_end(struct x11 *v);
