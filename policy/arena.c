/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A bump allocator. It never moves what it gave out. */
#include "policy/arena.h"

#include <stdint.h>
#include <string.h>

#define BLOCK_SIZE 16384u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char bytes[];
};

static struct arena_block *block_new(size_t size) {
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = calloc(1, sizeof(*block) + size);
	if (block)
		block->size = size;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
	struct arena_block *block = arena->first;
	size_t need;
	void *p;

	if (__builtin_add_overflow(size, sizeof(max_align_t) - 1, &need))
		return NULL;
	need &= ~(sizeof(max_align_t) - 1);
	if (!block || block->size - block->used < need) {
		block = block_new(need > BLOCK_SIZE ? need : BLOCK_SIZE);
		if (!block)
			return NULL;
		block->next = arena->first;
		arena->first = block;
	}
	p = block->bytes + block->used;
	block->used += need;
	return p;
}

char *arena_text(struct arena *arena, const char *text, size_t len) {
	char *copy = len < SIZE_MAX ? arena_alloc(arena, len + 1) : NULL;

	if (copy && len > 0)
		memcpy(copy, text, len);
	return copy;
}

void arena_deinit(struct arena *arena) {
	while (arena->first) {
		struct arena_block *block = arena->first;

		arena->first = block->next;
		free(block);
	}
}
