/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The hidden folder in which a copy is made, QubesIncoming/.partial-SENDER/ID: locked while its
 * receiver lives. Beside the one of a copy that can go on stands its log, ID.log: what identifies
 * the copy, then each entry as it came, so that what is there is known also after a power cut.
 *
 * What broke off is kept: one copy of a sender, STAGE_KEPT_MAX in all, for STAGE_KEPT_SECONDS. What
 * else was left behind, and what is over these limits, goes away with the next copy.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

#define STAGE_KEPT_MAX     4
#define STAGE_KEPT_SECONDS (24 * 60 * 60)
#define STAGE_ID           32

struct stage;

/* incoming: the folder QubesIncoming; source: a domain's name; receipts: where it is written that
 * something kept was removed, or -1. Sweeps. 0 or -errno. */
MUST_USE int stage_open(int incoming, const char *source, int receipts, struct stage **ret);
/* An empty folder for this copy; id: of a copy that can go on, else NULL. 0 or -errno. */
MUST_USE int stage_make(struct stage *s, const uint8_t *id);
/* The folder of the copy of that id that broke off. 0, 1: there is none, or -errno. */
MUST_USE int stage_find(struct stage *s, const uint8_t id[STAGE_ID]);

/* The sender's folder, the one in it for this copy, and its log (-1: none) after what identifies
 * it; all stay the stage's. */
int stage_folder(const struct stage *s);
int stage_tree(const struct stage *s);
int stage_log(const struct stage *s);

/* This copy's folder goes, and all that is in it; another can be made. */
void stage_discard(struct stage *s);
/* With stage_discard. */
struct stage *stage_remove(struct stage *s);
/* This copy's folder stays: it may go on later. */
struct stage *stage_keep(struct stage *s);
