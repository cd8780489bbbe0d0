/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/helper.h"

#include <glib.h>

static void comes_back(void) {
	struct helper_msg m = {HELPER_STATE, 7, 12, HELPER_FAILED, "no memory"}, back;
	uint8_t packet[HELPER_SIZE];

	helper_encode(&m, packet);
	g_assert_cmpint(helper_decode(span_over(packet, sizeof(packet)), &back), ==, 0);
	g_assert_cmpint(back.type, ==, HELPER_STATE);
	g_assert_cmpuint(back.serial, ==, 7);
	g_assert_cmpuint(back.domain, ==, 12);
	g_assert_cmpint(back.value, ==, HELPER_FAILED);
	g_assert_cmpstr(back.text, ==, "no memory");
}

static int decode_with(size_t at, uint8_t byte, size_t size) {
	struct helper_msg m = {HELPER_STATE, 1, 1, HELPER_RUNNING, ""}, back;
	uint8_t packet[HELPER_SIZE + 1] = {0};

	helper_encode(&m, packet);
	packet[at] = byte;
	return helper_decode(span_over(packet, size), &back);
}

static void refused(void) {
	g_assert_cmpint(decode_with(0, HELPER_STATE, HELPER_SIZE), ==, 0);
	g_assert_cmpint(decode_with(0, HELPER_STATE, HELPER_SIZE - 1), ==, 1);
	g_assert_cmpint(decode_with(0, HELPER_STATE, HELPER_SIZE + 1), ==, 1);
	g_assert_cmpint(decode_with(0, 0, HELPER_SIZE), ==, 1);
	g_assert_cmpint(decode_with(0, HELPER_NETVM + 1, HELPER_SIZE), ==, 1);
	g_assert_cmpint(decode_with(0, HELPER_REFUSED + 1, HELPER_SIZE), ==, 1);
	g_assert_cmpint(decode_with(1, 1, HELPER_SIZE), ==, 1);
	g_assert_cmpint(decode_with(12, 0, HELPER_SIZE), ==, 1);
	g_assert_cmpint(decode_with(12, HELPER_STATE_COUNT, HELPER_SIZE), ==, 1);
	/* text that does not end */
	g_assert_cmpint(decode_with(HELPER_SIZE - 1, 'x', HELPER_SIZE), ==, 1);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/helper/comes-back", comes_back);
	g_test_add_func("/helper/refused", refused);
	return g_test_run();
}
