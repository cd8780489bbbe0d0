/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The one table of message types, directions and lengths (gui-protocol 3.2), for proto/gui-*.c
 * only. Both decoders and both encoders ask it; no length is written down a second time.
 */
#include "proto/gui.h"

struct gui_layout {
	bool from_agent, from_daemon;
	uint32_t fixed;     /* bytes that every such body has */
	uint32_t unit;      /* bytes of one item that follows, 0 if none may */
	uint32_t units_max; /* the most items */
};

/* NULL if no message that we speak has this number. */
const struct gui_layout *gui_layout_of(uint32_t type);

bool gui_layout_fits(const struct gui_layout *layout, uint32_t length);

/* The most bytes of a clipboard that a peer of this minor version sends. */
uint32_t gui_clipboard_most(unsigned minor);

/* Values that the encoders send and the decoders let through unchanged. */
bool gui_rect_ok(struct rect r);
bool gui_dump_ok(struct size size, uint32_t ref_count);
bool gui_cursor_ok(uint32_t glyph);

/* The groups of hints that are sane; the rest of hints->flags is not looked at further. */
uint32_t gui_hints_sane(const struct gui_hints *hints);

/* X11's numbers of the pair of events that a type reports, the first of them. */
bool gui_event_type_ok(enum gui_type type, uint32_t event);
