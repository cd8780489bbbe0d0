/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The checked name of a domain: 1..31 of [A-Za-z0-9_.-], first a letter, not ending in "-dm",
 * none of "none", "default", "Domain-0" (qrexec-protocol 5.2). "dom0" is a valid name (the admin
 * domain); who must not create a domain of that name checks it itself.
 */
#include "common/cleanup.h"

#define DOMAIN_NAME_MAX 31

struct domain_name {
	char s[DOMAIN_NAME_MAX + 1]; /* NUL-terminated, zero-filled to its end */
};

enum {
	DOMAIN_NAME_E_EMPTY = 1,
	DOMAIN_NAME_E_LENGTH,
	DOMAIN_NAME_E_FIRST,   /* does not begin with a letter */
	DOMAIN_NAME_E_CHAR,    /* a byte outside the set */
	DOMAIN_NAME_E_RESERVED /* none, default, Domain-0, or ends in -dm */
};

/* 0, or one of the answers above; *ret is written only on 0. */
MUST_USE int domain_name_parse(const char *text, struct domain_name *ret);

/* One English sentence for an answer of domain_name_parse. */
const char *domain_name_error(int answer);
