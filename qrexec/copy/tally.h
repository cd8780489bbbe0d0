/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What went over the wire, counted and summed: the same at both ends of a copy. */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_DIGEST      32
#define TALLY_DIGEST_TEXT 65

struct tally {
	uint32_t crc;
	uint64_t files, bytes; /* files and links, and bytes of files */
	void *digest;          /* SHA-256 of the whole stream; NULL: not wanted */
};

/* Loads whatever the digest needs: call before a confinement. 0 or -errno. */
MUST_USE int tally_init(struct tally *t, bool digest);
void tally_add(struct tally *t, const void *data, size_t size);
/* Once, at the end; zeros if there is no digest. */
void tally_digest(struct tally *t, uint8_t ret[TALLY_DIGEST]);
/* In hexadecimal; "" for zeros. */
void tally_digest_text(const uint8_t digest[TALLY_DIGEST], char ret[TALLY_DIGEST_TEXT]);
void tally_deinit(struct tally *t);

/* Whether receipts carry a digest: yes, unless BULKHEAD_COPY_DIGEST is 0. */
bool tally_wants_digest(void);
