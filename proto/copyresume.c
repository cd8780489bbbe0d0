/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A copy that goes on; see copyresume.h. */
#include "proto/copyresume.h"

#include <errno.h>

#define OFFER_MAGIC  0x314f4b42u /* "BKO1" */
#define ANSWER_MAGIC 0x31414b42u /* "BKA1" */
#define START_MAGIC  0x31534b42u /* "BKS1" */
#define ERROR_MAX    4095u

static bool is_zero(const uint8_t *p, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

int copyresume_offer_decode(struct span in, struct copyresume_offer *ret) {
	uint32_t magic = span_u32(&in), spare = span_u32(&in);
	struct copyresume_offer o = {.bytes = span_u64(&in)};
	const uint8_t *id, *rest;

	o.entries = span_u64(&in);
	id = span_take(&in, sizeof(o.id));
	rest = span_take(&in, 8);
	if (!span_done(&in) || magic != OFFER_MAGIC || spare || !is_zero(rest, 8) ||
		o.bytes > INT64_MAX || o.entries > INT64_MAX)
		return 1;
	memcpy(o.id, id, sizeof(o.id));
	*ret = o;
	return 0;
}

void copyresume_offer_encode(const struct copyresume_offer *o, uint8_t ret[COPYRESUME_OFFER_SIZE]) {
	struct sink s = sink_over(ret, COPYRESUME_OFFER_SIZE);

	sink_u32(&s, OFFER_MAGIC);
	sink_u32(&s, 0);
	sink_u64(&s, o->bytes);
	sink_u64(&s, o->entries);
	sink_bytes(&s, o->id, sizeof(o->id));
	sink_u64(&s, 0);
}

/* What says nothing is zero. */
static bool answer_fits(const struct copyresume_answer *a) {
	bool room = a->error == ENOSPC;

	if (a->error > ERROR_MAX || a->offset > INT64_MAX || (a->error && a->offset))
		return false;
	if (!room && (a->needed || a->room))
		return false;
	return a->offset || is_zero(a->digest, sizeof(a->digest));
}

int copyresume_answer_decode(struct span in, struct copyresume_answer *ret) {
	uint32_t magic = span_u32(&in);
	struct copyresume_answer a = {.error = span_u32(&in)};
	const uint8_t *digest;

	a.offset = span_u64(&in);
	a.needed = span_u64(&in);
	a.room = span_u64(&in);
	digest = span_take(&in, sizeof(a.digest));
	if (!span_done(&in) || magic != ANSWER_MAGIC)
		return 1;
	memcpy(a.digest, digest, sizeof(a.digest));
	if (!answer_fits(&a))
		return 1;
	*ret = a;
	return 0;
}

void copyresume_answer_encode(
	const struct copyresume_answer *a, uint8_t ret[COPYRESUME_ANSWER_SIZE]) {
	struct sink s = sink_over(ret, COPYRESUME_ANSWER_SIZE);

	sink_u32(&s, ANSWER_MAGIC);
	sink_u32(&s, a->error);
	sink_u64(&s, a->offset);
	sink_u64(&s, a->needed);
	sink_u64(&s, a->room);
	sink_bytes(&s, a->digest, sizeof(a->digest));
}

int copyresume_start_decode(struct span in, struct copyresume_start *ret) {
	uint32_t magic = span_u32(&in), spare = span_u32(&in);
	uint64_t offset = span_u64(&in);

	if (!span_done(&in) || magic != START_MAGIC || spare || offset > INT64_MAX)
		return 1;
	ret->offset = offset;
	return 0;
}

void copyresume_start_encode(
	const struct copyresume_start *start, uint8_t ret[COPYRESUME_START_SIZE]) {
	struct sink s = sink_over(ret, COPYRESUME_START_SIZE);

	sink_u32(&s, START_MAGIC);
	sink_u32(&s, 0);
	sink_u64(&s, start->offset);
}

/* True when the head of a piece is whole. */
static bool take_head(struct copyresume_pieces *p, struct span *in) {
	size_t want = sizeof(p->head) - p->have, n = want < in->left ? want : in->left;
	const uint8_t *from = span_take(in, n);

	if (from && n)
		memcpy(p->head + p->have, from, n);
	p->have += n;
	return p->have == sizeof(p->head);
}

enum copyresume_event copyresume_step(
	struct copyresume_pieces *p, struct span *in, struct span *data) {
	struct span head;
	size_t n;

	if (p->left == 0) {
		if (!take_head(p, in))
			return COPYRESUME_MORE;
		head = span_over(p->head, sizeof(p->head));
		p->left = span_u32(&head);
		p->have = 0;
		if (p->left == 0)
			return COPYRESUME_CANCEL;
		if (p->left > COPYRESUME_PIECE_MAX) {
			p->left = 0;
			return COPYRESUME_BAD;
		}
	}
	n = p->left < in->left ? p->left : in->left;
	if (n == 0)
		return COPYRESUME_MORE;
	*data = span_over(span_take(in, n), n);
	p->left -= (uint32_t)n;
	return COPYRESUME_DATA;
}

void copyresume_head_encode(uint32_t size, uint8_t ret[COPYRESUME_HEAD_SIZE]) {
	struct sink s = sink_over(ret, COPYRESUME_HEAD_SIZE);

	sink_u32(&s, size);
}
