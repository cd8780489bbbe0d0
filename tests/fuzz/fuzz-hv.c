/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hv decoders accept keeps what proto/hv.h promises, and encodes to the same bytes. */
#include "proto/hv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(const struct hv_request *r) {
	if (r->peer > HV_DOMAIN_MAX)
		abort();
	if (r->type == HV_VCHAN_SERVER &&
		(r->vchan.port > HV_PORT_MAX || r->vchan.read_min - 1 >= HV_RING_MAX ||
			r->vchan.write_min - 1 >= HV_RING_MAX))
		abort();
	if ((r->type == HV_PAGES_SHARE || r->type == HV_PAGES_MAP) &&
		r->pages.count - 1 >= HV_PAGES_MAX)
		abort();
	if (r->type == HV_DOMAIN_CREATE &&
		(!r->quota.max_pages || !r->quota.max_vchans || !r->quota.max_connections))
		abort();
	if ((r->type == HV_ADMIT || r->type == HV_DOMAIN_DESTROY) && r->peer == HV_DOMAIN_ADMIN)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	uint8_t again[HV_MESSAGE_SIZE];
	struct hv_request r;
	struct hv_answer a;

	if (!hv_decode_request(span_over(data, size), &r)) {
		check_request(&r);
		hv_encode_request(&r, again);
		if (size != HV_MESSAGE_SIZE || memcmp(again, data, size))
			abort();
	}
	if (!hv_decode_answer(span_over(data, size), &a)) {
		if (a.status > HV_E_HOST)
			abort();
		hv_encode_answer(&a, again);
		if (size != HV_MESSAGE_SIZE || memcmp(again, data, size))
			abort();
	}
	return 0;
}
