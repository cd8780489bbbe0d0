/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-agent/region.h"

#include <glib.h>

static bool covers(const struct region *g, int32_t x, int32_t y) {
	for (unsigned i = 0; i < g->n; i++) {
		struct rect r = g->r[i];

		if (x >= r.x && y >= r.y && x < r.x + (int32_t)r.w && y < r.y + (int32_t)r.h)
			return true;
	}
	return false;
}

static void test_nothing_is_lost(void) {
	struct region g = {0};
	GRand *rand = g_rand_new_with_seed(7);
	struct rect all[300];

	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		all[i] = (struct rect){g_rand_int_range(rand, -50, 4000),
			g_rand_int_range(rand, -50, 2000), (uint32_t)g_rand_int_range(rand, 1, 200),
			(uint32_t)g_rand_int_range(rand, 1, 200)};
		region_add(&g, all[i]);
		g_assert_cmpuint(g.n, <=, REGION_MAX);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
		struct rect r = all[i];

		g_assert_true(covers(&g, r.x, r.y));
		g_assert_true(covers(&g, r.x + (int32_t)r.w - 1, r.y + (int32_t)r.h - 1));
	}
	g_rand_free(rand);
}

static void test_far_ones_stay_apart(void) {
	struct region g = {0};

	region_add(&g, (struct rect){0, 0, 10, 10});
	region_add(&g, (struct rect){1000, 1000, 10, 10});
	g_assert_cmpuint(g.n, ==, 2);
	region_add(&g, (struct rect){5, 5, 10, 10});
	g_assert_cmpuint(g.n, ==, 2);
	region_add(&g, (struct rect){0, 0, 2000, 2000});
	g_assert_cmpuint(g.n, ==, 1);
	g_assert_true(rect_equal(g.r[0], (struct rect){0, 0, 2000, 2000}));
}

static void test_empty_adds_nothing(void) {
	struct region g = {0};

	region_add(&g, (struct rect){5, 5, 0, 10});
	region_add(&g, (struct rect){5, 5, 10, 0});
	g_assert_true(region_empty(&g));
}

static void test_clip(void) {
	static const struct {
		struct rect in, out;
		unsigned n;
	} cases[] = {
		{{0, 0, 100, 50}, {0, 0, 100, 50}, 1},
		{{-5, -5, 200, 200}, {0, 0, 100, 50}, 1},
		{{99, 49, 10, 10}, {99, 49, 1, 1}, 1},
		{{100, 0, 10, 10}, {0}, 0},
		{{0, 50, 10, 10}, {0}, 0},
		{{-10, 0, 10, 10}, {0}, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct region g = {0};

		region_add(&g, cases[i].in);
		region_clip(&g, (struct size){100, 50});
		g_assert_cmpuint(g.n, ==, cases[i].n);
		if (g.n)
			g_assert_true(rect_equal(g.r[0], cases[i].out));
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/region/nothing-is-lost", test_nothing_is_lost);
	g_test_add_func("/region/far-ones-stay-apart", test_far_ones_stay_apart);
	g_test_add_func("/region/empty", test_empty_adds_nothing);
	g_test_add_func("/region/clip", test_clip);
	return g_test_run();
}
