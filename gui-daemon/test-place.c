/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/place.h"

#include "proto/gui.h"

#include <glib.h>

static const struct place_screen one = {1, {{0, 0, 1000, 800}}};
static const struct place_screen two = {2, {{0, 30, 1000, 770}, {1000, 0, 1920, 1080}}};

static bool within(struct rect inner, struct rect outer) {
	return rect_equal(rect_intersect(inner, outer), inner);
}

static void test_popup_rows(void) {
	static const struct {
		const struct place_screen *screen;
		struct rect content, expect;
	} rows[] = {
		{&one, {100, 100, 50, 40}, {100, 100, 50, 40}},
		{&one, {0, 0, 50, 40}, {4, 4, 50, 40}},
		{&one, {4, 4, 50, 40}, {4, 4, 50, 40}},
		{&one, {3, 5, 50, 40}, {4, 5, 50, 40}},
		{&one, {946, 756, 50, 40}, {946, 756, 50, 40}},
		{&one, {947, 757, 50, 40}, {946, 756, 50, 40}},
		{&one, {-5000, 20, 50, 40}, {4, 20, 50, 40}},
		{&one, {0, 0, 16384, 1}, {4, 4, 992, 1}},
		{&one, {0, 0, 1, 6144}, {4, 4, 1, 792}},
		{&two, {10, 0, 50, 40}, {10, 34, 50, 40}},
		{&two, {980, 100, 50, 40}, {1004, 100, 50, 40}}, /* more of it on the right */
		{&two, {960, 100, 50, 40}, {946, 100, 50, 40}},
		{&two, {500, 5000, 50, 40}, {500, 756, 50, 40}},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rect got = place_popup(rows[i].screen, rows[i].content, 4);

		if (!rect_equal(got, rows[i].expect))
			g_error("row %zu: got %d,%d %ux%u", i, got.x, got.y, got.w, got.h);
	}
}

/* Whatever is asked: the whole frame is on one monitor, and asking again changes nothing. */
static void test_popup_property(void) {
	GRand *rand = g_rand_new_with_seed(6);

	for (int i = 0; i < 200000; i++) {
		struct place_screen s = {.count = (uint32_t)g_rand_int_range(rand, 1, 5)};
		uint32_t frame = (uint32_t)g_rand_int_range(rand, 1, 9), on = 0;
		struct rect r = {(int32_t)g_rand_int(rand), (int32_t)g_rand_int(rand),
			g_rand_int(rand) >> g_rand_int_range(rand, 0, 31),
			g_rand_int(rand) >> g_rand_int_range(rand, 0, 31)};
		struct rect got, again;

		for (uint32_t k = 0; k < s.count; k++)
			s.usable[k] = (struct rect){g_rand_int_range(rand, 0, 8000),
				g_rand_int_range(rand, 0, 4000),
				(uint32_t)g_rand_int_range(rand, 64, 4000),
				(uint32_t)g_rand_int_range(rand, 64, 3000)};
		got = place_popup(&s, r, frame);
		g_assert_cmpuint(got.w, >=, 1);
		g_assert_cmpuint(got.h, >=, 1);
		for (uint32_t k = 0; k < s.count; k++)
			on += within(place_outer(got, frame), s.usable[k]);
		g_assert_cmpuint(on, >=, 1);
		again = place_popup(&s, got, frame);
		if (s.count == 1) /* several may overlap here, and then another may be better */
			g_assert_true(rect_equal(got, again));
	}
	g_rand_free(rand);
}

/* An ordinary window has its whole frame on a monitor and room for what is put around it. */
static void test_managed(void) {
	static const struct {
		struct rect content, expect;
	} rows[] = {
		{{100, 100, 200, 150}, {100, 100, 200, 150}},
		{{-100, -100, 2000, 1400}, {4, 4, 976, 744}},
		{{0, 0, 16384, 40}, {4, 4, 976, 40}},
		{{900, 700, 300, 300}, {696, 496, 300, 300}},
	};
	struct size most = place_managed_most(&one, 4);

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct rect got = place_managed(&one, rows[i].content, 4);

		if (!rect_equal(got, rows[i].expect))
			g_error("row %zu: got %d,%d %ux%u", i, got.x, got.y, got.w, got.h);
	}
	g_assert_cmpuint(most.w, ==, 976);
	g_assert_cmpuint(most.h, ==, 744);
}

