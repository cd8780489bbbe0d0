/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: flags (one byte), piece size (one byte), then a qfile stream. */
#include "proto/filecopy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct filecopy_entry *e, unsigned flags) {
	size_t len = strnlen(e->name, sizeof(e->name));

	if (e->perm > 0777 || e->size > INT64_MAX || e->mtime.nsec > 999999999)
		abort();
	if (len == sizeof(e->name) || filecopy_check_name(e->name, len, flags))
		abort();
	if (e->name[0] == '/' || strstr(e->name, "/../") || !strncmp(e->name, "../", 3))
		abort();
	if ((e->kind == FILECOPY_LINK) != (e->link[0] != 0) || e->link[0] == '/')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static struct filecopy_decoder d;
	struct span in = span_over(data, size);
	unsigned flags = span_u8(&in) & FILECOPY_ALL_NAMES;
	size_t piece = span_u8(&in) + 1u;

	filecopy_decoder_init(&d, flags);
	while (in.left) {
		size_t n = in.left < piece ? in.left : piece;
		struct span part = span_over(span_take(&in, n), n), bytes;
		enum filecopy_event ev;

		do {
			ev = filecopy_step(&d, &part, &bytes);
			if (ev == FILECOPY_ENTRY)
				check_entry(&d.entry, flags);
			if (ev == FILECOPY_DATA && bytes.left == 0)
				abort();
			if (ev == FILECOPY_BAD && d.error <= 0)
				abort();
			if (ev == FILECOPY_END || ev == FILECOPY_BAD)
				return 0;
		} while (ev != FILECOPY_MORE);
		if (part.left)
			abort();
	}
	return 0;
}
