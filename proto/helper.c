/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/helper.h"

#include <string.h>

/* Zeros from its end to the field's. */
static bool text_ends(const uint8_t *text) {
	size_t n = strnlen((const char *)text, HELPER_TEXT_SIZE);

	for (size_t i = n; i < HELPER_TEXT_SIZE; i++)
		if (text[i] != 0)
			return false;
	return n < HELPER_TEXT_SIZE;
}

int helper_decode(struct span in, struct helper_msg *ret) {
	struct helper_msg m = {0};
	uint32_t type = span_u32(&in);
	const uint8_t *text;

	m.serial = span_u32(&in);
	m.domain = span_u32(&in);
	m.value = span_i32(&in);
	text = span_take(&in, HELPER_TEXT_SIZE);
	if (!text || in.left > 0 || !text_ends(text))
		return 1;
	if (!(type >= HELPER_BEGIN && type <= HELPER_NETVM) &&
		!(type >= HELPER_STATE && type <= HELPER_REFUSED))
		return 1;
	if (type == HELPER_STATE && (m.value < HELPER_STARTING || m.value >= HELPER_STATE_COUNT))
		return 1;
	m.type = (enum helper_type)type;
	memcpy(m.text, text, HELPER_TEXT_SIZE);
	*ret = m;
	return 0;
}

void helper_encode(const struct helper_msg *m, uint8_t ret[HELPER_SIZE]) {
	struct sink out = sink_over(ret, HELPER_SIZE);
	char text[HELPER_TEXT_SIZE] = {0};

	/* Zeros to the end: no memory of ours leaks. */
	memcpy(text, m->text, strnlen(m->text, HELPER_TEXT_SIZE - 1));
	sink_u32(&out, (uint32_t)m->type);
	sink_u32(&out, m->serial);
	sink_u32(&out, m->domain);
	sink_i32(&out, m->value);
	sink_bytes(&out, text, sizeof(text));
}