static void test_content_never_empty(void) {
	struct rect r = place_content((struct rect){5, 5, 3, 8}, 4);

	g_assert_cmpuint(r.w, ==, 1);
	g_assert_cmpuint(r.h, ==, 1);
	g_assert_cmpint(r.x, ==, 9);
}

/* A7: many small ones count as one large one, each monitor for itself. */
static void test_cover_sum(void) {
	struct place_cover cover = {{0}};

	for (int i = 0; i < 9; i++)
		place_cover_add(&one, (struct rect){i * 100, 0, 100, 800}, &cover);
	g_assert_false(place_covers_too_much(&one, &cover)); /* exactly 90 % */
	place_cover_add(&one, (struct rect){999, 799, 1, 1}, &cover);
	g_assert_true(place_covers_too_much(&one, &cover));
}

static void test_cover_each_monitor(void) {
	struct place_cover cover = {{0}};

	place_cover_add(&two, (struct rect){0, 30, 1000, 770}, &cover);
	g_assert_true(place_covers_too_much(&two, &cover)); /* all of the small one */
	cover = (struct place_cover){{0}};
	place_cover_add(&two, (struct rect){0, 30, 900, 770}, &cover);
	place_cover_add(&two, (struct rect){5000, 5000, 900, 770}, &cover); /* not to be seen */
	g_assert_false(place_covers_too_much(&two, &cover));
}

static void test_clamp(void) {
	struct rect r = place_clamp((struct rect){INT32_MIN, INT32_MAX, 0, UINT32_MAX});

	g_assert_cmpint(r.x, ==, -GUI_MAX_W);
	g_assert_cmpint(r.y, ==, GUI_MAX_H);
	g_assert_cmpuint(r.w, ==, 1);
	g_assert_cmpuint(r.h, ==, GUI_MAX_H);
}

static void test_frame_follows_the_scale(void) {
	static const struct {
		const char *resources;
		uint32_t logical, expect;
	} rows[] = {
		{"", 4, 4},
		{"Xft.dpi:\t96\n", 4, 4},
		{"Xcursor.size: 48\nXft.dpi:\t192\nXft.hinting: 1\n", 4, 8},
		{"Xft.dpi: 120", 4, 5},
		{"Xft.dpi: 144\n", 2, 3},
		{"NotXft.dpi: 192\n", 4, 4},
		{"Xft.dpi: 48\n", 4, 4},  /* never thinner than asked for */
		{"Xft.dpi: 192\n", 1, 2}, /* never below what shows a pattern */
		{"Xft.dpi: 96\n", 1, PLACE_FRAME_MIN},
		{"Xft.dpi: 99999999999999999999\n", 4, 16},
		{"Xft.dpi: -1\n", 4, 16},
		{"Xft.dpi: nonsense\n", 4, 4},
		{"Xft.dpi:", 4, 4},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpuint(
			place_frame(rows[i].resources, rows[i].logical), ==, rows[i].expect);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/place/popup-rows", test_popup_rows);
	g_test_add_func("/bug-class/A6/popup-lies-on-one-monitor", test_popup_property);
	g_test_add_func("/bug-class/A6/ordinary-window-lies-on-one-monitor", test_managed);
	g_test_add_func("/place/content-never-empty", test_content_never_empty);
	g_test_add_func("/bug-class/A7/popups-are-summed", test_cover_sum);
	g_test_add_func("/bug-class/A7/each-monitor-for-itself", test_cover_each_monitor);
	g_test_add_func("/place/clamp", test_clamp);
	g_test_add_func("/place/frame-follows-the-scale", test_frame_follows_the_scale);
	return g_test_run();
}
