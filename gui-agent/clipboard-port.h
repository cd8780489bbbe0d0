/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where the service bulkhead.ClipboardText of this domain fetches and brings texts that are too
 * long for the GUI port: a socket in the user's runtime folder. A program says "get\n" or "put\n";
 * what follows in either direction is u32 length (little-endian), then so many bytes. The answer to
 * get: 0, there is none; CLIPBOARD_TEXT_MAX + 1 and nothing behind it: too long. The answer to put:
 * 0. All programs of the domain can read its clipboard anyway. One at a time.
 */
#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

struct clipboard_port;

struct clipboard_port_events {
	void (*get)(void *user); /* answered by clipboard_port_text */
	void (*put)(void *user, const uint8_t *data, size_t size);
};

/* NULL: the socket cannot be made; then long texts cannot cross, and that is in the log. */
struct clipboard_port *clipboard_port_new(const struct clipboard_port_events *events, void *user);
/* Takes NULL, returns NULL. */
struct clipboard_port *clipboard_port_free(struct clipboard_port *p);
/* The domain's clipboard, for who asked for it; nobody did: nothing. */
void clipboard_port_text(struct clipboard_port *p, const uint8_t *data, size_t size);
