/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What network_plan_decode accepts encodes to the same bytes, and stays within its bounds. */
#include "proto/network.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct network_plan p;
	char again[NETWORK_PLAN_SIZE];

	if (network_plan_decode(span_over(data, size), &p))
		return 0;
	if (p.slot >= NETWORK_SLOTS || p.n_places > NETWORK_PLACES_MAX ||
		(p.anywhere && p.n_places))
		abort();
	for (unsigned i = 0; i < p.n_places; i++)
		if (p.places[i].prefix > (p.places[i].v6 ? 128 : 32))
			abort();
	if (network_plan_encode(&p, again) != size || memcmp(again, data, size) != 0)
		abort();
	return 0;
}
