/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Tells the admin domain how a copy goes, by a call of bulkhead.CopyReport beside the copy, and
 * hears from it whether the person wants the copy to end. The copy never waits for it: where nobody
 * listens, nothing is told.
 */
#include "proto/copyreport.h"
#include "qrexec/copy/tally.h"

#include <time.h>

struct report {
	int fd; /* to be polled for reading, then report_listen; -1: nobody listens */
	bool cancelled;
	struct copyreport now;
	struct timespec told;
};

/* Starts the call: before a confinement. peer: a domain's name, "" not known. total: bytes, 0 not
 * known. */
void report_open(struct report *r, enum copyreport_role role, const char *peer, uint64_t total);
/* How far it is: may be called as often as one likes. */
void report_tell(struct report *r, uint64_t files, uint64_t bytes);
/* Asks the person what to do with a name that is taken, and waits for so many seconds at most. The
 * word, COPYREPORT_RENAME if nobody says one. */
enum copyreport_word report_ask(struct report *r, uint64_t files, uint64_t bytes, unsigned seconds);
/* Takes what was answered, without waiting; r->cancelled says whether the copy is to end. */
void report_listen(struct report *r);
/* The last word. error: 0, an errno value or FILECOPY_ERROR_EOF; digest: as tally_digest gives it,
 * looked at without an error only. */
void report_end(struct report *r, uint64_t files, uint64_t bytes, uint32_t error,
	const uint8_t digest[TALLY_DIGEST]);
void report_close(struct report *r);
