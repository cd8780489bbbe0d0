/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/health.h"

struct seen {
	unsigned news, changes;
};

static void on_changed(void *user, const struct health_item *item) {
	struct seen *s = user;

	s->changes++;
	s->news += item != NULL;
}

/* New things are told once, the same text is no change, and what is well again goes. */
static void test_set(void) {
	struct seen s = {0};
	struct health *h = health_new(on_changed, &s);

	health_set(h, HEALTH_DISK, "", "nearly full\x1b[31m");
	health_set(h, HEALTH_DISK, "", "nearly full\x1b[31m");
	g_assert_cmpuint(s.news, ==, 1);
	g_assert_cmpuint(s.changes, ==, 1);
	g_assert_cmpstr(health_at(h, 0)->text, ==, "nearly full_[31m");
	health_set(h, HEALTH_DISK, "", "full");
	g_assert_cmpuint(s.news, ==, 1);
	g_assert_cmpuint(s.changes, ==, 2);
	health_set(h, HEALTH_MANAGER, "", "gone");
	health_set(h, HEALTH_GUI, "work", "missing");
	health_set(h, HEALTH_GUI, "banking", "missing");
	g_assert_cmpuint(health_count(h), ==, 4);
	g_assert_cmpint(health_at(h, 0)->kind, ==, HEALTH_MANAGER);
	g_assert_cmpstr(health_at(h, 2)->domain, ==, "banking");
	health_forget(h, "banking");
	g_assert_cmpuint(health_count(h), ==, 3);
	health_set(h, HEALTH_MANAGER, "", NULL);
	health_set(h, HEALTH_MANAGER, "", "");
	g_assert_cmpuint(health_count(h), ==, 2);
	health_free(h);
}

static void test_bounded(void) {
	struct seen s = {0};
	struct health *h = health_new(on_changed, &s);

	for (unsigned i = 0; i < 2 * HEALTH_MAX; i++) {
		g_autofree char *name = g_strdup_printf("d%u", i);

		health_set(h, HEALTH_GUI, name, "missing");
	}
	g_assert_cmpuint(health_count(h), ==, HEALTH_MAX);
	health_free(h);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/health/set", test_set);
	g_test_add_func("/health/bounded", test_bounded);
	return g_test_run();
}
