/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The hidden folder in which a copy is made, QubesIncoming/.partial-SENDER/ID: locked while its
 * receiver lives, so that what a killed one left behind is known and goes away with the next copy.
 */
#include "common/cleanup.h"

struct stage;

/* incoming: the folder QubesIncoming; source: a domain's name. 0 or -errno. */
MUST_USE int stage_new(int incoming, const char *source, struct stage **ret);
/* The sender's folder, and the empty folder in it for this copy; both stay the stage's. */
int stage_folder(const struct stage *s);
int stage_tree(const struct stage *s);
/* Away with it and all that is in it. */
struct stage *stage_remove(struct stage *s);
