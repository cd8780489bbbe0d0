/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/icon.h"

/* A decimal number of 1 to ICON_SIDE_MAX without signs, spaces and leading zeros, and what ends it.
 */
static int read_number(struct span *in, char end, unsigned *ret) {
	unsigned n = 0;
	uint8_t c = span_u8(in);

	if (in->bad || c < '1' || c > '9')
		return ICON_E_HEAD;
	for (; c >= '0' && c <= '9'; c = span_u8(in)) {
		n = n * 10 + (unsigned)(c - '0');
		if (n > ICON_SIDE_MAX)
			return ICON_E_RANGE;
	}
	if (in->bad || c != (uint8_t)end)
		return ICON_E_HEAD;
	*ret = n;
	return 0;
}

int icon_decode(struct span in, struct icon *ret) {
	struct icon i = {0};
	int r = read_number(&in, ' ', &i.w);

	if (!r)
		r = read_number(&in, '\n', &i.h);
	if (r)
		return r;
	i.rgba = span_take(&in, (size_t)i.w * i.h * 4);
	if (!span_done(&in))
		return ICON_E_LENGTH;
	*ret = i;
	return 0;
}

/* The mean of the pixels that one pixel of the smaller picture stands for; what is transparent has
 * no colour to give. */
static void mean(
	const struct icon *icon, const unsigned from[2], const unsigned to[2], uint8_t ret[4]) {
	uint64_t sum[4] = {0}, count = 0;

	for (unsigned y = from[1]; y < to[1]; y++)
		for (unsigned x = from[0]; x < to[0]; x++, count++) {
			const uint8_t *p = icon->rgba + ((size_t)y * icon->w + x) * 4;

			for (unsigned c = 0; c < 3; c++)
				sum[c] += (uint64_t)p[c] * p[3];
			sum[3] += p[3];
		}
	for (unsigned c = 0; c < 3; c++)
		ret[c] = sum[3] ? (uint8_t)(sum[c] / sum[3]) : 0;
	ret[3] = (uint8_t)(sum[3] / count);
}

void icon_fit(const struct icon *icon, uint8_t ret[ICON_SIZE]) {
	static const char head[] = "48 48\n";
	unsigned long_side = icon->w > icon->h ? icon->w : icon->h,
		 w = icon->w * ICON_SIDE / long_side, h = icon->h * ICON_SIDE / long_side;
	unsigned left, top;
	uint8_t *pixels = ret + sizeof(head) - 1;

	w = w ? w : 1;
	h = h ? h : 1;
	left = (ICON_SIDE - w) / 2;
	top = (ICON_SIDE - h) / 2;
	memset(ret, 0, ICON_SIZE);
	memcpy(ret, head, sizeof(head) - 1);
	for (unsigned y = 0; y < h; y++)
		for (unsigned x = 0; x < w; x++) {
			unsigned from[2] = {x * icon->w / w, y * icon->h / h},
				 to[2] = {(x + 1) * icon->w / w, (y + 1) * icon->h / h};

			to[0] += to[0] == from[0];
			to[1] += to[1] == from[1];
			mean(icon, from, to,
				pixels + ((size_t)(top + y) * ICON_SIDE + left + x) * 4);
		}
}
