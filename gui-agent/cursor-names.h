/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Cursor names of toolkits and themes to the glyphs of the X cursor font. Pure. */
#include <stddef.h>
#include <stdint.h>

/* What MSG_CURSOR carries: 0x100 + glyph, or 0 (the default) for a name that is not known. */
uint32_t cursor_glyph(const char *name, size_t len);
