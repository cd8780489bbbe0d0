/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is pasted is UTF-8, no longer than what was copied, without what must not be in it; cleaning
 * it again changes nothing. */
#include "common/clip-text.h"
#include "common/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds) {
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	uint8_t *out = malloc(size + 1), *again = malloc(size + 1);
	char line[200];
	size_t n;

	if (!out || !again)
		abort();
	out[size] = again[size] = 0x55;
	n = clip_text_clean(data, size, out);
	must(n <= size && out[size] == 0x55);
	for (size_t i = 0; i < n;) {
		uint32_t c = 0;
		size_t step = utf8_next(out + i, n - i, &c);

		must(step > 0 && c != 0x1b && c != 0x7f && c != 0x202e && !(c >= 0x80 && c < 0xa0));
		must(c >= 0x20 || c == '\n' || c == '\t');
		i += step;
	}
	must(clip_text_clean(out, n, again) == n && !memcmp(out, again, n));
	clip_text_line(data, size, line, sizeof(line));
	must(strlen(line) < sizeof(line) && !strpbrk(line, "\n\r\t\x1b"));
	free(out);
	free(again);
	return 0;
}
