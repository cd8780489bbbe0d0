/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A domain's name inside its frame: the ground and the marks are those that gui-daemon draws around
 * its windows, the name stands on white, whatever the theme.
 */
#include <gtk/gtk.h>

/* Its label, "" for one that is not known: gray without a pattern. what: said before the name to
 * those who hear it. */
GtkWidget *label_tile_new(const char *what);
void label_tile_set(GtkWidget *tile, const char *label, const char *name);

/* The frame's own look in a small picture, for rows of a list. */
cairo_surface_t *label_tile_picture(const char *label, int width, int height);
