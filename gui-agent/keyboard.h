/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The person's keyboard layout in this domain: `setxkbmap` run by argument vector, one at a time,
 * never waited for. Knows no X itself.
 */
#include "proto/ext.h"

struct keyboard;
typedef void keyboard_done_fn(void *user);

/* done: what was asked for last is applied, or could not be (then it was logged). */
struct keyboard *keyboard_new(keyboard_done_fn *done, void *user);
struct keyboard *keyboard_free(struct keyboard *k);
void keyboard_set(struct keyboard *k, const struct ext_keyboard *names);
