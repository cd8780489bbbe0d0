/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What holds for the whole desktop and not for one domain: the key that hides every domain window,
 * the key that locks the keyboard to one domain, the screen lock, the banner that says so, a home
 * for docked icons, and what is shown of the clipboard between domains. Tells bulkheadd over its
 * control socket (proto/ctl.h), which passes it on to every gui-daemon. Sees no byte of a domain.
 */
#include "common/cleanup.h"

struct desk;

/* The keys of the clipboard that need not be told: gui-daemons know them. */
#define DESK_COPY_KEY  "<Control><Shift>c"
#define DESK_PASTE_KEY "<Control><Shift>v"

struct desk_options {
	int ctl_fd;           /* owned by the desk */
	const char *hide_key; /* as GTK writes accelerators */
	const char *keyboard_key;
	const char *copy_key; /* of the clipboard; "": none */
	const char *paste_key;
};

/* 0 or -errno. When the manager goes, `ended` is called once. */
MUST_USE int desk_new(
	const struct desk_options *o, void (*ended)(void *data), void *data, struct desk **ret);
struct desk *desk_free(struct desk *d);
