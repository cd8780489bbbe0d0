/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which keys the daemon's person holds, as far as the domain knows, and what must be injected so
 * that the domain's X server agrees. Pure; keycodes are X11's (8..255).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_action {
	uint8_t code;
	bool press;
};

/* Of the domain's keymap: which modifiers (bits of the core state) a key drives, and which
 * modifiers are toggled by a press rather than held (Lock, Num_Lock's). */
struct keymap {
	uint8_t modifiers[256];
	uint8_t toggles;
};

struct keys {
	uint8_t down[32]; /* bit k % 8 of byte k / 8 */
};

#define KEYS_ACTIONS_MAX 288 /* 248 releases and 8 taps of at most 3 */

bool keys_is_down(const struct keys *k, uint8_t code);
/* Notes one injected event. */
void keys_note(struct keys *k, struct key_action a);

/* Releases for every key that is down here and not in `remote` (a KEYMAP_NOTIFY; NULL: none is
 * down any more). Never presses. Returns how many; notes them itself. ret has room for
 * KEYS_ACTIONS_MAX. */
size_t keys_release(struct keys *k, const uint8_t remote[32], struct key_action *ret);

/* What makes the core modifier state `have` become `want`; notes the events itself. */
size_t keys_sync(struct keys *k, const struct keymap *map, uint8_t have, uint8_t want,
	struct key_action *ret);
