/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The writing half of filecopy.h, and the reply. */
#include "proto/filecopy.h"

#include <sys/stat.h>

static uint32_t mode_of(const struct filecopy_entry *e) {
	switch (e->kind) {
	case FILECOPY_DIR:
		return S_IFDIR | (e->perm & 0777u);
	case FILECOPY_LINK:
		return S_IFLNK | (e->perm & 0777u);
	case FILECOPY_FILE:
		break;
	}
	return S_IFREG | (e->perm & 0777u);
}

static void put_time(struct sink *s, const struct filecopy_time *t) {
	sink_u32(s, t->sec);
	sink_u32(s, t->nsec);
}

size_t filecopy_encode_entry(const struct filecopy_entry *e, void *buf, size_t size) {
	struct sink s = sink_over(buf, size);
	size_t name = strlen(e->name) + 1, link = e->kind == FILECOPY_LINK ? strlen(e->link) : 0;

	sink_u32(&s, (uint32_t)name);
	sink_u32(&s, mode_of(e));
	sink_u64(&s, e->kind == FILECOPY_LINK ? link : e->kind == FILECOPY_FILE ? e->size : 0);
	put_time(&s, &e->atime);
	put_time(&s, &e->mtime);
	sink_bytes(&s, e->name, name);
	sink_bytes(&s, e->link, link);
	return s.bad ? 0 : size - s.left;
}

void filecopy_encode_end(uint8_t ret[FILECOPY_HEADER_SIZE]) {
	memset(ret, 0, FILECOPY_HEADER_SIZE);
}

int filecopy_decode_result(struct span in, struct filecopy_result *ret) {
	uint32_t error = span_u32(&in), pad = span_u32(&in), len = 0;
	uint64_t crc = span_u64(&in);
	const uint8_t *name = NULL;

	if (!in.bad && in.left > 0) {
		len = span_u32(&in);
		name = len < FILECOPY_NAME_MAX ? span_take(&in, len) : NULL;
	}
	if (!span_done(&in) || pad || crc > UINT32_MAX || (len && (!name || memchr(name, 0, len))))
		return 1;
	ret->error = error;
	ret->crc = (uint32_t)crc;
	if (len)
		memcpy(ret->last, name, len);
	ret->last[len] = 0;
	return 0;
}

size_t filecopy_encode_result(const struct filecopy_result *r, void *buf, size_t size) {
	struct sink s = sink_over(buf, size);
	size_t len = strlen(r->last);

	sink_u32(&s, r->error);
	sink_u32(&s, 0);
	sink_u64(&s, r->crc);
	if (len) {
		sink_u32(&s, (uint32_t)len);
		sink_bytes(&s, r->last, len);
	}
	return s.bad ? 0 : size - s.left;
}
