/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record that is accepted is what its encoder writes, byte for byte. */
#include "proto/copyreport.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	uint8_t out[COPYREPORT_SIZE];
	struct copyreport r;

	if (copyreport_decode(span_over(data, size), &r))
		return 0;
	copyreport_encode(&r, out);
	if (size != sizeof(out) || memcmp(out, data, size) != 0)
		abort();
	return 0;
}
