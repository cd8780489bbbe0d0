/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of the call path's own processes. */
#include "proto/broker.h"

#include <glib.h>

static const enum broker_from all_from[] = {BROKER_FROM_DAEMON, BROKER_TO_DAEMON,
	BROKER_FROM_MANAGER, BROKER_TO_MANAGER, BROKER_TO_DIALOG, BROKER_FROM_DIALOG,
	BROKER_FROM_CLIENT, BROKER_TO_CLIENT};

static const struct broker_msg samples[] = {
	{.type = BROKER_READY, .value = 4},
	{.type = BROKER_CALL, .id = 7, .count = 3, .texts = {"", "vault", "a.B+c"}},
	{.type = BROKER_TERMINATED, .domain = 2, .port = 513},
	{.type = BROKER_FAULT, .count = 1, .texts = {"x"}},
	{.type = BROKER_EXEC, .domain = 1, .port = 513, .count = 1, .texts = {"u:QUBESRPC a+ w"}},
	{.type = BROKER_CONNECT, .id = UINT64_MAX, .domain = 1, .port = 513},
	{.type = BROKER_REFUSE, .id = 7},
	{.type = BROKER_DOMAIN,
		.domain = 3,
		.count = 9,
		.texts = {"work", "", "AppVM", "user", "", "red", "", "tag1", "tag2"}},
	{.type = BROKER_DOMAIN_GONE, .count = 1, .texts = {"work"}},
	{.type = BROKER_DAEMON, .domain = 3, .count = 1, .texts = {"work"}},
	{.type = BROKER_DONE, .id = 1, .count = 1, .texts = {"disp1"}},
	{.type = BROKER_PASTE, .id = 4, .count = 2, .texts = {"work", "vault"}},
	{.type = BROKER_CLIPBOARD,
		.id = 4,
		.value = 99,
		.count = 5,
		.texts = {"paste", "work", "vault", "allow", ""}},
	{.type = BROKER_PASTE_DECIDED,
		.id = 4,
		.value = BROKER_PASTE_RAW | BROKER_PASTE_ASK,
		.count = 1,
		.texts = {""}},
	{.type = BROKER_START, .id = 1, .count = 1, .texts = {"work"}},
	{.type = BROKER_DISPOSABLE, .id = 1, .count = 1, .texts = {"dvm"}},
	{.type = BROKER_KILL, .count = 1, .texts = {"disp1"}},
	{.type = BROKER_VCHAN, .id = 2, .domain = 3},
	{.type = BROKER_NOTE, .value = 1, .count = 4, .texts = {"a", "b", "c", "d"}},
	{.type = BROKER_QUESTION,
		.id = 9,
		.count = 9,
		.texts = {"a", "s", "+", "", "f:1", "red", "b", "blue", "r"}},
	{.type = BROKER_CHOICE, .id = 9, .value = BROKER_ALWAYS, .count = 1, .texts = {"b"}},
	{.type = BROKER_RUN, .count = 2, .texts = {"work", "user:true"}},
	{.type = BROKER_RUNNING, .domain = 3, .port = 513},
	{.type = BROKER_FAILED, .value = 1, .count = 1, .texts = {"no"}},
	{.type = BROKER_LEASES, .id = 3, .value = 1},
	{.type = BROKER_LEASE,
		.id = 3,
		.value = BROKER_LEASE_SESSION,
		.count = 6,
		.texts = {"a", "s", "+", "b", "b", "s * a b ask"}},
	{.type = BROKER_LEASES_END, .value = 1},
};

