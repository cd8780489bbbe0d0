/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Makes received files, folders and links, and nothing anywhere else: all of them in a staging
 * folder first, every path resolved beneath it and through no link. At the end the top ones are
 * moved to where the person finds them; until then nothing of the copy can be seen there, and what
 * exists there is not touched.
 */
#include "common/cleanup.h"
#include "proto/filecopy.h"

struct place;

/* What becomes of a name at the top that is taken. */
enum place_clash {
	PLACE_RENAME,  /* the new one is called "name (2)" */
	PLACE_SKIP,    /* the new one is thrown away */
	PLACE_REPLACE, /* the old one is */
	PLACE_REFUSE,  /* the whole copy ends with EEXIST */
	PLACE_CANCEL   /* ... with ECANCELED */
};

/* dir: where they end up; stage: an empty folder on the same file system. Both owned from now on.
 * NULL: no memory. */
struct place *place_new(int dir, int stage, enum place_clash clash);
struct place *place_free(struct place *p);

/* Instead of PLACE_RENAME at once: called when the first name is found taken, in place_finish; what
 * it answers holds for all of them. */
void place_ask(struct place *p, enum place_clash (*ask)(void *data), void *data);

/* All answer 0 or a positive errno value, as the reply carries it. */
MUST_USE int place_begin_file(struct place *p, const struct filecopy_entry *e);
MUST_USE int place_write(struct place *p, const void *data, size_t size);
MUST_USE int place_end_file(struct place *p, const struct filecopy_entry *e);
/* A folder's entry: made when it is new, its mode and times set when it comes again. */
MUST_USE int place_dir(struct place *p, const struct filecopy_entry *e);
MUST_USE int place_link(struct place *p, const struct filecopy_entry *e);

/* What is in the staging folder already, of a copy that broke off: in the order in which it came.
 * A file is open then, at its beginning; its bytes are read, those that are missing written. */
MUST_USE int place_adopt(struct place *p, const struct filecopy_entry *e);
/* How many, 0 at its end, or -errno. */
MUST_USE long place_read(struct place *p, void *data, size_t size);
/* The file that broke off takes no more room than what is there of it. */
void place_pause(struct place *p);
/* 0, or 1: so many bytes in so many entries do not fit; the two figures say by how much. */
MUST_USE int place_fits(const struct place *p, uint64_t bytes, uint64_t entries,
	uint64_t *ret_needed, uint64_t *ret_room);

/* Moves everything to its place and to the disk. */
MUST_USE int place_finish(struct place *p);
/* How many names at the top were thrown away by PLACE_SKIP. */
unsigned place_skipped(const struct place *p);
/* After a failed place_finish: everything is in the staging folder again, whose maker removes it.
 */
void place_undo(struct place *p);
