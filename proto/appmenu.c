/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/appmenu.h"

static const char suffix[] = ".desktop";
#define SUFFIX (sizeof(suffix) - 1)

static const char *const keys[APPMENU_KEYS] = {
	"Name", "GenericName", "Icon", "Exec", "Categories", "Terminal"};

const char *appmenu_key_name(enum appmenu_key key) {
	return key < APPMENU_KEYS ? keys[key] : "";
}

static bool is_plain(uint8_t c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-' || c == '.';
}

static int read_id(const uint8_t *at, size_t size, char *ret) {
	if (size <= SUFFIX || size - SUFFIX > APPMENU_ID_MAX || at[0] == '.' ||
		memcmp(at + size - SUFFIX, suffix, SUFFIX) != 0)
		return APPMENU_E_ID;
	for (size_t i = 0; i < size; i++)
		if (!is_plain(at[i]))
			return APPMENU_E_ID;
	memcpy(ret, at, size - SUFFIX);
	ret[size - SUFFIX] = '\0';
	return 0;
}

static int read_key(const uint8_t *at, size_t size, enum appmenu_key *ret) {
	for (unsigned i = 0; i < APPMENU_KEYS; i++)
		if (strlen(keys[i]) == size && !memcmp(keys[i], at, size)) {
			*ret = (enum appmenu_key)i;
			return 0;
		}
	return APPMENU_E_KEY;
}

static int read_value(const uint8_t *at, size_t size, char *ret) {
	if (size == 0 || size > APPMENU_VALUE_MAX)
		return APPMENU_E_LENGTH;
	for (size_t i = 0; i < size; i++)
		if (at[i] < 0x20 || at[i] == 0x7f)
			return APPMENU_E_VALUE;
	memcpy(ret, at, size);
	ret[size] = '\0';
	return 0;
}

int appmenu_decode(struct span line, struct appmenu_line *ret) {
	const uint8_t *colon, *equals, *end = line.at + line.left;
	struct appmenu_line l;
	int r;

	if (line.bad || line.left == 0 || line.left > APPMENU_LINE_MAX)
		return APPMENU_E_LENGTH;
	colon = memchr(line.at, ':', line.left);
	if (!colon)
		return APPMENU_E_ID;
	equals = memchr(colon, '=', (size_t)(end - colon));
	if (!equals)
		return APPMENU_E_KEY;
	r = read_id(line.at, (size_t)(colon - line.at), l.id);
	if (!r)
		r = read_key(colon + 1, (size_t)(equals - colon - 1), &l.key);
	if (!r)
		r = read_value(equals + 1, (size_t)(end - equals - 1), l.value);
	if (!r)
		*ret = l;
	return r;
}
