/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tray/notices.h"

#include <string.h>

struct seen {
	unsigned count;
	struct notice last;
};

static void show(void *user, const struct notice *n) {
	struct seen *s = user;

	s->count++;
	s->last = *n;
}

/* The allowance, then silence, then one that says how many there were. */
static void test_rate(void) {
	struct seen s = {0};
	struct notices *n = notices_new(show, &s);
	gint64 t = 1000;

	for (unsigned i = 0; i < 10000; i++)
		notices_tell(n, "work", NOTICE_REFUSED, i == 9999 ? "last" : "a window", t);
	g_assert_cmpuint(s.count, ==, NOTICE_BURST);
	g_assert_cmpint(notices_due(n), ==, t + NOTICE_EVERY);
	notices_turn(n, t + NOTICE_EVERY - 1);
	g_assert_cmpuint(s.count, ==, NOTICE_BURST);
	notices_turn(n, t + NOTICE_EVERY);
	g_assert_cmpuint(s.count, ==, NOTICE_BURST + 1);
	g_assert_cmpuint(s.last.merged, ==, 10000 - NOTICE_BURST);
	g_assert_cmpstr(s.last.text, ==, "last");
	g_assert_cmpint(notices_due(n), ==, -1);
	notices_free(n);
}

static void test_domains_apart(void) {
	struct seen s = {0};
	struct notices *n = notices_new(show, &s);

	for (unsigned i = 0; i < 100; i++)
		notices_tell(n, "work", NOTICE_REFUSED, "", 0);
	s.count = 0;
	notices_tell(n, "banking", NOTICE_FAILED, "why", 0);
	g_assert_cmpuint(s.count, ==, 1);
	g_assert_cmpstr(s.last.domain, ==, "banking");
	notices_free(n);
}

/* The allowance never grows above its size, however long nothing came. */
static void test_refill(void) {
	struct seen s = {0};
	struct notices *n = notices_new(show, &s);

	notices_tell(n, "work", NOTICE_REFUSED, "", 0);
	for (unsigned i = 0; i < 10; i++)
		notices_tell(n, "work", NOTICE_REFUSED, "", 1000 * NOTICE_EVERY);
	g_assert_cmpuint(s.count, ==, 1 + NOTICE_BURST);
	notices_free(n);
}

/* What is held and is no longer so is never said; the gravest comes first. */
static void test_order(void) {
	struct seen s = {0};
	struct notices *n = notices_new(show, &s);

	for (unsigned i = 0; i < NOTICE_BURST; i++)
		notices_tell(n, "work", NOTICE_REFUSED, "", 0);
	notices_tell(n, "work", NOTICE_STARTED, "", 0);
	notices_tell(n, "work", NOTICE_STOPPED, "", 0);
	notices_tell(n, "work", NOTICE_FAILED, "", 0);
	notices_turn(n, NOTICE_EVERY);
	g_assert_cmpint(s.last.kind, ==, NOTICE_FAILED);
	notices_turn(n, 2 * NOTICE_EVERY);
	g_assert_cmpint(s.last.kind, ==, NOTICE_STOPPED);
	g_assert_cmpint(notices_due(n), ==, -1);
	notices_forget(n, "work");
	notices_free(n);
}

static void test_text(void) {
	g_autofree char *flood = g_strnfill(1000000, 'x');
	struct seen s = {0};
	struct notices *n = notices_new(show, &s);

	notices_tell(n, "work", NOTICE_REFUSED, "a\xe2\x80\xae\x1b[2Jb", 0);
	g_assert_cmpstr(s.last.text, ==, "a__[2Jb");
	notices_tell(n, "work", NOTICE_REFUSED, flood, 0);
	g_assert_cmpuint(strlen(s.last.text), ==, NOTICE_TEXT_SIZE - 1);
	notices_tell(n, "no name", NOTICE_REFUSED, "", 0);
	g_assert_cmpuint(s.count, ==, 2);
	notices_free(n);
}

static void test_many_domains(void) {
	struct seen s = {0};
	struct notices *n = notices_new(show, &s);

	for (unsigned i = 0; i < 100000; i++) {
		char name[16];

		g_snprintf(name, sizeof(name), "d%u", i);
		notices_tell(n, name, NOTICE_REFUSED, "", 0);
	}
	g_assert_cmpuint(s.count, ==, NOTICE_DOMAINS);
	notices_free(n);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/notices/merged-and-limited", test_rate);
	g_test_add_func("/notices/domains-apart", test_domains_apart);
	g_test_add_func("/notices/refill", test_refill);
	g_test_add_func("/notices/order", test_order);
	g_test_add_func("/bug-class/A12/texts-of-notifications", test_text);
	g_test_add_func("/bug-class/H10/notifications-have-bounds", test_many_domains);
	return g_test_run();
}