/* Each comes out as it went in, at one place only, whole only. */
static void test_all(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		static struct broker_msg m;
		uint8_t b[256], again[256];
		size_t n = broker_encode(&samples[i], b, sizeof(b));
		unsigned places = 0;

		g_assert_cmpuint(n, >=, BROKER_HEAD_SIZE);
		g_assert_cmpuint(broker_encode(&samples[i], again, n - 1), ==, 0);
		for (size_t f = 0; f < G_N_ELEMENTS(all_from); f++) {
			if (broker_decode(all_from[f], span_over(b, n), &m))
				continue;
			places++;
			g_assert_cmpuint(broker_encode(&m, again, sizeof(again)), ==, n);
			g_assert_cmpmem(again, n, b, n);
			for (size_t cut = 0; cut < n; cut++)
				g_assert_cmpint(
					broker_decode(all_from[f], span_over(b, cut), &m), ==, 1);
			b[n] = 0;
			g_assert_cmpint(broker_decode(all_from[f], span_over(b, n + 1), &m), ==, 1);
		}
		g_assert_cmpuint(places, ==, 1);
	}
}

static int decode_call(const char *source, const char *target, const char *service) {
	struct broker_msg in = {
		.type = BROKER_CALL, .count = 3, .texts = {source, target, service}};
	static struct broker_msg m;
	uint8_t b[8192];
	size_t n = broker_encode(&in, b, sizeof(b));

	return broker_decode(BROKER_FROM_DAEMON, span_over(b, n), &m);
}

/* A daemon that its domain has taken over says no more than the domain could. */
static void test_call_alphabet(void) {
	static const struct {
		const char *source, *target, *service;
		int answer;
	} rows[] = {
		{"", "", "a", 0},
		{"x", "@dispvm:y", "a.B-c_d+e+", 0},
		{"", "a b", "a", 1},
		{"", "a\n", "a", 1},
		{"", "", "a b", 1},
		{"", "", "a@", 1},
		{"", "", "", 1},
		{"", "", "+a", 1},
		{"$", "", "a", 1},
		{"", "123456789012345678901234567890123456789012345678901234567890123", "a", 0},
		{"", "1234567890123456789012345678901234567890123456789012345678901234", "a", 1},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(decode_call(rows[i].source, rows[i].target, rows[i].service), ==,
			rows[i].answer);
	for (size_t len = 3935; len <= 3936; len++) {
		g_autofree char *name = g_strnfill(len, 'n');

		g_assert_cmpint(decode_call("", "", name), ==, len > 3935);
	}
}

static void test_ranges(void) {
	static struct broker_msg m;
	uint8_t b[64];

	for (uint32_t port = 511; port < 771; port++) {
		struct broker_msg in = {.type = BROKER_TERMINATED, .port = port};
		size_t n = broker_encode(&in, b, sizeof(b));

		g_assert_cmpint(broker_decode(BROKER_FROM_DAEMON, span_over(b, n), &m), ==,
			port < 513 || port > 768);
	}
	for (uint32_t v = 0; v < 7; v++) {
		struct broker_msg in = {
			.type = BROKER_CHOICE, .value = v, .count = 1, .texts = {"x"}};
		size_t n = broker_encode(&in, b, sizeof(b));

		g_assert_cmpint(broker_decode(BROKER_FROM_DIALOG, span_over(b, n), &m), ==, v > 4);
	}
	for (uint32_t v = 0; v < 12; v++) {
		struct broker_msg in = {
			.type = BROKER_PASTE_DECIDED, .value = v, .count = 1, .texts = {""}};
		size_t n = broker_encode(&in, b, sizeof(b));

		g_assert_cmpint(
			broker_decode(BROKER_TO_MANAGER, span_over(b, n), &m), ==, v == 3 || v > 6);
	}
	for (uint32_t texts = 0; texts < 16; texts++) { /* whole targets only, at least one */
		struct broker_msg in = {.type = BROKER_QUESTION, .count = texts};
		size_t n;

		for (uint32_t i = 0; i < texts; i++)
			in.texts[i] = "";
		n = broker_encode(&in, b, sizeof(b));
		g_assert_cmpint(broker_decode(BROKER_TO_DIALOG, span_over(b, n), &m), ==,
			!(texts == 9 || texts == 12 || texts == 15));
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/broker/all", test_all);
	g_test_add_func("/broker/call-alphabet", test_call_alphabet);
	g_test_add_func("/broker/ranges", test_ranges);
	return g_test_run();
}
