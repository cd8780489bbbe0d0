/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What icon_decode accepts is as large as its head says, can be written again from it, and becomes
 * a picture of the one size. */
#include "proto/icon.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static uint8_t fitted[ICON_SIZE];
	char head[32];
	struct icon i, again;
	int n;

	if (icon_decode(span_over(data, size), &i))
		return 0;
	n = snprintf(head, sizeof(head), "%u %u\n", i.w, i.h);
	if (i.w < 1 || i.w > ICON_SIDE_MAX || i.h < 1 || i.h > ICON_SIDE_MAX || n < 4 ||
		size != (size_t)n + (size_t)i.w * i.h * 4 || memcmp(head, data, (size_t)n) != 0 ||
		i.rgba != data + n)
		abort();
	icon_fit(&i, fitted);
	if (icon_decode(span_over(fitted, sizeof(fitted)), &again) || again.w != ICON_SIDE ||
		again.h != ICON_SIDE)
		abort();
	return 0;
}
