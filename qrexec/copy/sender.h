/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The sending end of a copy: what it is made of, and the part for copies that can go on. */
#include "proto/copyresume.h"
#include "proto/filecopy.h"
#include "qrexec/copy/progress.h"
#include "qrexec/copy/report.h"
#include "qrexec/copy/send.h"
#include "qrexec/copy/tally.h"
#include "qrexec/lib/caller.h"

#include <stdbool.h>

#define SENDER_BUFFER (256 * 1024)

/* Answers beside -errno. */
enum {
	SEND_E_STOP = 1,         /* the other side speaks or went: its reply says why */
	SEND_E_DIFFERS,          /* what is there is not the beginning of what is here */
	SEND_E_NO_SERVICE = 256, /* no exit code; the other domain knows no copies that can go on */
	SEND_E_TOLD              /* the other side said why not, and so did we */
};

struct sender {
	struct tally tally;
	struct progress progress;
	struct report report;
	bool reports;
	bool can_go_on;                  /* the call is of bulkhead.FilecopyResume */
	bool skipping;                   /* the other end has it already: it is only summed */
	struct copyresume_answer answer; /* what the other end has */
	const struct send_plan *plan;
	struct caller *call;
	uint32_t error; /* of the copy, as the report carries it */
	size_t held;    /* small things go out together */
	/* A piece's head, then what is held. */
	uint8_t piece[COPYRESUME_HEAD_SIZE + SENDER_BUFFER + FILECOPY_LONG_MAX];
};

/* Offer and answer. 0 or an answer above, but SEND_E_DIFFERS. */
MUST_USE int sender_agree(struct sender *s);
/* The stream begins where the other end stopped (or at the beginning: offset 0). */
MUST_USE int sender_start(struct sender *s, uint64_t offset);
/* Skipping: has it come to where the other end stopped? 0 (and sends from there, if so), -errno or
 * an answer above. */
MUST_USE int sender_reached(struct sender *s);
/* The person does not want it, or it cannot be read: nothing of it is kept. */
void sender_cancel(struct sender *s);
