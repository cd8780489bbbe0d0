/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the windows of a domain order from its screen, in the process that reads the domain's
 * messages: only checked values, windows named by the domain's numbers, no answers. far-view.c
 * sends them to the process that holds the X connection (docs/decisions/gui-daemon.md).
 */
#include "proto/view.h"

struct pages_view;
struct view;

void view_create(struct view *v, uint32_t window, struct rect content, bool popup);
/* Answered by VIEW_DESTROYED, in turn, whether the screen knows the window or not. */
void view_destroy(struct view *v, uint32_t window);
void view_map(struct view *v, uint32_t window, const struct view_map *map);
void view_unmap(struct view *v, uint32_t window);
void view_place(struct view *v, uint32_t window, struct rect content);
void view_dock(struct view *v, uint32_t window);
/* Filtered text. */
void view_title(struct view *v, uint32_t window, const char *text);
void view_class(struct view *v, uint32_t window, const char *class, const char *name);
void view_hints(struct view *v, uint32_t window, const struct gui_hints *hints);
void view_flags(struct view *v, uint32_t window, struct gui_flags flags);
void view_cursor(struct view *v, uint32_t window, uint32_t glyph);

/* The pages become the view's; NULL when there are none. Replaces the window's image. Answered by
 * VIEW_IMAGED, in turn, whether the screen knows the window or not. */
void view_image(struct view *v, uint32_t window, struct size size, struct pages_view *pages);
void view_drop_image(struct view *v, uint32_t window);
/* Area in content coordinates, within the window's image (or the screen window's). */
void view_paint(struct view *v, uint32_t window, struct rect area);
