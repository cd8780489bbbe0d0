/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What bulkheadd and the daemons it starts say to each other over inherited SOCK_SEQPACKET
 * socketpairs: fixed-size messages, one a packet. A daemon that sees its manager go (end of file)
 * ends itself or goes on as its own page says.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define CTL_SIZE      288
#define CTL_TEXT_SIZE 256

enum ctl_type {
	/* gui-daemon -> bulkheadd */
	CTL_GUI_STARTED = 1,   /* display open, confined */
	CTL_GUI_CONNECTED = 2, /* an agent finished the handshake; value: its minor version */
	CTL_GUI_WINDOWS = 3,   /* value: mapped windows now */
	CTL_GUI_FOCUS = 4,     /* value: 1 a window of this domain has the focus, 0 none any more */
	CTL_GUI_REFUSED =
		5, /* text: what the domain did and what happened; for the log and the person */
	CTL_GUI_AGENT_GONE = 6,  /* the daemon exits after this; the manager starts a fresh one */
	CTL_GUI_FIRST_IMAGE = 7, /* the first window of this domain shows its image */
	/* The clipboard (docs/decisions/clipboard.md). The person pressed the chord in the domain's
	 * window, value: CTL_CHORD_*; answers, value: the number of the request. */
	CTL_CLIP_CHORD = 8,
	CTL_CLIP_TEXT = 9,   /* text: the first line. Carries the text in a sealed memfd, or nothing
			      * where it is the answer to CLIP_LOOK */
	CTL_CLIP_LARGE = 10, /* more text than this port takes; carries what was brought to PUT,
			      * cleaned, or nothing where it answers GET */
	CTL_CLIP_FAILED = 11, /* text: why */
	CTL_CLIP_DONE = 12,   /* the agent has it */
	/* bulkheadd -> gui-daemon (and desk -> bulkheadd, which passes it on) */
	CTL_SCREEN_LOCKED = 32, /* value: 1 forward no input at all, 0 again */
	CTL_HIDE_ALL = 33,      /* value: 1 hide every window of domains, 0 show again */
	CTL_KEYBOARD_LOCK =
		34, /* value: id of the only domain that may have the keyboard; 0 none is locked */
	CTL_PAUSED = 35,         /* value: the domain is paused: the frame says so */
	CTL_SCREEN_CHANGED = 36, /* the admin's screen, monitors or work area changed */
	CTL_FOCUSED_DOMAIN =
		37, /* value: the domain that has the focus now, 0 none; text: its name */
	/* value of these: the number of the request, which the answer repeats */
	CTL_CLIP_GET = 38,     /* take the agent's clipboard */
	CTL_CLIP_LOOK = 39,    /* carries a sealed memfd: what is its first line? */
	CTL_CLIP_PUT = 40,     /* carries a sealed memfd: give it to the agent, cleaned */
	CTL_CLIP_PUT_RAW = 41, /* the same as it is */
	CTL_CLIP_CANCEL = 42,  /* the request before is over: its answer will be dropped */
	/* The chords, of the desk's: ctl_chord(). 0: none. */
	CTL_COPY_KEY = 43,
	CTL_PASTE_KEY = 44,
	/* bulkheadd -> desk: what the person is shown. FROM and TO, value: the label's index, text:
	 * the domain's name; LINE, value: the size in bytes, text: the first line; then SHOW,
	 * value: CTL_SHOW_* */
	CTL_CLIP_FROM = 45,
	CTL_CLIP_TO = 46,
	CTL_CLIP_LINE = 47,
	CTL_CLIP_SHOW = 48,
	/* bulkheadd -> gui-daemon */
	CTL_LAUNCHED = 49 /* the person asked for a program of this domain just now */
};

enum { CTL_CHORD_COPY = 1, CTL_CHORD_PASTE };
enum { CTL_SHOW_NOTHING, CTL_SHOW_COPIED, CTL_SHOW_ASK, CTL_SHOW_PASTED, CTL_SHOW_COUNT };

/* A chord in one value: an X keysym below 2^25 and the modifiers Shift, Control, Mod1, Mod4 as the
 * core protocol has them. */
#define CTL_KEYSYM_MAX      0x1ffffffu
#define CTL_CLIPBOARD_MAX   (16u << 20) /* bytes of text */
#define CTL_LABEL_INDEX_MAX 255

struct ctl_chord {
	uint32_t keysym; /* 0: none */
	uint16_t modifiers;
};

uint32_t ctl_chord_pack(struct ctl_chord c);
struct ctl_chord ctl_chord_unpack(uint32_t value);

struct ctl_msg {
	enum ctl_type type;
	uint32_t value;           /* within what the type says above, 0 where it says nothing */
	char text[CTL_TEXT_SIZE]; /* NUL-terminated, printable UTF-8; "" where the type has none */
};

/* 0, or 1: not such a message, to the last byte. */
MUST_USE int ctl_decode(struct span in, struct ctl_msg *ret);
/* The text passes common/text-filter.h on its way out, so that it may quote a domain. */
void ctl_encode(const struct ctl_msg *m, uint8_t ret[CTL_SIZE]);
