/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/domain-name.h"

#include <stdbool.h>
#include <string.h>

static bool is_letter(char c) {
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_allowed(char c) {
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static bool is_reserved(const char *text, size_t len) {
	if (!strcmp(text, "none") || !strcmp(text, "default") || !strcmp(text, "Domain-0"))
		return true;
	return len >= 3 && !strcmp(text + len - 3, "-dm");
}

int domain_name_parse(const char *text, struct domain_name *ret) {
	struct domain_name name = {{0}};
	size_t len = strnlen(text, DOMAIN_NAME_MAX + 1);

	if (len == 0)
		return DOMAIN_NAME_E_EMPTY;
	if (len > DOMAIN_NAME_MAX)
		return DOMAIN_NAME_E_LENGTH;
	if (!is_letter(text[0]))
		return DOMAIN_NAME_E_FIRST;
	for (size_t i = 0; i < len; i++)
		if (!is_allowed(text[i]))
			return DOMAIN_NAME_E_CHAR;
	if (is_reserved(text, len))
		return DOMAIN_NAME_E_RESERVED;

	memcpy(name.s, text, len);
	*ret = name;
	return 0;
}

const char *domain_name_error(int answer) {
	switch (answer) {
	case 0:
		return "the name is fine";
	case DOMAIN_NAME_E_EMPTY:
		return "the name is empty";
	case DOMAIN_NAME_E_LENGTH:
		return "the name is longer than 31 characters";
	case DOMAIN_NAME_E_FIRST:
		return "the name must begin with a letter";
	case DOMAIN_NAME_E_CHAR:
		return "the name may hold only letters, digits, '_', '.' and '-'";
	default:
		return "the name is reserved (none, default, Domain-0, or ending in -dm)";
	}
}
