/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The GUI protocol, versions 1.0 to 1.8 (gui-protocol 2 and 3): bytes to typed values and back.
 *
 * Pure: opens, allocates and logs nothing. What a decoder accepts keeps the promises written at
 * each field; whoever holds a decoded value need not check again. Encoders write every byte of a
 * message.
 */
#include "common/cleanup.h"
#include "common/geometry.h"
#include "common/span.h"

#define GUI_PORT              6000
#define GUI_VERSION_MAJOR     1
#define GUI_VERSION_MINOR     8

#define GUI_MAX_W             16384
#define GUI_MAX_H             6144
#define GUI_MAX_REFS          98304
#define GUI_HEADER_SIZE       12
#define GUI_BODY_MAX          (16 + 4 * GUI_MAX_REFS) /* the largest body: a WINDOW_DUMP */
#define GUI_PAGE              4096u
#define GUI_WINDOW_SCREEN     0 /* the id of the "screen window" */

#define GUI_CLIPBOARD_MAX_OLD 65000u  /* negotiated below 1.8 */
#define GUI_CLIPBOARD_MAX     256000u /* 1.8; one byte more means "too large" */

enum gui_type {
	GUI_KEYPRESS = 124,
	GUI_BUTTON = 125,
	GUI_MOTION = 126,
	GUI_CROSSING = 127,
	GUI_FOCUS = 128,
	GUI_CREATE = 130,
	GUI_DESTROY = 131,
	GUI_MAP = 132,
	GUI_UNMAP = 133,
	GUI_CONFIGURE = 134,
	GUI_MFNDUMP = 135,
	GUI_SHMIMAGE = 136,
	GUI_CLOSE = 137,
	GUI_CLIPBOARD_REQ = 139,
	GUI_CLIPBOARD_DATA = 140,
	GUI_WMNAME = 141,
	GUI_KEYMAP_NOTIFY = 142,
	GUI_DOCK = 143,
	GUI_WINDOW_HINTS = 144,
	GUI_WINDOW_FLAGS = 145,
	GUI_WMCLASS = 146,
	GUI_WINDOW_DUMP = 147,
	GUI_CURSOR = 148,
	GUI_WINDOW_DUMP_ACK = 149
};

/* What decoders answer besides 0. Whether the daemon ends the domain's connection or drops one
 * message is in docs/protocols/gui.md; the decoder only tells which kind it is. */
enum gui_error {
	GUI_E_TYPE = 1, /* unknown, or not for this direction */
	GUI_E_LENGTH,   /* not exactly the length of its type */
	GUI_E_RANGE     /* a value that no honest peer sends */
};

struct gui_header {
	enum gui_type type;
	uint32_t window;
	uint32_t length; /* of the body; checked against the type's table, at most GUI_BODY_MAX */
};

#define GUI_HINT_US_POSITION 1u
#define GUI_HINT_P_POSITION  4u
#define GUI_HINT_MIN_SIZE    16u
#define GUI_HINT_MAX_SIZE    32u
#define GUI_HINT_RESIZE_INC  64u
#define GUI_HINT_BASE_SIZE   256u

#define GUI_FLAG_FULLSCREEN  1u
#define GUI_FLAG_ATTENTION   2u
#define GUI_FLAG_MINIMIZE    4u

/* x and y within +-GUI_MAX_W and +-GUI_MAX_H (clamped); w in 1..GUI_MAX_W, h in 1..GUI_MAX_H
 * (clamped from above, refused when 0 or negative as a signed number). */
struct gui_create {
	struct rect at;
	uint32_t parent;
	bool override_redirect;
};

struct gui_map {
	uint32_t transient_for; /* a window id of that domain, or 0; may be unknown; 0 from a
				   daemon */
	bool override_redirect;
};

struct gui_configure {
	struct rect at; /* as in gui_create */
	bool override_redirect;
};

/* Any negative field was refused (GUI_E_RANGE: the message is ignored). x, w <= GUI_MAX_W, y, h <=
 * GUI_MAX_H; may be empty. */
struct gui_shmimage {
	struct rect area;
};

struct gui_wmname {
	char untrusted_text[128]; /* NUL-terminated; still to be filtered (common/text-filter.h) */
};

struct gui_wmclass {
	char untrusted_class[64]; /* NUL-terminated; still to be filtered */
	char untrusted_name[64];
};

/* Groups that were not sane are gone from flags; sizes within 0..GUI_MAX_W/H, max at least 1 and
 * not below min, increments at least 1. Absent groups hold values that limit nothing. */
struct gui_hints {
	uint32_t flags;
	struct size min, max, inc, base;
};

struct gui_flags {
	/* GUI_FLAG_*; never overlap (GUI_E_RANGE), unknown bits are gone. From an agent, unset has
	 * no MINIMIZE. */
	uint32_t set, unset;
};

/* size as in gui_create; ref_count pages cover w * h * 4 bytes and are at most GUI_MAX_REFS. */
struct gui_dump {
	struct size size;
	uint32_t bpp; /* unchecked: 24 and 32 both mean XRGB8888 */
	uint32_t ref_count;
	const uint8_t *refs; /* ref_count little-endian u32 in the caller's buffer; read with
				gui_dump_ref */
};

struct gui_cursor {
	uint32_t glyph; /* 0 is the default; else 0x100 + an X font cursor glyph 0..0x99 */
};

