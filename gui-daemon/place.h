/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where a domain's windows may stand (architecture 2, geometry contract; bug classes A6, A7). Pure:
 * rectangles in, rectangles out. All are root coordinates of the admin's screen.
 */
#include "common/geometry.h"

#define PLACE_MONITORS_MAX   16

/* The least frame that still shows whose window it is. */
#define PLACE_FRAME_MIN      2u

/* What is left for a window manager's own frame, in widths of ours: its title bar is no higher. */
#define PLACE_MANAGER_WIDTH  4u
#define PLACE_MANAGER_HEIGHT 12u

/* Percent of one monitor that a domain's pop-ups may cover together. */
#define PLACE_POPUP_PERCENT  90u

/* The parts of the monitors where windows may stand: without panels. At least one, none empty. */
struct place_screen {
	uint32_t count;
	struct rect usable[PLACE_MONITORS_MAX];
};

/* What a domain's pop-ups cover of each monitor, in pixels; all zero to begin with. */
struct place_cover {
	uint64_t area[PLACE_MONITORS_MAX];
};

/* The frame's width in physical pixels on a screen whose X resources are this text: Xft.dpi tells
 * the scale, of 96 a pixel is a pixel; from 1 to 4, and never below PLACE_FRAME_MIN. */
uint32_t place_frame(const char *resources, uint32_t logical);

/* Outer window of a content and back; frame is its width on every side. */
struct rect place_outer(struct rect content, uint32_t frame);
/* A content is never smaller than 1x1, however small the outer window is. */
struct rect place_content(struct rect outer, uint32_t frame);

/* Sizes 1..GUI_MAX, coordinates within the protocol's bounds. */
struct rect place_clamp(struct rect content);

/* The content moved, and if need be cut, so that its outer window lies on one monitor: the one it
 * covers most of, else the nearest. */
struct rect place_popup(const struct place_screen *s, struct rect content, uint32_t frame);

/* The same for an ordinary window, and room is left for what a window manager puts around it: all
 * four sides of the frame can be seen, whatever the domain asks for (bug class A6). */
struct rect place_managed(const struct place_screen *s, struct rect content, uint32_t frame);

/* The largest content that place_managed leaves on any monitor. */
struct size place_managed_most(const struct place_screen *s, uint32_t frame);

void place_cover_add(const struct place_screen *s, struct rect outer, struct place_cover *cover);

/* Do these pop-ups cover too much of some monitor? */
bool place_covers_too_much(const struct place_screen *s, const struct place_cover *cover);
