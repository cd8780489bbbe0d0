/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The second vchan port: what our gui-daemon and our gui-agent say to each other beyond the GUI
 * protocol (architecture 1). The agent is the vchan server; a daemon that finds no server there
 * goes on without. Both sides send HELLO first; the lower version counts. Unknown types are skipped
 * by their length. Layouts are in docs/protocols/ext.md.
 */
#include "common/cleanup.h"
#include "common/geometry.h"
#include "common/span.h"

#define EXT_PORT            6001
#define EXT_VERSION         1
#define EXT_HEADER_SIZE     8 /* u32 type, u32 length of the body */
#define EXT_BODY_MAX        4096
#define EXT_MONITORS_MAX    16
#define EXT_XKB_TEXT        128
#define EXT_MILLIMETRES_MAX 65535

enum ext_type {
	EXT_HELLO = 1,      /* both: u32 version */
	EXT_MONITORS = 2,   /* daemon: the admin screen's size and monitors */
	EXT_KEYBOARD = 3,   /* daemon: the admin's XKB names */
	EXT_FRAME_DONE = 4, /* daemon: u32 window: what was sent for it is on the screen */
	EXT_READY = 5,      /* agent: the X server took monitors and keyboard */
	EXT_CLIPBOARD_OWNER =
		6 /* agent: some application owns the clipboard now; carries nothing */
};

enum ext_error { EXT_E_TYPE = 1, EXT_E_LENGTH, EXT_E_RANGE };

struct ext_monitor {
	struct rect at;          /* 1..GUI_MAX_W x 1..GUI_MAX_H, within the screen */
	struct size millimetres; /* coarsened by the daemon (gui-protocol 6.3); 0 is unknown; at
				    most EXT_MILLIMETRES_MAX */
};

struct ext_monitors {
	struct size screen; /* each 1..GUI_SCREEN_MAX */
	uint32_t count;     /* 1..EXT_MONITORS_MAX */
	struct ext_monitor monitors[EXT_MONITORS_MAX];
};

/* Names as in _XKB_RULES_NAMES: bytes [A-Za-z0-9_,:.()+-] only, NUL-terminated. */
struct ext_keyboard {
	char rules[EXT_XKB_TEXT], model[EXT_XKB_TEXT], layout[EXT_XKB_TEXT];
	char variant[EXT_XKB_TEXT], options[EXT_XKB_TEXT];
};

struct ext_msg {
	enum ext_type type;
	union {
		uint32_t version; /* at least 1 */
		uint32_t window;
		struct ext_monitors monitors;
		struct ext_keyboard keyboard;
	};
};

struct ext_header {
	uint32_t type;
	uint32_t length; /* at most EXT_BODY_MAX */
};

MUST_USE int ext_decode_header(struct span in, struct ext_header *ret);
/* EXT_E_TYPE: not known here; skip header->length bytes. */
MUST_USE int ext_decode_body(
	const struct ext_header *header, struct span body, struct ext_msg *ret);
/* Header and body; 0 if it does not fit or breaks a promise above. EXT_HEADER_SIZE + EXT_BODY_MAX
 * always suffices. */
size_t ext_encode(const struct ext_msg *m, void *buf, size_t size);
