/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/text-filter.h"

#include "common/span.h"

#define COMBINING_MAX 2

struct range {
	uint32_t first, last;
};

/* Characters that never reach the desktop: controls, format and bidi characters, surrogates,
 * private use, non-characters and the planes that hold no text. Unicode 15, chapters 2 and 23. */
static const struct range refused[] = {
	{0x0000, 0x001f},
	{0x007f, 0x009f},
	{0x00ad, 0x00ad},
	{0x034f, 0x034f},
	{0x061c, 0x061c},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0x3164, 0x3164},
	{0xd800, 0xf8ff},
	{0xfdd0, 0xfdef},
	{0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xffff},
	{0x1d173, 0x1d17a},
	{0x1fffe, 0x1ffff},
	{0x2fffe, 0x2ffff},
	{0x3fffe, 0x10ffff},
};

static const struct range combining[] = {
	{0x0300, 0x036f},
	{0x0483, 0x0489},
	{0x0591, 0x05bd},
	{0x0610, 0x061a},
	{0x064b, 0x065f},
	{0x1ab0, 0x1aff},
	{0x1dc0, 0x1dff},
	{0x20d0, 0x20ff},
	{0xfe20, 0xfe2f},
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* The length of the well-formed sequence at s (RFC 3629), and its character; 0 if there is none. */
static size_t utf8_next(const uint8_t *s, size_t left, uint32_t *ret) {
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80   ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;
	uint32_t c;

	if (n == 0 || n > left)
		return 0;
	c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

size_t text_filter(const char *untrusted_text, size_t len, char *ret, size_t size) {
	const uint8_t *s = (const uint8_t *)untrusted_text;
	size_t out = 0;
	unsigned marks = 0;

	for (size_t i = 0; i < len && s[i] != 0;) {
		uint32_t c = 0;
		size_t n = utf8_next(s + i, len - i, &c);
		bool keep = n > 0 && !in_ranges(c, refused, sizeof(refused) / sizeof(refused[0]));

		marks = in_ranges(c, combining, sizeof(combining) / sizeof(combining[0]))
				? marks + 1
				: 0;
		if (marks > COMBINING_MAX) {
			i += n;
			continue;
		}
		if (out + (keep ? n : 1) > size - 1)
			break;
		if (keep)
			memcpy(ret + out, s + i, n);
		else
			ret[out] = '_';
		out += keep ? n : 1;
		i += n > 0 ? n : 1;
	}
	ret[out] = '\0';
	return out;
}

size_t text_filter_ascii(const char *untrusted_text, size_t len, char *ret, size_t size) {
	size_t out = 0;

	for (; out < len && out < size - 1 && untrusted_text[out]; out++) {
		char c = untrusted_text[out];

		ret[out] = c >= 0x20 && c <= 0x7e ? c : '_';
	}
	ret[out] = '\0';
	return out;
}
