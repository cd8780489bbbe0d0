/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/text-filter.h"

#include "common/span.h"
#include "common/text-marks.h"
#include "common/utf8.h"

#define COMBINING_MAX 2

/* Characters that never reach the desktop, ascending: controls, format and bidi characters, fillers
 * that show nothing, variation selectors, surrogates, private use, non-characters and the planes
 * that hold no text. Unicode 15, chapters 2 and 23. */
static const struct text_range refused[] = {
	{0x0000, 0x001f},
	{0x007f, 0x009f},
	{0x00ad, 0x00ad},
	{0x034f, 0x034f},
	{0x0600, 0x0605},
	{0x061c, 0x061c},
	{0x06dd, 0x06dd},
	{0x070f, 0x070f},
	{0x0890, 0x0891},
	{0x08e2, 0x08e2},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0x2800, 0x2800},
	{0x3164, 0x3164},
	{0xd800, 0xf8ff},
	{0xfdd0, 0xfdef},
	{0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xffff},
	{0x110bd, 0x110bd},
	{0x110cd, 0x110cd},
	{0x13430, 0x1343f},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0x1fffe, 0x1ffff},
	{0x2fffe, 0x2ffff},
	{0x3fffe, 0x10ffff},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool in_ranges(uint32_t c, const struct text_range *r, size_t n) {
	while (n > 0) {
		size_t half = n / 2;

		if (c >= r[half].first && c <= r[half].last)
			return true;
		if (c < r[half].first) {
			n = half;
		} else {
			r += half + 1;
			n -= half + 1;
		}
	}
	return false;
}

/* A mark may follow what it stacks on, COMBINING_MAX at most. In front of all text it would change
 * what stands before it: the domain's name, which is ours. */
size_t text_filter(const char *untrusted_text, size_t len, char *ret, size_t size) {
	const uint8_t *s = (const uint8_t *)untrusted_text;
	size_t out = 0;
	unsigned marks = 0;

	for (size_t i = 0; i < len && s[i] != 0;) {
		uint32_t c = 0;
		size_t n = utf8_next(s + i, len - i, &c), step = n > 0 ? n : 1;
		bool is_mark = in_ranges(c, text_marks, text_mark_count);
		bool keep = n > 0 && !in_ranges(c, refused, COUNT(refused)) &&
			    !(is_mark && out == 0);

		marks = is_mark ? marks + 1 : 0;
		if (marks <= COMBINING_MAX) {
			if (out + (keep ? n : 1) > size - 1)
				break;
			if (keep)
				memcpy(ret + out, s + i, n);
			else
				ret[out] = '_';
			out += keep ? n : 1;
		}
		i += step;
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
