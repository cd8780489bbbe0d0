/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modifier sync and stuck keys (bug classes B1, B4). Must never press a key that is no modifier. */
#include "gui-agent/keys.h"

bool keys_is_down(const struct keys *k, uint8_t code) {
	return k->down[code / 8] >> (code % 8) & 1;
}

void keys_note(struct keys *k, struct key_action a) {
	uint8_t bit = (uint8_t)(1u << (a.code % 8));

	if (a.press)
		k->down[a.code / 8] |= bit;
	else
		k->down[a.code / 8] &= (uint8_t)~bit;
}

size_t keys_release(struct keys *k, const uint8_t remote[32], struct key_action *ret) {
	size_t n = 0;

	for (unsigned code = 8; code < 256; code++) {
		struct key_action a = {(uint8_t)code, false};

		if (!keys_is_down(k, a.code) || (remote && (remote[code / 8] >> (code % 8) & 1)))
			continue;
		keys_note(k, a);
		ret[n++] = a;
	}
	return n;
}

/* The first key that drives this modifier and no other; 0 if there is none. */
static uint8_t key_of(const struct keymap *map, uint8_t modifier) {
	for (unsigned code = 8; code < 256; code++) {
		if (map->modifiers[code] == modifier)
			return (uint8_t)code;
	}
	return 0;
}

static size_t tap(struct keys *k, uint8_t code, struct key_action *ret) {
	size_t n = 0;

	if (keys_is_down(k, code))
		ret[n++] = (struct key_action){code, false};
	ret[n++] = (struct key_action){code, true};
	ret[n++] = (struct key_action){code, false};
	keys_note(k, ret[n - 1]);
	return n;
}

static size_t release_modifier(
	struct keys *k, const struct keymap *map, uint8_t modifier, struct key_action *ret) {
	size_t n = 0;

	for (unsigned code = 8; code < 256; code++) {
		if (!(map->modifiers[code] & modifier) || !keys_is_down(k, (uint8_t)code))
			continue;
		ret[n] = (struct key_action){(uint8_t)code, false};
		keys_note(k, ret[n++]);
	}
	return n;
}

static size_t sync_one(struct keys *k, const struct keymap *map, uint8_t modifier, bool want,
	struct key_action *ret) {
	uint8_t code = key_of(map, modifier);

	if (map->toggles & modifier)
		return code ? tap(k, code, ret) : 0;
	if (!want)
		return release_modifier(k, map, modifier, ret);
	if (!code)
		return 0;
	ret[0] = (struct key_action){code, true};
	keys_note(k, ret[0]);
	return 1;
}

size_t keys_sync(struct keys *k, const struct keymap *map, uint8_t have, uint8_t want,
	struct key_action *ret) {
	uint8_t differ = have ^ want;
	size_t n = 0;

	for (unsigned bit = 0; bit < 8; bit++) {
		uint8_t modifier = (uint8_t)(1u << bit);

		if (differ & modifier)
			n += sync_one(k, map, modifier, want & modifier, ret + n);
	}
	return n;
}
