/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first byte says which: a message that is accepted is what its encoder writes; pieces give no
 * more than went in. */
#include "proto/copyresume.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const uint8_t *data, size_t size, const uint8_t *out, size_t out_size) {
	if (size != out_size || memcmp(out, data, size) != 0)
		abort();
}

static void pieces(const uint8_t *data, size_t size) {
	struct copyresume_pieces p = {0};
	struct span in = span_over(data, size), got;
	size_t sum = 0;

	while (copyresume_step(&p, &in, &got) == COPYRESUME_DATA)
		sum += got.left;
	if (sum > size || p.left > COPYRESUME_PIECE_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	uint8_t out[COPYRESUME_OFFER_SIZE];
	struct copyresume_offer o;
	struct copyresume_answer a;
	struct copyresume_start s;
	struct span in;

	if (size == 0)
		return 0;
	in = span_over(data + 1, size - 1);
	if (data[0] == 0 && !copyresume_offer_decode(in, &o)) {
		copyresume_offer_encode(&o, out);
		same(in.at, in.left, out, COPYRESUME_OFFER_SIZE);
	} else if (data[0] == 1 && !copyresume_answer_decode(in, &a)) {
		copyresume_answer_encode(&a, out);
		same(in.at, in.left, out, COPYRESUME_ANSWER_SIZE);
	} else if (data[0] == 2 && !copyresume_start_decode(in, &s)) {
		copyresume_start_encode(&s, out);
		same(in.at, in.left, out, COPYRESUME_START_SIZE);
	} else if (data[0] > 2) {
		pieces(in.at, in.left);
	}
	return 0;
}
