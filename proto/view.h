/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the two processes of a gui-daemon say to each other (docs/decisions/gui-daemon.md): the
 * decoder, which touches a domain's bytes, gives orders; the screen, which holds the X connection,
 * reports. A packet of their socket holds whole messages, one behind the other, and at most one
 * descriptor, which belongs to its last message.
 *
 * The screen believes nothing of an order but what is promised here: the decoder may have been
 * taken over. Pure: opens, allocates and logs nothing.
 */
#include "common/cleanup.h"
#include "common/geometry.h"
#include "common/span.h"
#include "proto/ctl.h"
#include "proto/ext.h"
#include "proto/gui.h"

#define VIEW_PACKET_MAX 4096u
#define VIEW_TITLE_SIZE 128
#define VIEW_CLASS_SIZE 64
#define VIEW_FRAME_MAX  128u /* physical pixels */

enum view_type {
	/* Orders. */
	VIEW_READY = 1, /* the decoder is confined and its ports are asked for */
	VIEW_CONNECTED, /* the agent finished the handshake */
	VIEW_REFUSED,   /* what the domain did and what followed */
	VIEW_CLIP_SAID, /* an answer of the clipboard */
	VIEW_END,       /* the domain's connection is over; the decoder waits to be ended */
	VIEW_CREATE = 16,
	VIEW_DESTROY,
	VIEW_MAP,
	VIEW_UNMAP,
	VIEW_PLACE,
	VIEW_DOCK,
	VIEW_TITLE,
	VIEW_CLASS,
	VIEW_HINTS,
	VIEW_FLAGS,
	VIEW_CURSOR,
	VIEW_IMAGE,
	VIEW_DROP_IMAGE,
	VIEW_PAINT,
	/* Reports. */
	VIEW_SCREEN = 64, /* the first, and after a change */
	VIEW_KEYBOARD,    /* the second, and after a change */
	VIEW_PLACED,
	VIEW_IMAGED,
	VIEW_DESTROYED,
	VIEW_PAINTED,
	VIEW_INPUT,    /* what the agent may hear of the person */
	VIEW_CLIP_ASK, /* a request of the clipboard */
};

enum view_error { VIEW_E_TYPE = 1, VIEW_E_LENGTH, VIEW_E_RANGE };

struct view_create {
	struct rect at; /* as in gui_create */
	bool popup;
};

struct view_map {
	bool popup;
	uint32_t transient_for; /* may be unknown */
};

struct view_class {
	char untrusted_class[VIEW_CLASS_SIZE], untrusted_name[VIEW_CLASS_SIZE];
};

struct view_image {
	struct size size; /* as in gui_create */
	bool pages;       /* the packet carries the descriptor; else the window has no image */
	uint32_t page;    /* where in it the image begins, in pages; below GUI_MAX_REFS */
};

struct view_said {
	enum ctl_type what; /* CTL_CLIP_TEXT, _LARGE, _FAILED or _DONE */
	uint32_t number;
	bool text; /* the packet carries it */
	char untrusted_line[CTL_TEXT_SIZE];
};

/* All texts end in NUL and are zero from there; they are still to be filtered. */
struct view_order {
	enum view_type type;
	uint32_t window;
	union {
		uint32_t minor; /* at most GUI_VERSION_MINOR */
		char untrusted_refused[CTL_TEXT_SIZE];
		struct view_said said;
		struct view_create create;
		struct view_map map;
		struct rect place; /* as in gui_create */
		char untrusted_title[VIEW_TITLE_SIZE];
		struct view_class class;
		struct gui_hints hints; /* as promised there */
		struct gui_flags flags; /* as promised there */
		uint32_t glyph;         /* as in gui_cursor */
		struct view_image image;
		struct rect area; /* not empty, within GUI_MAX_W x GUI_MAX_H from 0,0 */
	};
};

struct view_screen {
	uint32_t frame; /* 1..VIEW_FRAME_MAX */
	uint32_t depth;
	struct ext_monitors monitors;
	struct rect usable[EXT_MONITORS_MAX]; /* of each monitor: without panels; not empty */
};

struct view_asked {
	enum ctl_type what; /* CTL_CLIP_GET, _LOOK, _PUT, _PUT_RAW or _CANCEL */
	uint32_t number;
	bool text; /* the packet carries it */
};

struct view_report {
	enum view_type type;
	uint32_t window;
	union {
		struct view_screen screen;
		struct ext_keyboard keyboard;
		struct rect placed;           /* anything: the X server's */
		struct gui_from_daemon input; /* never CLIPBOARD_DATA; of this window */
		struct view_asked asked;
	};
};

/* The packet's next message. 0 or an enum view_error; *ret is written only on 0. */
MUST_USE int view_decode_order(struct span *in, struct view_order *ret);
MUST_USE int view_decode_report(struct span *in, struct view_report *ret);

/* The bytes written; 0: no room, or a promise above is broken. VIEW_PACKET_MAX suffices. */
size_t view_encode_order(const struct view_order *o, void *buf, size_t size);
size_t view_encode_report(const struct view_report *r, void *buf, size_t size);
