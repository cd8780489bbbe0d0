/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a copy goes on that broke off. What is here is gone through as if it came again: the entries
 * out of the log, the bytes out of the files. The sum over it is the answer to the sender's offer;
 * only a sender that comes to the same sum over what it has goes on from there.
 */
#include "qrexec/copy/receiver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* 0, an errno value, or FILECOPY_ERROR_EOF. */
static int read_all(void *data, size_t size) {
	uint8_t *at = data;

	while (size > 0) {
		ssize_t n = read(STDIN_FILENO, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : (int)FILECOPY_ERROR_EOF;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static int write_all(const void *data, size_t size) {
	return write(STDOUT_FILENO, data, size) == (ssize_t)size ? 0 : (int)FILECOPY_ERROR_EOF;
}

/* The bytes of the file that was begun last. 0: it is whole; RECEIVER_FILE: no more of it is here;
 * or an errno value. */
static int adopt_data(struct receiver *r) {
	uint64_t left = r->decoder.entry.size;

	while (left > 0) {
		long n = place_read(r->place, r->buffer, sizeof(r->buffer));
		struct span in = span_over(r->buffer, n > 0 ? (size_t)n : 0);
		int error;

		if (n <= 0)
			return n ? (int)-n : RECEIVER_FILE;
		if ((uint64_t)n > left)
			return EBADMSG;
		left -= (uint64_t)n;
		error = receiver_take(r, &in);
		if (error)
			return error;
	}
	return 0;
}

/* 0: on to the next portion, an errno value, or where it broke off as receiver_take says it. */
static int adopt_portion(struct receiver *r, struct span *in) {
	int error;

	do {
		error = receiver_take(r, in);
		if (error == RECEIVER_FILE)
			error = adopt_data(r);
	} while (!error && in->left);
	return error;
}

/* Behind the place where the copy broke off nothing is logged, but half an entry after a power
 * cut. */
static int adopt_log(struct receiver *r) {
	uint8_t portion[16384];
	int log = stage_log(r->stage), error = 0;
	struct span in;
	ssize_t n;

	while (!error && (n = read(log, portion, sizeof(portion))) > 0) {
		in = span_over(portion, (size_t)n);
		error = adopt_portion(r, &in);
	}
	if (error > 0 || error == RECEIVER_FINISHED)
		return error > 0 ? error : EBADMSG;
	if (error && (in.left || read(log, portion, 1) != 0))
		return EBADMSG;
	if (ftruncate(log, (off_t)r->logged) || lseek(log, 0, SEEK_END) < 0)
		return errno;
	/* In the middle of a file the decoder waits for its bytes; else for an entry, a whole one.
	 */
	if (error != RECEIVER_FILE)
		filecopy_decoder_init(&r->decoder, r->flags);
	return 0;
}

static int adopt(struct receiver *r) {
	int error = receiver_place(r);

	if (error)
		return error;
	r->logged = (uint64_t)lseek(stage_log(r->stage), 0, SEEK_CUR);
	r->adopting = true;
	error = adopt_log(r);
	r->adopting = false;
	return error;
}

static int begin_anew(struct receiver *r, const struct copyresume_offer *o) {
	r->place = place_free(r->place);
	stage_discard(r->stage);
	tally_reset(&r->tally);
	filecopy_decoder_init(&r->decoder, r->flags);
	return receiver_make(r, o->id);
}

static uint64_t less(uint64_t a, uint64_t b) {
	return a > b ? a - b : 0;
}

static void weigh(
	struct receiver *r, const struct copyresume_offer *o, struct copyresume_answer *a) {
	uint64_t needed, room;

	if (place_fits(r->place, less(o->bytes, r->tally.bytes), less(o->entries, r->tally.files),
		    &needed, &room)) {
		*a = (struct copyresume_answer){.error = ENOSPC, .needed = needed, .room = room};
		return;
	}
	a->offset = r->tally.at;
	if (a->offset)
		tally_digest_now(&r->tally, a->digest);
}

static int take_start(struct receiver *r, const struct copyresume_offer *o) {
	uint8_t data[COPYRESUME_START_SIZE];
	struct copyresume_start start;
	int error = read_all(data, sizeof(data));

	if (error)
		return error;
	if (copyresume_start_decode(span_over(data, sizeof(data)), &start) ||
		(start.offset && start.offset != r->tally.at))
		return EPROTO;
	return start.offset == r->tally.at ? 0 : begin_anew(r, o);
}

int receiver_agree(struct receiver *r) {
	uint8_t data[COPYRESUME_OFFER_SIZE], out[COPYRESUME_ANSWER_SIZE];
	struct copyresume_answer answer = {0};
	struct copyresume_offer offer;
	int error = read_all(data, sizeof(data)), none;

	if (error)
		return error;
	if (copyresume_offer_decode(span_over(data, sizeof(data)), &offer))
		return EPROTO;
	none = stage_find(r->stage, offer.id);
	if (none || adopt(r) || !r->tally.at)
		error = begin_anew(r, &offer);
	if (error)
		answer.error = (uint32_t)error;
	else
		weigh(r, &offer, &answer);
	copyresume_answer_encode(&answer, out);
	r->answered = answer.error != 0;
	if (write_all(out, sizeof(out)))
		return (int)FILECOPY_ERROR_EOF;
	return answer.error ? (int)answer.error : take_start(r, &offer);
}
