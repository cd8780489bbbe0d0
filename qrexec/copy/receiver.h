/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The receiving end of a copy: what it is made of, and the part for copies that can go on. */
#include "proto/copyresume.h"
#include "proto/filecopy.h"
#include "qrexec/copy/place.h"
#include "qrexec/copy/report.h"
#include "qrexec/copy/stage.h"
#include "qrexec/copy/tally.h"

#include <stdbool.h>

#define RECEIVER_BUFFER (256 * 1024)

/* Answers of receiver_take beside errors. */
enum {
	RECEIVER_FINISHED = -1, /* the end mark was read */
	RECEIVER_FILE = -2,     /* adopting: the bytes of the file r->decoder.entry come next */
	RECEIVER_ABSENT = -3    /* adopting: the entry was told, but is not here */
};

struct receiver {
	struct filecopy_decoder decoder;
	unsigned flags; /* of the decoder */
	enum place_clash clash;
	bool asks; /* what to do with a name that is taken, if the call does not say it */
	struct place *place;
	struct tally tally;
	struct report report;
	struct stage *stage;
	const char *source;
	int dir;         /* where the files end up */
	int receipts;    /* -1: none */
	bool can_go_on;  /* the sender is one of ours: bulkhead.FilecopyResume */
	bool adopting;   /* what is here already is gone through */
	bool answered;   /* the sender knows already that and why it was refused */
	uint64_t logged; /* bytes of the log, up to the last whole entry */
	struct copyresume_pieces pieces;
	uint8_t buffer[RECEIVER_BUFFER], encoded[FILECOPY_LONG_MAX];
};

/* A place for the copy in its folder, which the stage has. 0 or an errno value. */
MUST_USE int receiver_place(struct receiver *r);
/* An empty folder for the copy; id as in stage.h. 0 or an errno value. */
MUST_USE int receiver_make(struct receiver *r, const uint8_t *id);
/* What the decoder makes of these bytes of the stream, until all are consumed. 0, an errno value,
 * or an answer above. */
MUST_USE int receiver_take(struct receiver *r, struct span *in);
/* Offer, answer and start: after it the stream comes, from where both ends agreed. 0 or an errno
 * value, or FILECOPY_ERROR_EOF: the sender went. */
MUST_USE int receiver_agree(struct receiver *r);
