/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/hv.h"

#include <glib.h>

static int decode_words(const uint32_t w[8], size_t bytes, struct hv_request *ret) {
	uint8_t buf[HV_MESSAGE_SIZE + 1] = {0};
	struct sink out = sink_over(buf, sizeof(buf));

	for (int i = 0; i < 8; i++)
		sink_u32(&out, w[i]);
	return hv_decode_request(span_over(buf, bytes), ret);
}

#define MAX_ID HV_DOMAIN_MAX
#define ALL    0xffffffffu

/* type, peer, fields -> accepted? Each row of the table at its least, its most and one beyond. */
static const struct {
	uint32_t w[8];
	int answer;
} cases[] = {
	{{0, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{10, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{HV_ANSWER, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{ALL, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 0, 0, 0, 1, 1, 0, 0}, 0},
	{{HV_VCHAN_SERVER, ALL, MAX_ID, HV_PORT_MAX, HV_RING_MAX, HV_RING_MAX, 0, 0}, 0},
	{{HV_VCHAN_SERVER, 1, MAX_ID + 1, 0, 1, 1, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, HV_PORT_MAX + 1, 1, 1, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, 0, 0, 1, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, 0, 1, 0, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, 0, HV_RING_MAX + 1, 1, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, 0, 1, HV_RING_MAX + 1, 0, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, 0, 1, 1, 1, 0}, 1},
	{{HV_VCHAN_SERVER, 1, 0, 0, 1, 1, 0, 1}, 1},
	{{HV_VCHAN_CLIENT, 1, MAX_ID, HV_PORT_MAX, 0, 0, 0, 0}, 0},
	{{HV_VCHAN_CLIENT, 1, 0, 0, 1, 0, 0, 0}, 1},
	{{HV_VCHAN_CLIENT, 1, 0, 0, 0, 1, 0, 0}, 1},
	{{HV_PAGES_SHARE, 1, 0, 0, 1, 0, 0, 0}, 0},
	{{HV_PAGES_SHARE, 1, 0, 0, HV_PAGES_MAX, 0, 0, 0}, 0},
	{{HV_PAGES_SHARE, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{HV_PAGES_SHARE, 1, 0, 0, HV_PAGES_MAX + 1, 0, 0, 0}, 1},
	{{HV_PAGES_SHARE, 1, 0, 1, 1, 0, 0, 0}, 1},
	{{HV_PAGES_SHARE, 1, 0, 0, 1, 1, 0, 0}, 1},
	{{HV_PAGES_UNSHARE, 1, 0, ALL, 0, 0, 0, 0}, 0},
	{{HV_PAGES_UNSHARE, 1, 1, 0, 0, 0, 0, 0}, 1},
	{{HV_PAGES_UNSHARE, 1, 0, 0, 1, 0, 0, 0}, 1},
	{{HV_PAGES_MAP, 1, MAX_ID, ALL, HV_PAGES_MAX, 0, 0, 0}, 0},
	{{HV_PAGES_MAP, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{HV_PAGES_MAP, 1, 0, 0, HV_PAGES_MAX + 1, 0, 0, 0}, 1},
	{{HV_DOMAIN_CREATE, 1, 0, 1, 1, 1, 0, 0}, 0},
	{{HV_DOMAIN_CREATE, 1, MAX_ID, ALL, ALL, ALL, 0, 0}, 0},
	{{HV_DOMAIN_CREATE, 1, MAX_ID + 1, 1, 1, 1, 0, 0}, 1},
	{{HV_DOMAIN_CREATE, 1, 0, 0, 1, 1, 0, 0}, 1},
	{{HV_DOMAIN_CREATE, 1, 0, 1, 0, 1, 0, 0}, 1},
	{{HV_DOMAIN_CREATE, 1, 0, 1, 1, 0, 0, 0}, 1},
	{{HV_DOMAIN_DESTROY, 1, 1, 0, 0, 0, 0, 0}, 0},
	{{HV_DOMAIN_DESTROY, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{HV_ADMIT, 1, MAX_ID, 0, 0, 0, 0, 0}, 0},
	{{HV_ADMIT, 1, 0, 0, 0, 0, 0, 0}, 1},
	{{HV_DOMAIN_NEXT, 1, 0, 0, 0, 0, 0, 0}, 0},
	{{HV_DOMAIN_NEXT, 1, 0, 1, 0, 0, 0, 0}, 1},
};

static void test_request_edges(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct hv_request r = {.id = 77};
		int answer = decode_words(cases[i].w, HV_MESSAGE_SIZE, &r);

		g_test_message("case %zu", i);
		g_assert_cmpint(answer, ==, cases[i].answer);
		g_assert_cmpuint(r.id, ==, answer ? 77 : cases[i].w[1]);
		if (answer == 0) {
			g_assert_cmpint(decode_words(cases[i].w, HV_MESSAGE_SIZE - 1, &r), ==, 1);
			g_assert_cmpint(decode_words(cases[i].w, HV_MESSAGE_SIZE + 1, &r), ==, 1);
			g_assert_cmpint(decode_words(cases[i].w, 0, &r), ==, 1);
		}
	}
}

static void test_request_round_trip(void) {
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		uint8_t buf[HV_MESSAGE_SIZE], want[HV_MESSAGE_SIZE];
		struct sink out = sink_over(want, sizeof(want));
		struct hv_request r;

		if (cases[i].answer)
			continue;
		g_assert_cmpint(decode_words(cases[i].w, HV_MESSAGE_SIZE, &r), ==, 0);
		memset(buf, 0xee, sizeof(buf));
		hv_encode_request(&r, buf);
		for (int k = 0; k < 8; k++)
			sink_u32(&out, cases[i].w[k]);
		g_assert_cmpmem(buf, sizeof(buf), want, sizeof(want));
	}
}

/* No byte of ours that nobody set leaves: every byte of both messages is written. */
static void test_no_leak(void) {
	uint8_t buf[HV_MESSAGE_SIZE];
	struct hv_request r;
	struct hv_answer a = {.id = 1, .status = HV_E_HOST, .value = 2};

	memset(&r, 0xee, sizeof(r));
	r.type = HV_DOMAIN_DESTROY;
	r.id = 1;
	r.peer = 1;
	memset(buf, 0xee, sizeof(buf));
	hv_encode_request(&r, buf);
	for (unsigned i = 0; i < sizeof(buf); i++)
		g_assert_cmpuint(buf[i], !=, 0xee);
	memset(buf, 0xee, sizeof(buf));
	hv_encode_answer(&a, buf);
	for (unsigned i = 0; i < sizeof(buf); i++)
		g_assert_cmpuint(buf[i], !=, 0xee);
}

static void test_answer(void) {
	uint8_t buf[HV_MESSAGE_SIZE + 1] = {0};

	for (unsigned status = 0; status <= HV_E_HOST + 1; status++) {
		struct hv_answer a = {.id = 9, .status = (enum hv_status)status, .value = ALL},
				 b = {0};
		int answer;

		hv_encode_answer(&a, buf);
		answer = hv_decode_answer(span_over(buf, HV_MESSAGE_SIZE), &b);
		g_assert_cmpint(answer, ==, status > HV_E_HOST);
		g_assert_cmpuint(b.value, ==, answer ? 0 : ALL);
		g_assert_cmpint(hv_decode_answer(span_over(buf, HV_MESSAGE_SIZE - 1), &b), ==, 1);
		g_assert_cmpint(hv_decode_answer(span_over(buf, HV_MESSAGE_SIZE + 1), &b), ==, 1);
		g_assert_nonnull(hv_status_text((enum hv_status)status));
	}
	hv_encode_answer(&(struct hv_answer){.id = 9}, buf);
	for (unsigned i = 16; i < HV_MESSAGE_SIZE; i++) {
		struct hv_answer b;

		buf[i] = 1;
		g_assert_cmpint(hv_decode_answer(span_over(buf, HV_MESSAGE_SIZE), &b), ==, 1);
		buf[i] = 0;
	}
	buf[0] = HV_ADMIT;
	g_assert_cmpint(
		hv_decode_answer(span_over(buf, HV_MESSAGE_SIZE), &(struct hv_answer){0}), ==, 1);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hv/request-edges", test_request_edges);
	g_test_add_func("/hv/request-round-trip", test_request_round_trip);
	g_test_add_func("/bug-class/D5/hv-messages-fully-written", test_no_leak);
	g_test_add_func("/hv/answer", test_answer);
	return g_test_run();
}
