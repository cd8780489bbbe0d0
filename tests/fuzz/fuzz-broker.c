/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: who speaks (one byte), then one packet. */
#include "proto/broker.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct broker_msg m;
	static uint8_t again[BROKER_PACKET_MAX];
	struct span in = span_over(data, size);
	enum broker_from from = (enum broker_from)(1u << (span_u8(&in) % 8));

	if (in.bad || in.left > sizeof(again) || broker_decode(from, in, &m))
		return 0;
	if (broker_encode(&m, again, sizeof(again)) != in.left)
		abort();
	for (uint32_t i = 0; i < m.count; i++)
		if ((const uint8_t *)m.texts[i] < data ||
			(const uint8_t *)m.texts[i] + strlen(m.texts[i]) >= data + size)
			abort();
	return 0;
}
