/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Texts as small numbers, and a map from 64-bit keys to 32-bit values: what the index of a rule set
 * is made of. Both only grow while a rule set is built and never change afterwards.
 */
#include "policy/arena.h"

#include <stdint.h>

/* A text with its hash, so that a domain's names are hashed once and not for each decision. */
struct hashed {
	const char *s;
	uint32_t len;
	uint32_t hash;
};

uint32_t text_hash(const char *text, size_t len);
struct hashed hashed_over(const char *text);

struct symbols {
	struct hashed *texts; /* by symbol; [0] is no text */
	uint32_t count, room;
	uint32_t *slots;
	uint32_t mask;
};

#define SYMBOLS_MAX 0xffffffu /* a symbol fits in 24 bits */

/* 0 if the text was never added. */
uint32_t symbols_find(const struct symbols *symbols, struct hashed text);

/* The text's symbol, new or known; the text is copied to the arena. 0, -ENOMEM or -E2BIG. */
MUST_USE int symbols_add(
	struct symbols *symbols, struct arena *arena, struct hashed text, uint32_t *ret);

void symbols_deinit(struct symbols *symbols);

struct keymap {
	uint64_t *keys; /* 0 is an empty place: no caller has a key 0 */
	uint32_t *values;
	uint32_t mask, used;
};

/* The place of the key's value, or NULL. */
const uint32_t *keymap_find(const struct keymap *map, uint64_t key);

/* Adds the key with this value unless it is there; *ret is what is there then. 0 or -ENOMEM. */
MUST_USE int keymap_add(struct keymap *map, uint64_t key, uint32_t value, uint32_t *ret);

void keymap_deinit(struct keymap *map);
