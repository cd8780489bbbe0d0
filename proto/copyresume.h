/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What two ends of ours say to each other around a copy that can go on after it broke off, the
 * service bulkhead.FilecopyResume (docs/protocols/copyresume.md): the sender's offer, the
 * receiver's answer, the sender's start, then the qfile stream from there on, in pieces.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define COPYRESUME_OFFER_SIZE  64
#define COPYRESUME_ANSWER_SIZE 64
#define COPYRESUME_START_SIZE  16
#define COPYRESUME_DIGEST      32
#define COPYRESUME_HEAD_SIZE   4
#define COPYRESUME_PIECE_MAX   (1u << 20) /* bytes */

struct copyresume_offer {
	uint64_t bytes, entries;       /* of the whole copy, INT64_MAX at most */
	uint8_t id[COPYRESUME_DIGEST]; /* the same for the same things sent again; proves nothing */
};

struct copyresume_answer {
	uint32_t error;                    /* 0, or why nothing need be sent: an errno value */
	uint64_t offset;                   /* so much of the stream is here; 0: nothing */
	uint64_t needed, room;             /* bytes, with ENOSPC; else 0 */
	uint8_t digest[COPYRESUME_DIGEST]; /* SHA-256 of these bytes, times of access zeroed; zeros
					      without an offset */
};

struct copyresume_start {
	uint64_t offset; /* where the sender goes on: 0, or what was answered */
};

/* 0, or 1: no such message. in: exactly its size. */
MUST_USE int copyresume_offer_decode(struct span in, struct copyresume_offer *ret);
MUST_USE int copyresume_answer_decode(struct span in, struct copyresume_answer *ret);
MUST_USE int copyresume_start_decode(struct span in, struct copyresume_start *ret);
void copyresume_offer_encode(const struct copyresume_offer *o, uint8_t ret[COPYRESUME_OFFER_SIZE]);
void copyresume_answer_encode(
	const struct copyresume_answer *a, uint8_t ret[COPYRESUME_ANSWER_SIZE]);
void copyresume_start_encode(const struct copyresume_start *s, uint8_t ret[COPYRESUME_START_SIZE]);

enum copyresume_event {
	COPYRESUME_MORE = 1, /* everything consumed; give more */
	COPYRESUME_DATA,     /* *data are bytes of the qfile stream */
	COPYRESUME_CANCEL,   /* the sender does not want the copy any more */
	COPYRESUME_BAD
};

/* Takes the pieces apart; zeroed at first. */
struct copyresume_pieces {
	uint32_t left; /* of the piece */
	size_t have;
	uint8_t head[COPYRESUME_HEAD_SIZE];
};

/* One step; advances *in by what it consumed. */
MUST_USE enum copyresume_event copyresume_step(
	struct copyresume_pieces *p, struct span *in, struct span *data);
/* The head of a piece of size bytes (COPYRESUME_PIECE_MAX at most); of none: the cancel. */
void copyresume_head_encode(uint32_t size, uint8_t ret[COPYRESUME_HEAD_SIZE]);
