/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What notification_decode accepts is printable text that its encoder takes and it accepts again,
 * unchanged. */
#include "common/text-filter.h"
#include "proto/notification.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct notification n, again;
	uint8_t out[NOTIFICATION_MAX];
	char filtered[NOTIFICATION_BODY_MAX + 1];
	size_t len;

	if (notification_decode(span_over(data, size), &n))
		return 0;
	if (size > NOTIFICATION_MAX || size < 16)
		abort();
	text_filter(n.body, strlen(n.body), filtered, sizeof(filtered));
	if (strcmp(n.body, filtered) != 0)
		abort();
	len = notification_encode(n.app, n.title, n.body, out);
	if (!*n.title && !*n.body)
		return 0;
	if (notification_decode(span_over(out, len), &again) || strcmp(n.title, again.title) != 0 ||
		strcmp(n.app, again.app) != 0 || strcmp(n.body, again.body) != 0)
		abort();
	return 0;
}
