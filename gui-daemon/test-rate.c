/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/rate.h"

#include <glib.h>

static void test_burst_then_rate(void) {
	struct rate r = rate_new(3, 10, 1000);

	for (int i = 0; i < 3; i++)
		g_assert_true(rate_take(&r, 1, 1000));
	g_assert_false(rate_take(&r, 1, 1000));
	g_assert_cmpint(rate_wait_us(&r, 1, 1000), ==, 100000);
	g_assert_false(rate_take(&r, 1, 100999));
	g_assert_true(rate_take(&r, 1, 101000));
	g_assert_false(rate_take(&r, 1, 101000));
}

static void test_never_more_than_burst(void) {
	struct rate r = rate_new(2, 10, 0);

	g_assert_true(rate_take(&r, 2, INT64_MAX / 2));
	g_assert_false(rate_take(&r, 1, INT64_MAX / 2));
}

static void test_debt(void) {
	struct rate r = rate_new(2, 10, 0);

	rate_spend(&r, 2, 0);
	g_assert_cmpint(rate_wait_us(&r, 0, 0), ==, 0);
	rate_spend(&r, 3, 0);
	g_assert_cmpint(rate_wait_us(&r, 0, 0), ==, 300000);
	g_assert_false(rate_take(&r, 1, 300000));
	g_assert_cmpint(rate_wait_us(&r, 0, 300000), ==, 0);
	g_assert_true(rate_take(&r, 1, 400000));
}

static void test_clock_backwards(void) {
	struct rate r = rate_new(1, 1, 5000000);

	g_assert_true(rate_take(&r, 1, 5000000));
	g_assert_false(rate_take(&r, 1, 0));
	g_assert_false(rate_take(&r, 1, 999999));
	g_assert_true(rate_take(&r, 1, 1000000));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rate/burst-then-rate", test_burst_then_rate);
	g_test_add_func("/rate/never-more-than-burst", test_never_more_than_burst);
	g_test_add_func("/rate/debt", test_debt);
	g_test_add_func("/rate/clock-backwards", test_clock_backwards);
	return g_test_run();
}
