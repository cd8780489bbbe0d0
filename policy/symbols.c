/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing, at most half full. */
#include "policy/symbols.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define FIRST_SLOTS 64u

uint32_t text_hash(const char *text, size_t len) {
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 16777619u;
	return hash ^ hash >> 15;
}

struct hashed hashed_over(const char *text) {
	size_t len = strlen(text);

	if (len > UINT32_MAX / 2)
		len = UINT32_MAX / 2;
	return (struct hashed){text, (uint32_t)len, text_hash(text, len)};
}

static bool same(struct hashed a, struct hashed b) {
	return a.hash == b.hash && a.len == b.len && memcmp(a.s, b.s, a.len) == 0;
}

uint32_t symbols_find(const struct symbols *symbols, struct hashed text) {
	uint32_t at = text.hash & symbols->mask;

	if (!symbols->slots)
		return 0;
	while (symbols->slots[at] && !same(symbols->texts[symbols->slots[at]], text))
		at = (at + 1) & symbols->mask;
	return symbols->slots[at];
}

static int symbols_grow(struct symbols *symbols) {
	uint32_t slots = symbols->slots ? (symbols->mask + 1) * 2 : FIRST_SLOTS;
	uint32_t *fresh = calloc(slots, sizeof(*fresh));
	struct hashed *texts = realloc(symbols->texts, (slots / 2 + 1) * sizeof(*texts));

	if (texts)
		symbols->texts = texts;
	if (!fresh || !texts) {
		free(fresh);
		return -ENOMEM;
	}
	for (uint32_t i = 1; i <= symbols->count; i++) {
		uint32_t at = texts[i].hash & (slots - 1);

		while (fresh[at])
			at = (at + 1) & (slots - 1);
		fresh[at] = i;
	}
	free(symbols->slots);
	symbols->slots = fresh;
	symbols->mask = slots - 1;
	symbols->room = slots / 2;
	return 0;
}

int symbols_add(struct symbols *symbols, struct arena *arena, struct hashed text, uint32_t *ret) {
	uint32_t found = symbols_find(symbols, text), at;

	if (found) {
		*ret = found;
		return 0;
	}
	if (symbols->count >= SYMBOLS_MAX)
		return -E2BIG;
	if (symbols->count >= symbols->room && symbols_grow(symbols))
		return -ENOMEM;
	text.s = arena_text(arena, text.s, text.len);
	if (!text.s)
		return -ENOMEM;
	symbols->texts[++symbols->count] = text;
	at = text.hash & symbols->mask;
	while (symbols->slots[at])
		at = (at + 1) & symbols->mask;
	symbols->slots[at] = symbols->count;
	*ret = symbols->count;
	return 0;
}

void symbols_deinit(struct symbols *symbols) {
	free(symbols->texts);
	free(symbols->slots);
	*symbols = (struct symbols){0};
}

static uint32_t key_place(uint64_t key) {
	return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32);
}

static uint32_t keymap_slot(const struct keymap *map, uint64_t key) {
	uint32_t at = key_place(key) & map->mask;

	while (map->keys[at] && map->keys[at] != key)
		at = (at + 1) & map->mask;
	return at;
}

const uint32_t *keymap_find(const struct keymap *map, uint64_t key) {
	uint32_t at;

	if (!map->keys)
		return NULL;
	at = keymap_slot(map, key);
	return map->keys[at] ? &map->values[at] : NULL;
}

static int keymap_grow(struct keymap *map) {
	uint32_t slots = map->keys ? (map->mask + 1) * 2 : FIRST_SLOTS;
	struct keymap fresh = {calloc(slots, sizeof(uint64_t)), calloc(slots, sizeof(uint32_t)),
		slots - 1, map->used};

	if (!fresh.keys || !fresh.values) {
		keymap_deinit(&fresh);
		return -ENOMEM;
	}
	for (uint32_t i = 0; map->keys && i <= map->mask; i++)
		if (map->keys[i]) {
			uint32_t at = keymap_slot(&fresh, map->keys[i]);

			fresh.keys[at] = map->keys[i];
			fresh.values[at] = map->values[i];
		}
	keymap_deinit(map);
	*map = fresh;
	return 0;
}

int keymap_add(struct keymap *map, uint64_t key, uint32_t value, uint32_t *ret) {
	uint32_t at;

	if ((!map->keys || map->used > map->mask / 2) && keymap_grow(map))
		return -ENOMEM;
	at = keymap_slot(map, key);
	if (!map->keys[at]) {
		map->keys[at] = key;
		map->values[at] = value;
		map->used++;
	}
	*ret = map->values[at];
	return 0;
}

void keymap_deinit(struct keymap *map) {
	free(map->keys);
	free(map->values);
	*map = (struct keymap){0};
}
