/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a wish for the focus holds, and for how many windows. */
#include "gui-daemon/wish.h"

#include <glib.h>

#define ASKED ((int64_t)5000000)

static struct wish asked(void) {
	struct wish w = {0};

	wish_begin(&w, ASKED);
	wish_know_time(&w, 77);
	return w;
}

/* Bug class B2: half a minute later the person is somewhere else. */
static void test_expires(void) {
	struct wish w = asked();

	g_assert_cmpuint(wish_take(&w, ASKED + WISH_US), ==, 77);
	w = asked();
	g_assert_cmpuint(wish_take(&w, ASKED + WISH_US + 1), ==, 0);
	g_assert_cmpuint(wish_take(&w, ASKED), ==, 0); /* gone for good */
}

static void test_once(void) {
	struct wish w = asked();

	g_assert_cmpuint(wish_take(&w, ASKED + 1), ==, 77);
	g_assert_cmpuint(wish_take(&w, ASKED + 1), ==, 0);
}

static void test_forgotten(void) {
	struct wish w = asked();

	wish_forget(&w);
	wish_know_time(&w, 78); /* the server's answer comes late */
	g_assert_cmpuint(wish_take(&w, ASKED + 1), ==, 0);
}

static void test_time_unknown(void) {
	struct wish w = {0};

	wish_begin(&w, ASKED);
	g_assert_cmpuint(wish_take(&w, ASKED + 1), ==, 0);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/B2/a-wish-expires", test_expires);
	g_test_add_func("/wish/once", test_once);
	g_test_add_func("/wish/forgotten", test_forgotten);
	g_test_add_func("/wish/time-unknown", test_time_unknown);
	return g_test_run();
}
