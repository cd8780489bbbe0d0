/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/label.h"

#include <string.h>

const struct label labels[] = {
	{1, "red", 0xcc0000, PATTERN_SOLID},
	{2, "orange", 0xf57900, PATTERN_DIAGONAL},
	{3, "yellow", 0xedd400, PATTERN_DOTS},
	{4, "green", 0x73d216, PATTERN_DASHES},
	{5, "gray", 0x555555, PATTERN_CHECKS},
	{6, "blue", 0x3465a4, PATTERN_BACK_DIAGONAL},
	{7, "purple", 0x75507b, PATTERN_CROSS},
	{8, "black", 0x000000, PATTERN_SOLID},
	{9, "teal", 0x00a0a0, PATTERN_WAVES},
	{10, "pink", 0xff7eb6, PATTERN_CHECKS},
	{11, "brown", 0x8f5902, PATTERN_DASHES},
	{12, "white", 0xf0f0f0, PATTERN_DIAGONAL},
	{13, "navy", 0x1b2a6b, PATTERN_DOTS},
	{14, "lime", 0xc8f060, PATTERN_CROSS},
};
const size_t label_count = sizeof(labels) / sizeof(labels[0]);

static const char *const pattern_names[PATTERN_COUNT] = {
	[PATTERN_SOLID] = "solid",
	[PATTERN_DIAGONAL] = "diagonal",
	[PATTERN_BACK_DIAGONAL] = "back-diagonal",
	[PATTERN_DOTS] = "dots",
	[PATTERN_CHECKS] = "checks",
	[PATTERN_DASHES] = "dashes",
	[PATTERN_CROSS] = "cross",
	[PATTERN_WAVES] = "waves",
};

const struct label *label_by_name(const char *name) {
	for (size_t i = 0; i < label_count; i++)
		if (!strcmp(labels[i].name, name))
			return &labels[i];
	return NULL;
}

const char *label_pattern_name(enum label_pattern pattern) {
	return pattern < PATTERN_COUNT ? pattern_names[pattern] : "solid";
}

int label_pattern_parse(const char *name, enum label_pattern *ret) {
	for (unsigned i = 0; i < PATTERN_COUNT; i++) {
		if (!strcmp(pattern_names[i], name)) {
			*ret = (enum label_pattern)i;
			return 0;
		}
	}
	return 1;
}

uint32_t label_mark_rgb(uint32_t rgb) {
	uint32_t r = rgb >> 16 & 0xff, g = rgb >> 8 & 0xff, b = rgb & 0xff;
	uint32_t luma = (299 * r + 587 * g + 114 * b) / 1000;

	return luma < 140 ? 0xffffff : 0x000000;
}

int label_pattern_mark(enum label_pattern pattern, unsigned x, unsigned y) {
	x %= LABEL_TILE;
	y %= LABEL_TILE;
	switch (pattern) {
	case PATTERN_DIAGONAL:
		return (x + y) % LABEL_TILE < 4;
	case PATTERN_BACK_DIAGONAL:
		return (x + LABEL_TILE - y) % LABEL_TILE < 4;
	case PATTERN_DOTS:
		return x % 4 < 2 && y % 4 < 2 && (x / 4 + y / 4) % 2 == 0;
	case PATTERN_CHECKS:
		return (x / 4 + y / 4) % 2;
	case PATTERN_DASHES:
		return (x / 4 + y / 4) % 4 == 0;
	case PATTERN_CROSS:
		return (x + y) % LABEL_TILE < 2 || (x + LABEL_TILE - y) % LABEL_TILE < 2;
	case PATTERN_WAVES:
		return (y + (x % 8 < 4 ? x % 8 : 8 - x % 8)) % 8 < 3;
	case PATTERN_SOLID:
	case PATTERN_COUNT:
		break;
	}
	return 0;
}
