/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ctl_decode accepts encodes to the same bytes, and any text that ctl_encode takes is accepted
 * when it comes back. */
#include "proto/ctl.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct ctl_msg m = {.type = CTL_GUI_REFUSED};
	uint8_t again[CTL_SIZE];

	memcpy(m.text, data, size < CTL_TEXT_SIZE ? size : CTL_TEXT_SIZE);
	ctl_encode(&m, again);
	if (ctl_decode(span_over(again, sizeof(again)), &m))
		abort();

	if (ctl_decode(span_over(data, size), &m))
		return 0;
	if (strnlen(m.text, CTL_TEXT_SIZE) == CTL_TEXT_SIZE)
		abort();
	ctl_encode(&m, again);
	if (size != CTL_SIZE || memcmp(again, data, size))
		abort();
	return 0;
}
