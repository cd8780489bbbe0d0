/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/open.h"

#include <string.h>

#define VIEW_ONLY "view-only-"

static bool is_plain(uint8_t c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("._+@-", c));
}

int open_decode_name(struct span in, struct open_name *ret) {
	const uint8_t *field = in.left == OPEN_FIELD ? span_take(&in, OPEN_FIELD) : NULL;
	size_t len, start = 0;

	if (!field)
		return 1;
	len = strnlen((const char *)field, OPEN_FIELD);
	ret->view_only = len > strlen(VIEW_ONLY) && !memcmp(field, VIEW_ONLY, strlen(VIEW_ONLY));
	if (ret->view_only)
		start = strlen(VIEW_ONLY);
	if (len == start || len == OPEN_FIELD || memchr(field, '/', len))
		return 1;
	for (size_t i = start; i < len; i++)
		ret->text[i - start] = is_plain(field[i]) ? (char)field[i] : '_';
	ret->text[len - start] = 0;
	if (ret->text[0] == '.' || ret->text[0] == '-')
		ret->text[0] = '_';
	return 0;
}

void open_encode_name(const char *name, bool view_only, uint8_t ret[OPEN_FIELD]) {
	size_t before = view_only ? strlen(VIEW_ONLY) : 0, room = OPEN_FIELD - 1 - before;
	size_t len = strlen(name);

	memset(ret, 0, OPEN_FIELD);
	if (before)
		memcpy(ret, VIEW_ONLY, before);
	if (len > room) {
		name += len - room;
		len = room;
	}
	memcpy(ret + before, name, len);
}

static bool starts(const char *url, const char *scheme) {
	return !strncmp(url, scheme, strlen(scheme)) && url[strlen(scheme)];
}

int open_decode_url(struct span in, char *ret) {
	size_t len = in.left;
	const uint8_t *at = span_take(&in, len);

	if (len > 0 && at[len - 1] == '\n')
		len--;
	if (len == 0 || len > OPEN_URL_MAX)
		return 1;
	for (size_t i = 0; i < len; i++)
		if (at[i] < 0x21 || at[i] > 0x7e)
			return 1;
	memcpy(ret, at, len);
	ret[len] = 0;
	return !starts(ret, "http://") && !starts(ret, "https://") && !starts(ret, "ftp://");
}
