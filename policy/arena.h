/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Memory that is given back all at once: the texts and tables of one immutable rule set. */
#include "common/cleanup.h"

#include <stddef.h>

struct arena {
	struct arena_block *first;
};

/* Zeroed and aligned for any type; NULL when there is no memory. */
void *arena_alloc(struct arena *arena, size_t size);

/* A NUL-terminated copy of len bytes. */
char *arena_text(struct arena *arena, const char *text, size_t len);

void arena_deinit(struct arena *arena);
