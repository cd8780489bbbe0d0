/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between a sandbox's process 1 and its parent: what is accepted must be what it was. */
#include "proto/init.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct init_event e;
	struct init_request r;

	if (!init_decode_event(span_over(data, size), &e)) {
		uint8_t again[INIT_EVENT_SIZE];

		init_encode_event(&e, again);
		if (size != INIT_EVENT_SIZE || memcmp(again, data, size) != 0)
			abort();
		if (e.type >= INIT_COMMAND_STARTED && e.id == 0)
			abort();
	}
	if (!init_decode_request(span_over(data, size), &r)) {
		const char *at = r.args, *end = (const char *)data + size;

		if (r.type == INIT_RUN && (r.id == 0 || r.n_args == 0 || !*r.args))
			abort();
		for (uint32_t i = 0; i < r.n_args; i++) {
			if (at >= end)
				abort();
			at += strnlen(at, (size_t)(end - at)) + 1;
		}
		if (at != end)
			abort();
	}
	return 0;
}
