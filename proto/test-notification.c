/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/notification.h"

#include <glib.h>

static int decode(const uint8_t *data, size_t size) {
	struct notification n;

	return notification_decode(span_over(data, size), &n);
}

static void test_round(void) {
	uint8_t data[NOTIFICATION_MAX];
	struct notification n;
	size_t size = notification_encode("mail", "New message", "from Anna", data);

	g_assert_cmpint(notification_decode(span_over(data, size), &n), ==, 0);
	g_assert_cmpstr(n.app, ==, "mail");
	g_assert_cmpstr(n.title, ==, "New message");
	g_assert_cmpstr(n.body, ==, "from Anna");
	for (size_t i = 0; i < size; i++)
		g_assert_cmpint(decode(data, i), ==, NOTIFICATION_E_LENGTH);
	data[size] = 0;
	g_assert_cmpint(decode(data, size + 1), ==, NOTIFICATION_E_LENGTH);
	data[0] ^= 1;
	g_assert_cmpint(decode(data, size), ==, NOTIFICATION_E_MAGIC);
	size = notification_encode("mail", "", "", data);
	g_assert_cmpint(decode(data, size), ==, NOTIFICATION_E_EMPTY);
}

/* Each length one above its most, with as many bytes behind it. */
static void test_edges(void) {
	static const uint32_t most[] = {
		NOTIFICATION_APP_MAX, NOTIFICATION_TITLE_MAX, NOTIFICATION_BODY_MAX};

	for (unsigned i = 0; i < 3; i++)
		for (uint32_t over = 0; over < 2; over++) {
			g_autofree uint8_t *data = g_malloc0(4096);
			uint32_t size = most[i] + over;

			notification_encode("", i == 0 ? "t" : "", "", data);
			memcpy(data + 4 + 4 * i, &size, 4);
			memset(data + 16, 'x', size + 1);
			g_assert_cmpint(decode(data, 16 + size + (i == 0)), ==,
				over ? NOTIFICATION_E_LENGTH : 0);
		}
}

/* What could deceive or break out is gone, and what was too long ends with a whole character. */
static void test_hostile(void) {
	g_autofree char *title = g_strnfill(NOTIFICATION_TITLE_MAX - 1, 'a'),
			*longer = g_strconcat(title, "\xc3\xa4", NULL);
	uint8_t data[NOTIFICATION_MAX];
	struct notification n;
	size_t size = notification_encode("\x1b[31mroot",
		"pay\xe2\x80\xae"
		"exe\nOK",
		"\xff\xfe<b>x</b>\x01", data);

	g_assert_cmpint(notification_decode(span_over(data, size), &n), ==, 0);
	g_assert_cmpstr(n.app, ==, "_[31mroot");
	g_assert_cmpstr(n.title, ==, "pay_exe_OK");
	g_assert_cmpstr(n.body, ==, "__<b>x</b>_");
	size = notification_encode("", longer, "", data);
	g_assert_cmpint(notification_decode(span_over(data, size), &n), ==, 0);
	g_assert_cmpstr(n.title, ==, title);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/notification/round", test_round);
	g_test_add_func("/notification/edges", test_edges);
	g_test_add_func("/notification/hostile", test_hostile);
	return g_test_run();
}
