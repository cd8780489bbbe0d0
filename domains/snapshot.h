/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Copies of what a domain keeps: its home (local), its private volume (Xen). They stand beside it,
 * in snapshots/, each whole or not there. The domain does not run meanwhile. A volume is copied as
 * the bytes that it is; nothing here looks into it.
 */
#include "common/cleanup.h"

#include <stdbool.h>

#define SNAPSHOTS       "snapshots"
#define SNAPSHOT_BEFORE "before-rollback" /* what the last rollback took away */

/* A letter or digit, then letters, digits, '.', '-' and '_'; at most 64. */
bool snapshot_name_ok(const char *name);

/* dir: the domain's folder; what: the name of its home or volume there. Each blocks until it is
 * done, and cp is done by a child. 0 or -errno; then all is as it was. stop: a pipe; -ECANCELED if
 * its other end is closed before the copy is made (-1: nobody does). */
MUST_USE int snapshot_take(int dir, const char *what, const char *name, int stop);
/* What there was becomes SNAPSHOT_BEFORE. */
MUST_USE int snapshot_rollback(int dir, const char *what, const char *name, int stop);
MUST_USE int snapshot_drop(int dir, const char *name);
