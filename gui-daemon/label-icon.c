/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/label-icon.h"

#define OPAQUE       0xff000000u
#define GLYPH_W      5
#define GLYPH_H      7
#define SCALE        5
#define LETTER_LEFT  ((LABEL_ICON_SIZE - GLYPH_W * SCALE) / 2)
#define LETTER_TOP   ((LABEL_ICON_SIZE - GLYPH_H * SCALE) / 2)
#define PLATE_MARGIN 4 /* plain ground around the letter, so that it is legible on any pattern */

/* Rows from the top, the leftmost pixel is bit 4. 0-9, then A-Z. */
static const uint8_t glyphs[36][GLYPH_H] = {
	{14, 17, 19, 21, 25, 17, 14},
	{4, 12, 4, 4, 4, 4, 14},
	{14, 17, 1, 2, 4, 8, 31},
	{31, 2, 4, 2, 1, 17, 14},
	{2, 6, 10, 18, 31, 2, 2},
	{31, 16, 30, 1, 1, 17, 14},
	{6, 8, 16, 30, 17, 17, 14},
	{31, 1, 2, 4, 8, 8, 8},
	{14, 17, 17, 14, 17, 17, 14},
	{14, 17, 17, 15, 1, 2, 12},
	{14, 17, 17, 31, 17, 17, 17},
	{30, 17, 17, 30, 17, 17, 30},
	{14, 17, 16, 16, 16, 17, 14},
	{28, 18, 17, 17, 17, 18, 28},
	{31, 16, 16, 30, 16, 16, 31},
	{31, 16, 16, 30, 16, 16, 16},
	{14, 17, 16, 23, 17, 17, 15},
	{17, 17, 17, 31, 17, 17, 17},
	{14, 4, 4, 4, 4, 4, 14},
	{7, 2, 2, 2, 2, 18, 12},
	{17, 18, 20, 24, 20, 18, 17},
	{16, 16, 16, 16, 16, 16, 31},
	{17, 27, 21, 21, 17, 17, 17},
	{17, 17, 25, 21, 19, 17, 17},
	{14, 17, 17, 17, 17, 17, 14},
	{30, 17, 17, 30, 16, 16, 16},
	{14, 17, 17, 17, 21, 18, 13},
	{30, 17, 17, 30, 20, 18, 17},
	{15, 16, 16, 14, 1, 1, 30},
	{31, 4, 4, 4, 4, 4, 4},
	{17, 17, 17, 17, 17, 17, 14},
	{17, 17, 17, 17, 17, 10, 4},
	{17, 17, 17, 21, 21, 21, 10},
	{17, 17, 10, 4, 10, 17, 17},
	{17, 17, 17, 10, 4, 4, 4},
	{31, 1, 2, 4, 8, 16, 31},
};

static const uint8_t *glyph(char letter) {
	if (letter >= '0' && letter <= '9')
		return glyphs[letter - '0'];
	return letter >= 'A' && letter <= 'Z' ? glyphs[10 + letter - 'A'] : glyphs[0];
}

static int in_letter(const uint8_t *rows, int x, int y) {
	int column = (x - LETTER_LEFT) / SCALE, row = (y - LETTER_TOP) / SCALE;

	if (x < LETTER_LEFT || y < LETTER_TOP || column >= GLYPH_W || row >= GLYPH_H)
		return 0;
	return rows[row] >> (GLYPH_W - 1 - column) & 1;
}

static int on_plate(int x, int y) {
	return x >= LETTER_LEFT - PLATE_MARGIN && y >= LETTER_TOP - PLATE_MARGIN &&
	       x < LABEL_ICON_SIZE - LETTER_LEFT + PLATE_MARGIN &&
	       y < LABEL_ICON_SIZE - LETTER_TOP + PLATE_MARGIN;
}

void label_icon_draw(
	const struct label *label, char letter, uint32_t ret[LABEL_ICON_SIZE * LABEL_ICON_SIZE]) {
	uint32_t ground = OPAQUE | label->rgb, mark = OPAQUE | label_mark_rgb(label->rgb);
	const uint8_t *rows = glyph(letter);

	for (int y = 0; y < LABEL_ICON_SIZE; y++) {
		for (int x = 0; x < LABEL_ICON_SIZE; x++) {
			int marked = on_plate(x, y) ? in_letter(rows, x, y)
						    : label_pattern_mark(label->pattern,
							      (unsigned)x, (unsigned)y);

			ret[y * LABEL_ICON_SIZE + x] = marked ? mark : ground;
		}
	}
}
