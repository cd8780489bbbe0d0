/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Keys that work wherever the focus is: passive grabs on the root window, whatever Caps Lock and
 * Num Lock say. */
#include "common/cleanup.h"

#include <stdbool.h>

struct keys;

typedef void (*key_action)(void *data);

struct keys *keys_new(void);

/* accelerator as GTK writes it ("<Super>F12"). 0; 1: not an accelerator, or no such key on this
 * keyboard; 2: another program holds this key already. */
enum { KEYS_E_NAME = 1, KEYS_E_TAKEN = 2 };
MUST_USE int keys_bind(struct keys *k, const char *accelerator, key_action action, void *data);

/* Its keysym and its modifiers in the core protocol's bits; false: not an accelerator. */
bool keys_parse(const char *accelerator, unsigned *ret_keysym, unsigned *ret_modifiers);

struct keys *keys_free(struct keys *k);
