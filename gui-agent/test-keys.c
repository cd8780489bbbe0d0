/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-agent/keys.h"

#include <glib.h>
#include <string.h>

enum {
	A = 38,
	CTRL_L = 37,
	SHIFT_L = 50,
	SHIFT_R = 62,
	CAPS = 66,
	NUM = 77,
	LVL3 = 92,
	BOTH = 100
};

static struct keymap usual_map(void) {
	struct keymap m = {.toggles = 2 | 16};

	m.modifiers[SHIFT_L] = m.modifiers[SHIFT_R] = 1;
	m.modifiers[CAPS] = 2;
	m.modifiers[CTRL_L] = 4;
	m.modifiers[NUM] = 16;
	m.modifiers[BOTH] = 8 | 64;
	m.modifiers[LVL3] = 128;
	return m;
}

static void press(struct keys *k, uint8_t code) {
	keys_note(k, (struct key_action){code, true});
}

static void test_release_all(void) {
	struct key_action out[KEYS_ACTIONS_MAX];
	struct keys k = {0};

	for (unsigned code = 8; code < 256; code++)
		press(&k, (uint8_t)code);
	g_assert_cmpuint(keys_release(&k, NULL, out), ==, 248);
	g_assert_cmpuint(out[0].code, ==, 8);
	g_assert_cmpuint(out[247].code, ==, 255);
	g_assert_false(out[0].press);
	g_assert_cmpuint(keys_release(&k, NULL, out), ==, 0);
}

static void test_release_by_keymap(void) {
	struct key_action out[KEYS_ACTIONS_MAX];
	uint8_t remote[32] = {0};
	struct keys k = {0};

	press(&k, A);
	press(&k, SHIFT_L);
	remote[SHIFT_L / 8] |= (uint8_t)(1u << (SHIFT_L % 8));
	remote[CTRL_L / 8] |= (uint8_t)(1u
					<< (CTRL_L % 8)); /* down there only: never pressed here */
	g_assert_cmpuint(keys_release(&k, remote, out), ==, 1);
	g_assert_cmpuint(out[0].code, ==, A);
	g_assert_true(keys_is_down(&k, SHIFT_L));
	g_assert_false(keys_is_down(&k, CTRL_L));
}

static void test_sync(void) {
	static const struct {
		uint8_t down, have, want;
		struct key_action out[3];
		size_t n;
	} cases[] = {
		{0, 0, 0, {{0}}, 0},
		{0, 0, 1, {{SHIFT_L, true}}, 1},
		{SHIFT_R, 1, 0, {{SHIFT_R, false}}, 1},
		{0, 1, 0, {{0}}, 0}, /* somebody else's: not ours to release */
		{0, 0, 2, {{CAPS, true}, {CAPS, false}}, 2},
		{0, 2, 0, {{CAPS, true}, {CAPS, false}}, 2},
		{CAPS, 2, 0, {{CAPS, false}, {CAPS, true}, {CAPS, false}}, 3},
		{0, 0, 16, {{NUM, true}, {NUM, false}}, 2},
		{0, 0, 8, {{0}}, 0},  /* only a key that would press Mod4 too */
		{0, 0, 32, {{0}}, 0}, /* no key at all */
		{A, 0, 128, {{LVL3, true}}, 1},
		{SHIFT_L, 1, 4, {{SHIFT_L, false}, {CTRL_L, true}}, 2},
	};
	struct keymap map = usual_map();

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct key_action out[KEYS_ACTIONS_MAX];
		struct keys k = {0};
		size_t n;

		if (cases[i].down)
			press(&k, cases[i].down);
		n = keys_sync(&k, &map, cases[i].have, cases[i].want, out);
		g_assert_cmpuint(n, ==, cases[i].n);
		for (size_t j = 0; j < n; j++) {
			g_assert_cmpuint(out[j].code, ==, cases[i].out[j].code);
			g_assert_cmpint(out[j].press, ==, cases[i].out[j].press);
			g_assert_cmpint(keys_is_down(&k, out[n - 1].code), ==, out[n - 1].press);
		}
	}
}

static void test_most_actions_fit(void) {
	struct key_action out[KEYS_ACTIONS_MAX];
	struct keymap map = {.toggles = 0xfe};
	struct keys k = {0};

	for (unsigned code = 8; code < 256; code++) {
		map.modifiers[code] = (uint8_t)(code < 15 ? 2u << (code - 8) : 1);
		press(&k, (uint8_t)code);
	}
	g_assert_cmpuint(keys_sync(&k, &map, 0xff, 0, out), ==, 241 + 7 * 3);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/B4/release-all", test_release_all);
	g_test_add_func("/bug-class/B4/release-by-keymap", test_release_by_keymap);
	g_test_add_func("/bug-class/B4/modifier-sync", test_sync);
	g_test_add_func("/keys/most-actions", test_most_actions_fit);
	return g_test_run();
}
