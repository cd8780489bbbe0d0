/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/copyresume.h"

#include <errno.h>
#include <glib.h>

static const struct copyresume_offer offer = {
	.bytes = INT64_MAX, .entries = 3, .id = {[0] = 7, [31] = 9}};
static const struct copyresume_answer here = {.offset = 5, .digest = {[31] = 1}},
				      full = {.error = ENOSPC, .needed = 9, .room = 4};

static void test_round(void) {
	uint8_t data[COPYRESUME_OFFER_SIZE + 1] = {0};
	struct copyresume_offer o;
	struct copyresume_answer a;
	struct copyresume_start s = {.offset = INT64_MAX};

	copyresume_offer_encode(&offer, data);
	for (size_t n = 0; n <= sizeof(data); n++)
		g_assert_cmpint(copyresume_offer_decode(span_over(data, n), &o), ==,
			n == COPYRESUME_OFFER_SIZE ? 0 : 1);
	g_assert_cmpmem(&o, sizeof(o), &offer, sizeof(offer));
	copyresume_answer_encode(&here, data);
	for (size_t n = 0; n <= sizeof(data); n++)
		g_assert_cmpint(copyresume_answer_decode(span_over(data, n), &a), ==,
			n == COPYRESUME_ANSWER_SIZE ? 0 : 1);
	g_assert_cmpuint(a.offset, ==, 5);
	g_assert_cmpmem(a.digest, 32, here.digest, 32);
	copyresume_answer_encode(&full, data);
	g_assert_cmpint(
		copyresume_answer_decode(span_over(data, COPYRESUME_ANSWER_SIZE), &a), ==, 0);
	g_assert_cmpuint(a.needed, ==, 9);
	g_assert_cmpuint(a.room, ==, 4);
	copyresume_start_encode(&s, data);
	s.offset = 0;
	for (size_t n = 0; n <= sizeof(data); n++)
		g_assert_cmpint(copyresume_start_decode(span_over(data, n), &s), ==,
			n == COPYRESUME_START_SIZE ? 0 : 1);
	g_assert_cmpuint(s.offset, ==, INT64_MAX);
}

/* Each with one thing wrong. */
static void test_wrong(void) {
	struct copyresume_offer o[] = {offer, offer};
	struct copyresume_answer a[] = {here, here, full, here, full, here};
	struct copyresume_start s = {.offset = (uint64_t)INT64_MAX + 1};
	uint8_t data[COPYRESUME_OFFER_SIZE];

	o[0].bytes = o[1].entries = (uint64_t)INT64_MAX + 1;
	for (size_t i = 0; i < G_N_ELEMENTS(o); i++) {
		copyresume_offer_encode(&o[i], data);
		g_assert_cmpint(
			copyresume_offer_decode(span_over(data, sizeof(data)), &o[i]), ==, 1);
	}
	a[0].offset = 0; /* a digest of nothing */
	a[1].offset = (uint64_t)INT64_MAX + 1;
	a[2].error = 4096;
	a[3].room = 1; /* without ENOSPC */
	a[4].offset = 1;
	a[5].error = EIO;
	for (size_t i = 0; i < G_N_ELEMENTS(a); i++) {
		copyresume_answer_encode(&a[i], data);
		g_assert_cmpint(
			copyresume_answer_decode(span_over(data, sizeof(data)), &a[i]), ==, 1);
	}
	copyresume_start_encode(&s, data);
	g_assert_cmpint(copyresume_start_decode(span_over(data, COPYRESUME_START_SIZE), &s), ==, 1);
}

/* What is spare today is zero: else it could mean something tomorrow. */
static void test_spare(void) {
	uint8_t data[COPYRESUME_OFFER_SIZE];
	struct copyresume_offer o;
	struct copyresume_start s = {0};

	for (size_t at = 0; at < sizeof(data); at++) {
		copyresume_offer_encode(&offer, data);
		data[at] ^= 0x80;
		/* Its magic, spare fields, and the tops of the two numbers. */
		g_assert_cmpint(copyresume_offer_decode(span_over(data, sizeof(data)), &o), ==,
			at < 8 || at == 15 || at == 23 || at >= 56 ? 1 : 0);
	}
	copyresume_start_encode(&s, data);
	data[4] = 1;
	g_assert_cmpint(copyresume_start_decode(span_over(data, COPYRESUME_START_SIZE), &s), ==, 1);
}

/* Whatever the portions, the same bytes come out. */
static void test_pieces(void) {
	static const uint8_t stream[] = "\3\0\0\0abc\1\0\0\0d\0\0\0\0rest";

	for (size_t portion = 1; portion < sizeof(stream); portion++) {
		struct copyresume_pieces p = {0};
		g_autoptr(GString) got = g_string_new(NULL);
		enum copyresume_event e = COPYRESUME_MORE;

		for (size_t at = 0; at < sizeof(stream) - 1 && e != COPYRESUME_CANCEL;) {
			struct span in = span_over(
					    stream + at, MIN(portion, sizeof(stream) - 1 - at)),
				    data;

			at += in.left;
			while ((e = copyresume_step(&p, &in, &data)) == COPYRESUME_DATA)
				g_string_append_len(got, (const char *)data.at, (gssize)data.left);
			g_assert_true(e == COPYRESUME_MORE || e == COPYRESUME_CANCEL);
		}
		g_assert_cmpint((int)e, ==, COPYRESUME_CANCEL);
		g_assert_cmpstr(got->str, ==, "abcd");
	}
}

static void test_piece_too_large(void) {
	struct copyresume_pieces p = {0};
	uint8_t head[COPYRESUME_HEAD_SIZE];
	struct span in = span_over(head, sizeof(head)), data;

	copyresume_head_encode(COPYRESUME_PIECE_MAX, head);
	g_assert_cmpint((int)copyresume_step(&p, &in, &data), ==, COPYRESUME_MORE);
	p = (struct copyresume_pieces){0};
	in = span_over(head, sizeof(head));
	copyresume_head_encode(COPYRESUME_PIECE_MAX + 1, head);
	g_assert_cmpint((int)copyresume_step(&p, &in, &data), ==, COPYRESUME_BAD);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/copyresume/round", test_round);
	g_test_add_func("/copyresume/wrong", test_wrong);
	g_test_add_func("/copyresume/spare", test_spare);
	g_test_add_func("/copyresume/pieces", test_pieces);
	g_test_add_func("/copyresume/piece-too-large", test_piece_too_large);
	return g_test_run();
}
