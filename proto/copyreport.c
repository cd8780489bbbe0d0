/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports about file copies; see copyreport.h. */
#include "proto/copyreport.h"

#include "proto/filecopy.h"

static bool is_zero(const uint8_t *p, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* Zero-filled to its end; only a sender may not know with whom it speaks. */
static bool take_peer(const uint8_t *text, struct copyreport *r) {
	size_t len = strnlen((const char *)text, DOMAIN_NAME_MAX + 1);

	if (len > DOMAIN_NAME_MAX || !is_zero(text + len, DOMAIN_NAME_MAX + 1 - len))
		return false;
	if (len == 0)
		return r->role == COPYREPORT_SENDS;
	return domain_name_parse((const char *)text, &r->peer) == 0;
}

static bool error_fits(const struct copyreport *r) {
	if (r->kind != COPYREPORT_FAILED)
		return r->error == 0;
	return (r->error > 0 && r->error < 4096) || r->error == FILECOPY_ERROR_EOF;
}

int copyreport_decode(struct span in, struct copyreport *ret) {
	uint32_t magic = span_u32(&in), kind = span_u32(&in), role = span_u32(&in);
	struct copyreport r = {.error = span_u32(&in)};
	const uint8_t *digest, *peer;

	r.files = span_u64(&in);
	r.bytes = span_u64(&in);
	r.total = span_u64(&in);
	digest = span_take(&in, COPYREPORT_DIGEST);
	peer = span_take(&in, DOMAIN_NAME_MAX + 1);
	if (!span_done(&in) || magic != COPYREPORT_MAGIC)
		return 1;
	if (kind < COPYREPORT_RUNNING || kind > COPYREPORT_TAKEN || role < COPYREPORT_SENDS ||
		role > COPYREPORT_RECEIVES)
		return 1;
	r.kind = (enum copyreport_kind)kind;
	r.role = (enum copyreport_role)role;
	if (r.kind == COPYREPORT_TAKEN && r.role != COPYREPORT_RECEIVES)
		return 1;
	if (r.files > INT64_MAX || r.bytes > INT64_MAX || r.total > INT64_MAX || !error_fits(&r))
		return 1;
	r.has_digest = !is_zero(digest, COPYREPORT_DIGEST);
	if ((r.has_digest && r.kind != COPYREPORT_DONE) || !take_peer(peer, &r))
		return 1;
	memcpy(r.digest, digest, COPYREPORT_DIGEST);
	*ret = r;
	return 0;
}

int copyreport_follows(const struct copyreport *before, const struct copyreport *r) {
	bool over = before->kind == COPYREPORT_DONE || before->kind == COPYREPORT_FAILED;
	bool asked = before->kind == COPYREPORT_TAKEN;

	if (over || (asked && r->kind != COPYREPORT_DONE && r->kind != COPYREPORT_FAILED))
		return 1;
	return r->role != before->role || strcmp(r->peer.s, before->peer.s) != 0 ||
	       r->bytes < before->bytes || r->files < before->files;
}

bool copyreport_may_answer(const struct copyreport *last, char word) {
	switch (word) {
	case COPYREPORT_CANCEL:
		return last->kind == COPYREPORT_RUNNING || last->kind == COPYREPORT_TAKEN;
	case COPYREPORT_RENAME:
	case COPYREPORT_REPLACE:
	case COPYREPORT_SKIP:
		return last->kind == COPYREPORT_TAKEN;
	default:
		return false;
	}
}

void copyreport_encode(const struct copyreport *r, uint8_t ret[COPYREPORT_SIZE]) {
	struct sink s = sink_over(ret, COPYREPORT_SIZE);

	sink_u32(&s, COPYREPORT_MAGIC);
	sink_u32(&s, (uint32_t)r->kind);
	sink_u32(&s, (uint32_t)r->role);
	sink_u32(&s, r->error);
	sink_u64(&s, r->files);
	sink_u64(&s, r->bytes);
	sink_u64(&s, r->total);
	sink_bytes(&s, r->digest, COPYREPORT_DIGEST);
	sink_text(&s, r->peer.s, DOMAIN_NAME_MAX + 1);
}
