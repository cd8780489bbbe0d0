/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/init.h"

#include <glib.h>

static size_t packet(uint8_t *out, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
	struct sink s = sink_over(out, 16);

	sink_u32(&s, a);
	sink_u32(&s, b);
	sink_u32(&s, c);
	sink_u32(&s, d);
	return 16;
}

static void test_events(void) {
	static const struct {
		uint32_t type, id, value, zero;
		int answer;
	} rows[] = {
		{0, 0, 0, 0, 1},
		{INIT_HELLO, 0, INIT_VERSION, 0, 0},
		{INIT_HELLO, 0, INIT_VERSION + 1, 0, 1},
		{INIT_HELLO, 1, INIT_VERSION, 0, 1},
		{INIT_HELLO, 0, INIT_VERSION, 1, 1},
		{INIT_READY, 0, 0, 0, 0},
		{INIT_READY, 0, 1, 0, 1},
		{INIT_READY, 1, 0, 0, 1},
		{INIT_SERVICE_STARTED, 0, 0, 0, 1},
		{INIT_SERVICE_STARTED, 1, 0, 0, 0},
		{INIT_SERVICE_STARTED, INIT_SERVICE_MAX, 0, 0, 0},
		{INIT_SERVICE_STARTED, INIT_SERVICE_MAX + 1, 0, 0, 1},
		{INIT_SERVICE_STARTED, 1, 1, 0, 1},
		{INIT_SERVICE_ENDED, 1, 0xffff, 0, 0},
		{INIT_SERVICE_ENDED, 1, 0x10000, 0, 1},
		{INIT_SERVICE_ENDED, 0, 0, 0, 1},
		{INIT_COMMAND_STARTED, 0, 0, 0, 1},
		{INIT_COMMAND_STARTED, UINT32_MAX, 0, 0, 0},
		{INIT_COMMAND_STARTED, 1, 1, 0, 1},
		{INIT_COMMAND_FAILED, 1, 0, 0, 1},
		{INIT_COMMAND_FAILED, 1, 1, 0, 0},
		{INIT_COMMAND_FAILED, 1, 4095, 0, 0},
		{INIT_COMMAND_FAILED, 1, 4096, 0, 1},
		{INIT_COMMAND_FAILED, 0, 1, 0, 1},
		{INIT_COMMAND_ENDED, 1, 0, 0, 0},
		{INIT_COMMAND_ENDED, 1, 0xffff, 0, 0},
		{INIT_COMMAND_ENDED, 1, 0x10000, 0, 1},
		{INIT_COMMAND_ENDED, 0, 0, 0, 1},
		{INIT_COMMAND_ENDED + 1, 1, 0, 0, 1},
		{UINT32_MAX, 1, 0, 0, 1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct init_event e;
		uint8_t p[17] = {0};

		packet(p, rows[i].type, rows[i].id, rows[i].value, rows[i].zero);
		g_assert_cmpint(init_decode_event(span_over(p, 16), &e), ==, rows[i].answer);
		g_assert_cmpint(init_decode_event(span_over(p, 15), &e), ==, 1);
		g_assert_cmpint(init_decode_event(span_over(p, 17), &e), ==, 1);
		if (rows[i].answer == 0) {
			uint8_t again[INIT_EVENT_SIZE];

			g_assert_cmpint(init_decode_event(span_over(p, 16), &e), ==, 0);
			init_encode_event(&e, again);
			g_assert_cmpmem(again, sizeof(again), p, 16);
		}
	}
}

static void test_requests(void) {
	static const struct {
		uint32_t type, id, n;
		const char *strings;
		size_t size;
		int answer;
	} rows[] = {
		{INIT_RUN, 1, 1, "a", 2, 0},
		{INIT_RUN, 0, 1, "a", 2, 1},   /* no id */
		{INIT_RUN, 1, 0, "", 0, 1},    /* no command */
		{INIT_RUN, 1, 1, "", 1, 1},    /* an empty one */
		{INIT_RUN, 1, 2, "a\0", 3, 0}, /* an empty argument */
		{INIT_RUN, 1, 2, "a\0b", 4, 0},
		{INIT_RUN, 1, 1, "a\0b", 4, 1}, /* more than it says */
		{INIT_RUN, 1, 3, "a\0b", 4, 1}, /* fewer */
		{INIT_RUN, 1, 1, "ab", 2, 1},   /* without its end */
		{INIT_RUN, 1, 2, "a\0b", 3, 1},
		{INIT_RUN, 1, INIT_ARGS_MAX + 1, "a", 2, 1},
		{INIT_STOP, 0, 0, "", 0, 0},
		{INIT_STOP, 1, 0, "", 0, 1},
		{INIT_STOP, 0, 1, "a", 2, 1},
		{0, 1, 1, "a", 2, 1},
		{3, 1, 1, "a", 2, 1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct init_request r;
		uint8_t p[64];

		packet(p, rows[i].type, rows[i].id, rows[i].n, 0);
		memcpy(p + 16, rows[i].strings, rows[i].size);
		g_assert_cmpint(init_decode_request(span_over(p, 16 + rows[i].size), &r), ==,
			rows[i].answer);
		g_assert_cmpint(init_decode_request(span_over(p, 15), &r), ==, 1);
		packet(p, rows[i].type, rows[i].id, rows[i].n, 1);
		g_assert_cmpint(init_decode_request(span_over(p, 16 + rows[i].size), &r), ==, 1);
	}
}

static void test_encode(void) {
	const char *args[] = {"sh", "-c", "echo \xff", "", NULL};
	uint8_t p[INIT_REQUEST_MAX];
	struct init_request r;
	size_t n = init_encode_request(INIT_RUN, 7, args, p, sizeof(p));

	g_assert_cmpuint(n, ==, 16 + 3 + 3 + 7 + 1);
	g_assert_cmpint(init_decode_request(span_over(p, n), &r), ==, 0);
	g_assert_cmpuint(r.n_args, ==, 4);
	g_assert_cmpmem(r.args, 14, "sh\0-c\0echo \xff\0", 14);
	g_assert_cmpuint(init_encode_request(INIT_RUN, 7, args, p, n), ==, n);
	g_assert_cmpuint(init_encode_request(INIT_RUN, 7, args, p, n - 1), ==, 0);
	g_assert_cmpuint(init_encode_request(INIT_RUN, 0, args, p, sizeof(p)), ==, 0);
	g_assert_cmpuint(init_encode_request(INIT_RUN, 7, NULL, p, sizeof(p)), ==, 0);
	g_assert_cmpuint(init_encode_request(INIT_STOP, 0, NULL, p, sizeof(p)), ==, 16);
}

/* The longest command that fits, and one byte more. */
static void test_limits(void) {
	g_autofree char *longest = g_strnfill(INIT_REQUEST_MAX - INIT_HEAD_SIZE - 1, 'x'),
			*longer = g_strnfill(INIT_REQUEST_MAX - INIT_HEAD_SIZE, 'x');
	const char *fits[] = {longest, NULL}, *fits_not[] = {longer, NULL};
	g_autofree const char **many = g_new0(const char *, INIT_ARGS_MAX + 2);
	g_autofree uint8_t *p = g_malloc(INIT_REQUEST_MAX + 1);

	g_assert_cmpuint(init_encode_request(INIT_RUN, 1, fits, p, INIT_REQUEST_MAX + 1), ==,
		INIT_REQUEST_MAX);
	g_assert_cmpuint(
		init_encode_request(INIT_RUN, 1, fits_not, p, INIT_REQUEST_MAX + 1), ==, 0);
	for (unsigned i = 0; i < INIT_ARGS_MAX; i++)
		many[i] = "a";
	g_assert_cmpuint(init_encode_request(INIT_RUN, 1, many, p, INIT_REQUEST_MAX), ==,
		INIT_HEAD_SIZE + 2 * INIT_ARGS_MAX);
	many[INIT_ARGS_MAX] = "a";
	g_assert_cmpuint(init_encode_request(INIT_RUN, 1, many, p, INIT_REQUEST_MAX), ==, 0);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/init/events", test_events);
	g_test_add_func("/init/requests", test_requests);
	g_test_add_func("/init/encode", test_encode);
	g_test_add_func("/init/limits", test_limits);
	return g_test_run();
}
