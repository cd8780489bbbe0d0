/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the sender goes on with a copy that broke off; see sender.h. */
#include "qrexec/copy/sender.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define EXIT_NO_SERVICE 127

static int go_on(struct sender *s, uint64_t offset) {
	uint8_t data[COPYRESUME_START_SIZE];

	copyresume_start_encode(&(struct copyresume_start){.offset = offset}, data);
	return caller_write(s->call, data, sizeof(data)) ? SEND_E_STOP : 0;
}

static int tell_room(struct sender *s) {
	s->error = ENOSPC;
	fprintf(stderr,
		"There is no room for it: it needs %.1f MB, and %.1f MB are free there. Not "
		"copied.\n",
		(double)s->answer.needed / 1e6, (double)s->answer.room / 1e6);
	return SEND_E_TOLD;
}

/* The service ended before it answered. */
static int no_answer(struct sender *s) {
	const void *reply;
	size_t size;

	return caller_finish(s->call, &reply, &size) == EXIT_NO_SERVICE ? SEND_E_NO_SERVICE
									: SEND_E_STOP;
}

int sender_agree(struct sender *s) {
	struct copyresume_offer offer = {.bytes = s->plan->total, .entries = s->plan->entries};
	uint8_t data[COPYRESUME_OFFER_SIZE], in[COPYRESUME_ANSWER_SIZE];

	memcpy(offer.id, s->plan->id, sizeof(offer.id));
	copyresume_offer_encode(&offer, data);
	if (caller_write(s->call, data, sizeof(data)) || caller_read(s->call, in, sizeof(in)))
		return no_answer(s);
	if (copyresume_answer_decode(span_over(in, sizeof(in)), &s->answer)) {
		fprintf(stderr, "The other side said nothing understandable: not copied.\n");
		s->error = EPROTO;
		return SEND_E_TOLD;
	}
	if (s->answer.error == ENOSPC)
		return tell_room(s);
	if (s->answer.error) {
		s->error = s->answer.error;
		fprintf(stderr, "The other side cannot receive it: %s\n",
			strerror((int)s->answer.error));
		return SEND_E_TOLD;
	}
	s->skipping = s->answer.offset > 0;
	return s->skipping ? 0 : sender_start(s, 0);
}

int sender_start(struct sender *s, uint64_t offset) {
	s->skipping = false;
	if (offset) {
		fprintf(stderr, "%.1f MB are there already; the copy goes on from there.\n",
			(double)s->tally.bytes / 1e6);
		progress_skip(&s->progress, s->tally.bytes);
	}
	return go_on(s, offset);
}

int sender_reached(struct sender *s) {
	uint8_t digest[TALLY_DIGEST];

	if (s->tally.at < s->answer.offset)
		return 0;
	tally_digest_now(&s->tally, digest);
	if (s->tally.at > s->answer.offset || memcmp(digest, s->answer.digest, sizeof(digest)) != 0)
		return SEND_E_DIFFERS;
	return sender_start(s, s->answer.offset);
}

void sender_cancel(struct sender *s) {
	uint8_t head[COPYRESUME_HEAD_SIZE];
	const void *reply;
	size_t size;

	copyresume_head_encode(0, head);
	if (caller_write(s->call, head, sizeof(head)) || caller_finish(s->call, &reply, &size) < 0)
		fprintf(stderr, "The other side went before it heard of that.\n");
}
