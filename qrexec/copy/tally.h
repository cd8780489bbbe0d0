/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a copy is, counted and summed: the same at both ends of it. */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_DIGEST      32
#define TALLY_DIGEST_TEXT 65

struct tally {
	uint32_t crc;
	uint64_t files, bytes; /* files and links, and bytes of files */
	uint64_t at;           /* bytes of the stream that were summed */
	void *digest;          /* SHA-256 of the stream, times of access zeroed; NULL: not wanted */
};

/* Loads whatever the digest needs: call before a confinement. 0 or -errno. */
MUST_USE int tally_init(struct tally *t, bool digest);
/* Nothing was counted or summed yet. */
void tally_reset(struct tally *t);
/* What went over the wire, for the CRC alone. */
void tally_wire(struct tally *t, const void *data, size_t size);
/* The same stream for the digest: an entry as it is encoded, bytes of a file, and the end mark. */
void tally_entry(struct tally *t, const uint8_t *encoded, size_t size);
void tally_data(struct tally *t, const void *data, size_t size);
void tally_end(struct tally *t);
/* Of what was summed so far; zeros if there is no digest. */
void tally_digest_now(const struct tally *t, uint8_t ret[TALLY_DIGEST]);
/* Once, at the end; zeros if there is no digest. */
void tally_digest(struct tally *t, uint8_t ret[TALLY_DIGEST]);
/* In hexadecimal; "" for zeros. */
void tally_digest_text(const uint8_t digest[TALLY_DIGEST], char ret[TALLY_DIGEST_TEXT]);
void tally_deinit(struct tally *t);

/* Whether receipts carry a digest: yes, unless BULKHEAD_COPY_DIGEST is 0. */
bool tally_wants_digest(void);
