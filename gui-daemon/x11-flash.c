/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The flash of a frame: a window that would like the focus does not get it while the person works
 * elsewhere (users-needs G1), so its frame says that it is there: twice, for a moment, the label's
 * two colours change places. Then the frame is the label's again. One window of a domain at a time
 * and seldom, so that a domain has no strobe light; a timer runs only meanwhile.
 */
#include "gui-daemon/x11-private.h"

#define STEPS    4 /* wait whether the focus comes, exchanged, label's own, exchanged */
#define QUIET_US (5 * G_TIME_SPAN_SECOND)

void x11_flash_end(struct x11 *v) {
	struct xwin *w = x11_by_id(v, v->flash.window);

	if (!v->flash.timer)
		return;
	g_clear_handle_id(&v->flash.timer, g_source_remove);
	if (w)
		x11_frame_show(w, v->tile);
}

static gboolean on_step(gpointer data) {
	struct x11 *v = data;
	struct xwin *w = x11_by_id(v, v->flash.window);

	if (!w || !w->shown || v->focus || v->flash.step++ == STEPS - 1) {
		x11_flash_end(v);
	} else {
		if (!v->flash.tile)
			v->flash.tile = x11_frame_negative(v);
		x11_frame_show(w, v->flash.step % 2 ? v->flash.tile : v->tile);
	}
	return G_SOURCE_CONTINUE; /* unless it was removed */
}

void x11_flash_want(struct xwin *w) {
	struct x11 *v = w->in;
	int64_t now = g_get_monotonic_time();

	/* Without a window manager the focus goes where the person clicks, and nobody asks for it.
	 */
	if (!v->config.flash_ms || !v->at.has_wm || v->focus || v->hidden || v->flash.timer ||
		w->popup || w->docked || !w->shown || now < v->flash.quiet_until)
		return;
	v->flash.window = w->id;
	v->flash.step = 0;
	v->flash.quiet_until = now + QUIET_US;
	v->flash.timer = g_timeout_add(v->config.flash_ms, on_step, v);
}
