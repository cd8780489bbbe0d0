/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/local-msg.h"

int local_msg_decode(struct span in, struct local_msg *ret) {
	struct local_msg m = {0};
	const uint8_t *text;

	m.type = (enum local_type)span_u32(&in);
	m.id = span_u32(&in);
	m.value = span_i32(&in);
	if (span_u32(&in) != 0)
		return 1;
	text = span_take(&in, LOCAL_TEXT_SIZE);
	if (!text || text[LOCAL_TEXT_SIZE - 1] != 0)
		return 1;
	memcpy(m.text, text, LOCAL_TEXT_SIZE);
	if (in.left > 0 && m.type != LOCAL_RUN)
		return 1;
	if (!(m.type >= LOCAL_QUERY && m.type <= LOCAL_FOCUS) &&
		!(m.type >= LOCAL_STATE && m.type <= LOCAL_REFUSED))
		return 1;
	m.more = in.at;
	m.n_more = in.left;
	*ret = m;
	return 0;
}

size_t local_msg_encode(const struct local_msg *m, uint8_t *ret) {
	struct sink out = sink_over(ret, LOCAL_HEAD_SIZE + m->n_more);
	char text[LOCAL_TEXT_SIZE] = {0};

	/* Zeros to the end: no memory of ours leaks. */
	memcpy(text, m->text, strnlen(m->text, LOCAL_TEXT_SIZE - 1));
	sink_u32(&out, (uint32_t)m->type);
	sink_u32(&out, m->id);
	sink_i32(&out, m->value);
	sink_u32(&out, 0);
	sink_bytes(&out, text, sizeof(text));
	sink_bytes(&out, m->more, m->n_more);
	return LOCAL_HEAD_SIZE + m->n_more;
}
