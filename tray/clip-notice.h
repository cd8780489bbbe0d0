/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the person sees of the clipboard between domains: what was copied, what would be pasted
 * (before it is), what was pasted. A window of ours that takes no focus, so that the window with
 * the focus keeps it; the keys are read by that window's gui-daemon.
 */
#include "proto/ctl.h"

struct clip_notice;

/* paste_key: as GTK writes accelerators. */
struct clip_notice *clip_notice_new(const char *paste_key);
struct clip_notice *clip_notice_free(struct clip_notice *n);

/* One of CTL_CLIP_FROM, TO, LINE and SHOW; others are none of its. */
void clip_notice_take(struct clip_notice *n, const struct ctl_msg *m);
