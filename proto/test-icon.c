/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/icon.h"

#include <glib.h>

static int decode(const char *head, size_t pixels, struct icon *i) {
	size_t n = strlen(head);
	g_autofree uint8_t *bytes = g_malloc0(n + pixels + 1);

	memcpy(bytes, head, n);
	return icon_decode(span_over(bytes, n + pixels), i);
}

static void test_heads(void) {
	static const struct {
		const char *head;
		size_t pixels;
		int answer;
	} cases[] = {{"1 1\n", 4, 0}, {"512 512\n", 512 * 512 * 4, 0}, {"512 1\n", 2048, 0},
		{"1 1\n", 3, ICON_E_LENGTH}, {"1 1\n", 5, ICON_E_LENGTH},
		{"1 1\n", 0, ICON_E_LENGTH}, {"513 1\n", 513 * 4, ICON_E_RANGE},
		{"1 513\n", 513 * 4, ICON_E_RANGE}, {"4294967297 1\n", 4, ICON_E_RANGE},
		{"0 1\n", 0, ICON_E_HEAD}, {"1 0\n", 0, ICON_E_HEAD}, {"-1 1\n", 4, ICON_E_HEAD},
		{"+1 1\n", 4, ICON_E_HEAD}, {"01 1\n", 4, ICON_E_HEAD}, {" 1 1\n", 4, ICON_E_HEAD},
		{"1  1\n", 4, ICON_E_HEAD}, {"1 1 \n", 4, ICON_E_HEAD}, {"1 1\r\n", 4, ICON_E_HEAD},
		{"1x1\n", 4, ICON_E_HEAD}, {"1\n1\n", 4, ICON_E_HEAD}, {"", 0, ICON_E_HEAD},
		{"1", 0, ICON_E_HEAD}, {"1 1", 0, ICON_E_HEAD}, {"\x89PNG\r\n", 100, ICON_E_HEAD}};
	struct icon i;

	for (size_t n = 0; n < G_N_ELEMENTS(cases); n++)
		g_assert_cmpint(decode(cases[n].head, cases[n].pixels, &i), ==, cases[n].answer);
}

/* A head that promises 10^6 x 10^6 pixels costs nothing: no number beyond the limit is even read.
 */
static void test_bombs(void) {
	struct icon i;

	g_assert_cmpint(decode("1000000 1000000\n", 64, &i), ==, ICON_E_RANGE);
	g_assert_cmpint(decode("65536 65536\n", 0, &i), ==, ICON_E_RANGE);
	g_assert_cmpint(decode("512 512\n", 512 * 512 * 4 - 1, &i), ==, ICON_E_LENGTH);
	g_assert_cmpint(decode("512 512\n", 512 * 512 * 4 + 1, &i), ==, ICON_E_LENGTH);
}

static const uint8_t *at(const uint8_t *fitted, unsigned x, unsigned y) {
	struct icon i;

	g_assert_cmpint(icon_decode(span_over(fitted, ICON_SIZE), &i), ==, 0);
	g_assert_cmpint(i.w, ==, ICON_SIDE);
	g_assert_cmpint(i.h, ==, ICON_SIDE);
	return i.rgba + (y * ICON_SIDE + x) * 4;
}

static void test_fit(void) {
	static const uint8_t red[] = {200, 0, 0, 255}, none[] = {0, 0, 0, 0};
	g_autofree uint8_t *big = g_malloc0(512 * 256 * 4), *out = g_malloc(ICON_SIZE);
	struct icon one = {1, 1, red}, wide = {512, 256, big}, thin = {512, 1, big};

	icon_fit(&one, out);
	g_assert_cmpmem(at(out, 0, 0), 4, red, 4);
	g_assert_cmpmem(at(out, 47, 47), 4, red, 4);
	for (size_t n = 0; n < 512 * 256; n++)
		memcpy(big + n * 4, red, 4);
	icon_fit(&wide, out);
	g_assert_cmpmem(at(out, 24, 11), 4, none, 4);
	g_assert_cmpmem(at(out, 0, 12), 4, red, 4);
	g_assert_cmpmem(at(out, 47, 35), 4, red, 4);
	g_assert_cmpmem(at(out, 24, 36), 4, none, 4);
	icon_fit(&thin, out);
	g_assert_cmpmem(at(out, 24, 23), 4, red, 4);
	g_assert_cmpmem(at(out, 24, 24), 4, none, 4);
}

/* Pixels that cannot be seen do not colour those that can. */
static void test_transparent(void) {
	static const uint8_t pixels[] = {10, 20, 30, 255, 255, 255, 255, 0};
	g_autofree uint8_t *many = g_malloc(96 * 96 * 4), *out = g_malloc(ICON_SIZE);
	struct icon i = {96, 96, many};

	for (size_t n = 0; n < 96 * 96; n++)
		memcpy(many + n * 4, pixels + n % 2 * 4, 4);
	icon_fit(&i, out);
	g_assert_cmpmem(at(out, 5, 5), 4, ((const uint8_t[]){10, 20, 30, 127}), 4);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/icon/heads", test_heads);
	g_test_add_func("/bug-class/H10/picture-bombs", test_bombs);
	g_test_add_func("/icon/fit", test_fit);
	g_test_add_func("/icon/transparent", test_transparent);
	return g_test_run();
}
