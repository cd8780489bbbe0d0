/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Reads the audit file (docs/audit.md) into records, from the oldest file that is left to what is
 * appended while somebody looks. Texts have gone through common/text-filter.h. Knows no GTK.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define AUDIT_LINE_MAX  65536 /* a longer line is left out */
#define AUDIT_TEXT_SIZE 512
#define AUDIT_KEPT_MAX  200000 /* the newest are kept */

enum audit_text {
	AUDIT_EVENT,
	AUDIT_SOURCE,
	AUDIT_TARGET,
	AUDIT_DOMAIN,
	AUDIT_SERVICE,
	AUDIT_OUTCOME,
	AUDIT_REASON,
	AUDIT_FINAL,
	AUDIT_FILE,
	AUDIT_RULE,
	AUDIT_PASSES,
	AUDIT_CHOICE,
	AUDIT_TEXTS
};

enum audit_number {
	AUDIT_LINE,
	AUDIT_PASSES_LINE,
	AUDIT_POLICY_US,
	AUDIT_ASK_US,
	AUDIT_START_US,
	AUDIT_CONNECT_US,
	AUDIT_TOTAL_US,
	AUDIT_BYTES,
	AUDIT_FILES,
	AUDIT_NUMBERS
};

struct audit_record {
	gint64 time;                   /* microseconds since 1970 */
	const char *text[AUDIT_TEXTS]; /* "" : not there; they live as long as the reader */
	gint64 number[AUDIT_NUMBERS];  /* -1: not there */
};

enum audit_kind {
	AUDIT_ANY_KIND,
	AUDIT_CALLS,
	AUDIT_CLIPBOARD,
	AUDIT_COPIES,
	AUDIT_STARTS,
	AUDIT_RULES,
	AUDIT_OTHER,
	AUDIT_KINDS
};
enum audit_end { AUDIT_ANY_END, AUDIT_ALLOWED, AUDIT_REFUSED, AUDIT_FAILED, AUDIT_ENDS };

struct audit_filter {
	enum audit_kind kind;
	enum audit_end end;
	const char *domain, *text; /* "" or NULL: any */
};

/* One line without its newline; texts are kept in pool. 1: it is no record. */
enum { AUDIT_E_LINE = 1 };
MUST_USE int audit_parse(
	const char *line, size_t size, GStringChunk *pool, struct audit_record *ret);
enum audit_kind audit_kind_of(const struct audit_record *r);
bool audit_fits(const struct audit_record *r, const struct audit_filter *f);
/* The person may want to know the rule behind it. */
bool audit_has_why(const struct audit_record *r);

struct audit_reader;

/* folder: where audit.jsonl and its older ones are; they need not exist. */
struct audit_reader *audit_reader_new(const char *folder);
/* At most max new records are added to out (struct audit_record). True: there is more at once.
 * Reads files: only in a thread, one call at a time. */
bool audit_reader_read(struct audit_reader *r, GArray *out, guint max);
/* Any thread. */
struct audit_reader *audit_reader_ref(struct audit_reader *r);
void audit_reader_unref(struct audit_reader *r);
