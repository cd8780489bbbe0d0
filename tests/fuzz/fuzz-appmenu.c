/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What appmenu_decode accepts is a plain id, a known key and a value of one line, and the line can
 * be put together again from them. */
#include "proto/appmenu.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	char again[APPMENU_LINE_MAX + 64];
	struct appmenu_line l;
	int n;

	if (appmenu_decode(span_over(data, size), &l))
		return 0;
	if (strchr(l.id, '/') || l.id[0] == '.' || !*l.id || strpbrk(l.value, "\n\r\t\x1b"))
		abort();
	n = snprintf(
		again, sizeof(again), "%s.desktop:%s=%s", l.id, appmenu_key_name(l.key), l.value);
	if (n < 0 || (size_t)n != size || memcmp(again, data, size) != 0)
		abort();
	return 0;
}
