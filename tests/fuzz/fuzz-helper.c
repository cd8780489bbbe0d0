/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What helper_decode accepts encodes to the same bytes, and any text that helper_encode takes is
 * accepted when it comes back. */
#include "proto/helper.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct helper_msg m = {.type = HELPER_REFUSED};
	uint8_t again[HELPER_SIZE];

	memcpy(m.text, data, size < HELPER_TEXT_SIZE ? size : HELPER_TEXT_SIZE);
	helper_encode(&m, again);
	if (helper_decode(span_over(again, sizeof(again)), &m))
		abort();

	if (helper_decode(span_over(data, size), &m))
		return 0;
	if (strnlen(m.text, HELPER_TEXT_SIZE) == HELPER_TEXT_SIZE)
		abort();
	helper_encode(&m, again);
	if (size != HELPER_SIZE || memcmp(again, data, size))
		abort();
	return 0;
}
