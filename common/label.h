/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Labels: the colour and the pattern by which a person tells domains apart. The first eight are
 * those of Qubes OS with their indices and colours (qrexec-protocol 6.1); the rest are ours.
 * Every label has a pattern of its own, so that colour is never the only sign (users-needs G9).
 */
#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

enum label_pattern {
	PATTERN_SOLID,
	PATTERN_DIAGONAL,      /* / / / */
	PATTERN_BACK_DIAGONAL, /* \ \ \ */
	PATTERN_DOTS,
	PATTERN_CHECKS,
	PATTERN_DASHES, /* bars across the frame */
	PATTERN_CROSS,
	PATTERN_WAVES,
	PATTERN_COUNT
};

struct label {
	unsigned index; /* as in _QUBES_LABEL */
	const char *name;
	uint32_t rgb; /* 0xRRGGBB: the frame's ground colour */
	enum label_pattern pattern;
};

extern const struct label labels[];
extern const size_t label_count;

/* NULL if there is no label of that name. */
const struct label *label_by_name(const char *name);

const char *label_pattern_name(enum label_pattern pattern);

/* 0, or 1 if there is no pattern of that name. */
MUST_USE int label_pattern_parse(const char *name, enum label_pattern *ret);

/* The colour of the pattern's marks on the ground `rgb`: light on dark, dark on light. */
uint32_t label_mark_rgb(uint32_t rgb);

/* Is the pixel (x, y) of the pattern a mark (true) or ground? Patterns repeat every 16 pixels in
 * both directions. PATTERN_SOLID has no marks. */
#define LABEL_TILE 16
int label_pattern_mark(enum label_pattern pattern, unsigned x, unsigned y);