struct gui_clipboard {
	const uint8_t *data; /* in the caller's buffer */
	uint32_t size;       /* at most GUI_CLIPBOARD_MAX + 1 */
};

struct gui_from_agent {
	enum gui_type type;
	uint32_t window;
	union {
		struct gui_create create;
		struct gui_map map;
		struct gui_configure configure;
		struct gui_shmimage shmimage;
		struct gui_wmname wmname;
		struct gui_wmclass wmclass;
		struct gui_hints hints;
		struct gui_flags flags;
		struct gui_dump dump;
		struct gui_cursor cursor;
		struct gui_clipboard clipboard;
	}; /* DESTROY, UNMAP, DOCK carry nothing. MFNDUMP is always refused: GUI_E_TYPE. */
};

struct gui_key {
	uint32_t type; /* X11: KeyPress 2, KeyRelease 3 */
	int32_t x, y;
	uint32_t state, keycode; /* keycode 8..255 */
};

struct gui_button {
	uint32_t type; /* X11: ButtonPress 4, ButtonRelease 5 */
	int32_t x, y;
	uint32_t state, button; /* button 1..255 */
};

struct gui_motion {
	int32_t x, y;
	uint32_t state, is_hint;
};

struct gui_crossing {
	uint32_t type; /* X11: EnterNotify 7, LeaveNotify 8 */
	int32_t x, y;
	uint32_t state, mode, detail, focus;
};

struct gui_focus {
	uint32_t type; /* X11: FocusIn 9, FocusOut 10 */
	uint32_t mode, detail;
};

struct gui_keymap {
	uint8_t keys[32];
};

struct gui_from_daemon {
	enum gui_type type;
	uint32_t window;
	union {
		struct gui_key key;
		struct gui_button button;
		struct gui_motion motion;
		struct gui_crossing crossing;
		struct gui_focus focus;
		struct gui_map map;
		struct gui_configure configure;
		struct gui_flags flags;
		struct gui_keymap keymap;
		struct gui_clipboard clipboard;
	}; /* DESTROY, CLOSE, CLIPBOARD_REQ, WINDOW_DUMP_ACK carry nothing. */
};

/* What the daemon sends after the version (16 bytes). */
struct gui_xconf {
	struct size screen; /* each 1..GUI_SCREEN_MAX; w rounded up to a multiple of 8 by the
			       sender */
	uint32_t depth, mem_kib;
};
#define GUI_XCONF_SIZE 16
#define GUI_SCREEN_MAX 65535

/* minor is the peer's announced or the negotiated one: decides the clipboard's limit and where its
 * length stands, and below 1.6 the table's length counts instead of the header's. All of these
 * return 0 or an enum gui_error; *ret is written only on 0. */
MUST_USE int gui_decode_agent_header(struct span in, unsigned minor, struct gui_header *ret);
MUST_USE int gui_decode_agent_body(const struct gui_header *header, struct span body,
	unsigned minor, struct gui_from_agent *ret);

/* For an agent: a type it does not know is GUI_E_TYPE with header->length still right, so that it
 * can be skipped (then *ret is written too, its type as sent). */
MUST_USE int gui_decode_daemon_header(struct span in, struct gui_header *ret);
MUST_USE int gui_decode_daemon_body(
	const struct gui_header *header, struct span body, struct gui_from_daemon *ret);
MUST_USE int gui_decode_xconf(struct span in, struct gui_xconf *ret);

/* The i-th reference of a dump; i < ref_count. */
uint32_t gui_dump_ref(const struct gui_dump *dump, uint32_t i);

/* Write header and body. Return the number of bytes written, or 0 if size is too small or the
 * message could not be sent to an honest peer (then it is our bug). GUI_MESSAGE_MAX bytes always
 * suffice for all but WINDOW_DUMP and CLIPBOARD_DATA, which need GUI_HEADER_SIZE + 16 + 4 *
 * ref_count and + size. */
#define GUI_MESSAGE_MAX (GUI_HEADER_SIZE + 128)
size_t gui_encode_from_agent(const struct gui_from_agent *m, void *buf, size_t size);
size_t gui_encode_from_daemon(const struct gui_from_daemon *m, void *buf, size_t size);
size_t gui_encode_xconf(const struct gui_xconf *xconf, void *buf, size_t size);

/* A WINDOW_DUMP of n references and 32 bits a pixel, straight from pages_share_refs. */
size_t gui_encode_dump(uint32_t window, struct size size, const uint32_t *refs, uint32_t n,
	void *buf, size_t buf_size);

/* Handshake (gui-protocol 2). The version both sides speak: same major, the lower minor. */
struct gui_version {
	uint16_t major, minor;
};
MUST_USE int gui_decode_version(struct span in, struct gui_version *ret);
size_t gui_encode_version(struct gui_version v, void *buf, size_t size);
/* 0; 1 the agent's major is lower than ours; 2 higher. */
MUST_USE int gui_negotiate(struct gui_version agent, struct gui_version *ret);
#define GUI_MINOR_TWO_WAY     4 /* the daemon answers with its version */
#define GUI_MINOR_DESTROY_ACK 5
#define GUI_MINOR_DUMP_ACK    7
#define GUI_MINOR_CLIPBOARD_LENGTH                                                                 \
	2 /* below it, a clipboard's length is in the header's window                              \
	   */
#define GUI_MINOR_BIG_CLIPBOARD 8
