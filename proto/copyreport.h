/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What an end of a file copy says about it to the admin domain, by the service bulkhead.CopyReport
 * (docs/protocols/copyreport.md): records of one size, one after the other. All of it is a domain's
 * word: numbers to show, never to rely on.
 */
#include "common/cleanup.h"
#include "common/domain-name.h"
#include "common/span.h"

#include <stdbool.h>

#define COPYREPORT_MAGIC  0x31524b42u /* "BKR1" */
#define COPYREPORT_SIZE   104
#define COPYREPORT_DIGEST 32

/* What goes back, a byte each: the person wants the copy to end, or what to do after TAKEN. */
enum copyreport_word {
	COPYREPORT_CANCEL = 'C',
	COPYREPORT_RENAME = 'R',
	COPYREPORT_REPLACE = 'P',
	COPYREPORT_SKIP = 'S'
};

enum copyreport_kind {
	COPYREPORT_RUNNING = 1,
	COPYREPORT_DONE,
	COPYREPORT_FAILED,
	COPYREPORT_TAKEN /* all is there, and a name is taken: what now? once in a copy, from a
			    receiver */
};
enum copyreport_role { COPYREPORT_SENDS = 1, COPYREPORT_RECEIVES };

struct copyreport {
	enum copyreport_kind kind;
	enum copyreport_role role;
	uint32_t error; /* of FAILED: an errno value or FILECOPY_ERROR_EOF; else 0 */
	uint64_t files, bytes,
		total;   /* total: bytes there will be, 0 not known; INT64_MAX at most */
	bool has_digest; /* with DONE only */
	uint8_t digest[COPYREPORT_DIGEST]; /* SHA-256 of the stream */
	struct domain_name peer;           /* the other end, "" if a sender does not know it */
};

/* 0, or 1: no such record. in: COPYREPORT_SIZE bytes. */
MUST_USE int copyreport_decode(struct span in, struct copyreport *ret);
/* 0, or 1: the record cannot follow that one in a copy. */
MUST_USE int copyreport_follows(const struct copyreport *before, const struct copyreport *r);
/* May such a word be given to somebody whose last record that was? */
bool copyreport_may_answer(const struct copyreport *last, char word);
void copyreport_encode(const struct copyreport *r, uint8_t ret[COPYREPORT_SIZE]);
