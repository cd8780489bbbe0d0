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
	/* bulkheadd -> gui-daemon (and desk -> bulkheadd, which passes it on) */
	CTL_SCREEN_LOCKED = 32, /* value: 1 forward no input at all, 0 again */
	CTL_HIDE_ALL = 33,      /* value: 1 hide every window of domains, 0 show again */
	CTL_KEYBOARD_LOCK =
		34, /* value: id of the only domain that may have the keyboard; 0 none is locked */
	CTL_PAUSED = 35,         /* value: the domain is paused: the frame says so */
	CTL_SCREEN_CHANGED = 36, /* the admin's screen, monitors or work area changed */
	CTL_FOCUSED_DOMAIN =
		37 /* value: the domain that has the focus now, 0 none; text: its name */
};

struct ctl_msg {
	enum ctl_type type;
	uint32_t value;           /* within what the type says above, 0 where it says nothing */
	char text[CTL_TEXT_SIZE]; /* NUL-terminated, printable UTF-8; "" where the type has none */
};

/* 0, or 1: not such a message, to the last byte. */
MUST_USE int ctl_decode(struct span in, struct ctl_msg *ret);
/* The text passes common/text-filter.h on its way out, so that it may quote a domain. */
void ctl_encode(const struct ctl_msg *m, uint8_t ret[CTL_SIZE]);
