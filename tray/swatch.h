/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A label as a picture: its colour, its pattern, and the first letter of the domain's name. */
#include "common/label.h"

#include <cairo.h>

/* letter 0: none. The caller destroys it. */
cairo_surface_t *swatch_new(
	uint32_t rgb, enum label_pattern pattern, char letter, int size, int scale);

/* Fills the rectangle with colour and pattern, the same way frames look. */
void swatch_fill(cairo_t *cr, uint32_t rgb, enum label_pattern pattern, int x, int y, int w, int h);
