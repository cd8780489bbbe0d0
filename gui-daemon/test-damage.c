/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/damage.h"

#include <glib.h>
#include <string.h>

#define SIDE 64

/* Whatever comes: few rectangles, all damage covered, nothing outside the union of all. */
static void test_covers_everything(void) {
	GRand *rand = g_rand_new_with_seed(3);

	for (int round = 0; round < 20000; round++) {
		struct damage d = {0};
		bool want[SIDE][SIDE] = {{0}}, got[SIDE][SIDE] = {{0}};
		struct rect all = {0};
		int n = g_rand_int_range(rand, 1, 30);

		for (int i = 0; i < n; i++) {
			struct rect r = {g_rand_int_range(rand, 0, SIDE),
				g_rand_int_range(rand, 0, SIDE), 0, 0};

			r.w = (uint32_t)g_rand_int_range(rand, 0, SIDE - r.x + 1);
			r.h = (uint32_t)g_rand_int_range(rand, 0, SIDE - r.y + 1);
			damage_add(&d, r);
			all = rect_union(all, r);
			for (uint32_t y = 0; y < r.h; y++)
				memset(&want[r.y + (int32_t)y][r.x], 1, r.w);
			g_assert_cmpuint(d.count, <=, DAMAGE_MAX);
		}
		for (unsigned i = 0; i < d.count; i++) {
			struct rect r = d.r[i];

			g_assert_true(rect_equal(rect_intersect(all, r), r));
			for (uint32_t y = 0; y < r.h; y++)
				memset(&got[r.y + (int32_t)y][r.x], 1, r.w);
		}
		for (int i = 0; i < SIDE * SIDE; i++)
			g_assert_true(!want[i / SIDE][i % SIDE] || got[i / SIDE][i % SIDE]);
	}
	g_rand_free(rand);
}

static void test_far_corners_stay_apart(void) {
	struct damage d = {0};

	damage_add(&d, (struct rect){0, 0, 10, 10});
	damage_add(&d, (struct rect){1900, 1000, 10, 10});
	damage_add(&d, (struct rect){5, 5, 10, 10});
	g_assert_cmpuint(d.count, ==, 2);
	damage_add(&d, (struct rect){0, 0, 1920, 1080});
	g_assert_cmpuint(d.count, ==, 1);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/damage/covers-everything", test_covers_everything);
	g_test_add_func("/damage/far-corners-stay-apart", test_far_corners_stay_apart);
	return g_test_run();
}
