/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* view.h over the channel to the screen's process. */
#include "gui-daemon/view.h"

struct channel;

/* The channel stays the caller's and lives longer. */
struct view *far_view_new(struct channel *channel);
struct view *far_view_free(struct view *v);

/* An order that view.h does not have. fd stays the caller's; -1: none. */
void far_view_order(struct view *v, const struct view_order *o, int fd);
/* Where the screen says that a content is. */
void far_view_placed(struct view *v, uint32_t window, struct rect content);
