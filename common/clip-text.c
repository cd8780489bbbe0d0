/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/clip-text.h"

#include "common/text-filter.h"
#include "common/utf8.h"

#include <stdbool.h>
#include <string.h>

#define LINE_LOOK 1024 /* of the line is looked at: more does not fit the screen */

/* Bidi controls, invisible characters that can carry hidden text, and controls. Joiners stay: many
 * scripts and emoji need them. */
static bool is_left_out(uint32_t c) {
	static const struct {
		uint32_t first, last;
	} ranges[] = {{0x00, 0x08}, {0x0b, 0x1f}, {0x7f, 0x9f}, {0x061c, 0x061c}, {0x200b, 0x200b},
		{0x200e, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
		{0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

size_t clip_text_clean(const uint8_t *untrusted_text, size_t size, uint8_t *ret) {
	const uint8_t *s = untrusted_text;
	size_t out = 0;

	for (size_t i = 0; i < size;) {
		uint32_t c = s[i];
		size_t n = 1;

		if (c >= 0x20 && c < 0x7f) {
			ret[out++] = s[i++];
			continue;
		}
		n = utf8_next(s + i, size - i, &c);
		if (n == 0) {
			ret[out++] = '?';
			n = 1;
		} else if (c == '\r') {
			n = i + 1 < size && s[i + 1] == '\n' ? 2 : 1;
			ret[out++] = '\n';
		} else if (!is_left_out(c)) {
			memmove(ret + out, s + i, n);
			out += n;
		}
		i += n;
	}
	return out;
}

static bool is_blank(uint8_t c) {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void clip_text_line(const uint8_t *untrusted_text, size_t size, char *ret, size_t room) {
	const uint8_t *s = untrusted_text;
	char line[LINE_LOOK];
	size_t first = 0, n = 0;

	while (first < size && is_blank(s[first]))
		first++;
	while (first + n < size && n < LINE_LOOK && s[first + n] != '\n' && s[first + n] != '\r') {
		uint8_t c = s[first + n];

		/* A NUL would end the text for the filter: it shows what it was. */
		line[n++] = (char)(c == '\t' ? ' ' : c == 0 ? 1 : c);
	}
	text_filter(line, n, ret, room);
}
