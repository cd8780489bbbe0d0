/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Must never write beyond `size`, nor cut inside a character. */
#include "gui-agent/text.h"

#include <stdint.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"

static bool continues(char c) {
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The next character of the input as UTF-8 in ret; returns its length there, *used in the input. */
static size_t next_char(const char *text, size_t len, bool latin1, char ret[4], size_t *used) {
	unsigned char c = (unsigned char)text[0];
	size_t n = 1;

	if (latin1) {
		*used = 1;
		ret[0] = c < 0x80 ? (char)c : (char)(0xc0 | c >> 6);
		ret[1] = (char)(0x80 | (c & 0x3f));
		return c < 0x80 ? 1 : 2;
	}
	while (n < 4 && n < len && continues(text[n]))
		n++;
	memcpy(ret, text, n);
	*used = n;
	return n;
}

void text_title(const char *text, size_t len, bool latin1, char *ret, size_t size) {
	size_t out = 0, fits = 0; /* fits: so much can stay if an ellipsis follows */

	len = strnlen(text, len);
	for (size_t at = 0, used; at < len; at += used) {
		char c[4];
		size_t n = next_char(text + at, len - at, latin1, c, &used);

		if (out + n > size - 1) {
			out = fits;
			memcpy(ret + out, ELLIPSIS, strlen(ELLIPSIS));
			out += strlen(ELLIPSIS);
			break;
		}
		memcpy(ret + out, c, n);
		out += n;
		if (out + strlen(ELLIPSIS) <= size - 1)
			fits = out;
	}
	memset(ret + out, 0, size - out);
}

static void copy_text(const char *text, size_t len, char *ret, size_t size) {
	size_t n = len < size - 1 ? len : size - 1;

	memcpy(ret, text, n);
	memset(ret + n, 0, size - n);
}

void text_class(const char *text, size_t len, char *ret_name, char *ret_class, size_t size) {
	size_t name = strnlen(text, len), rest = name < len ? name + 1 : len;

	copy_text(text, name, ret_name, size);
	copy_text(text + rest, strnlen(text + rest, len - rest), ret_class, size);
}
