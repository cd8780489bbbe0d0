/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The icon in the panel: a StatusNotifierItem where somebody shows those, else an icon docked by
 * XEmbed. It shows the label of the domain that has the focus. The menu is ours and not exported:
 * a panel that hangs cannot hold it, and it may carry colours and patterns.
 */
#include <cairo.h>
#include <gtk/gtk.h>
#include <stdbool.h>

struct status;

struct status_events {
	/* A place on the screen, or x < 0: unknown. */
	void (*menu)(void *user, int x, int y);
	void (*search)(void *user);
};

struct status *status_new(const struct status_events *events, void *user);
/* Takes a reference of the picture (any size). text: what the icon says, e.g. "work has the focus".
 */
void status_set(struct status *s, cairo_surface_t *picture, const char *text);
/* "notifier", "docked" or "" for tests and for `about`. */
const char *status_where(const struct status *s);
struct status *status_free(struct status *s);
