/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Makes received files, folders and links below one folder, and nothing anywhere else: every path
 * is resolved beneath it and through no link; an unfinished file has no name; what exists is never
 * touched; what was made can be taken back.
 */
#include "common/cleanup.h"
#include "proto/filecopy.h"

struct place;

/* dir: the folder, owned from now on; proc: /proc/self/fd, owned. NULL: no memory. */
struct place *place_new(int dir, int proc);
struct place *place_free(struct place *p);

/* All answer 0 or a positive errno value, as the reply carries it. */
MUST_USE int place_begin_file(struct place *p, const struct filecopy_entry *e);
MUST_USE int place_write(struct place *p, const void *data, size_t size);
MUST_USE int place_end_file(struct place *p, const struct filecopy_entry *e);
/* A folder's entry: made when it is new, its mode and times set when it comes again. */
MUST_USE int place_dir(struct place *p, const struct filecopy_entry *e);
MUST_USE int place_link(struct place *p, const struct filecopy_entry *e);

/* Everything is on the disk. */
MUST_USE int place_sync(struct place *p);
/* Takes back all that was made. */
void place_undo(struct place *p);
