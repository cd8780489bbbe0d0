/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Combining characters, for common/text-filter.c only. */
#include <stddef.h>
#include <stdint.h>

struct text_range {
	uint32_t first, last;
};

extern const struct text_range text_marks[];
extern const size_t text_mark_count;
