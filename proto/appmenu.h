/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One line of what the service qubes.GetAppmenus of a domain answers: "FILE.desktop:KEY=VALUE"
 * (docs/protocols/appmenus.md). Keys that a menu has no use for are answered with APPMENU_E_KEY.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define APPMENU_ID_MAX    128
#define APPMENU_VALUE_MAX 1024
#define APPMENU_LINE_MAX  (APPMENU_ID_MAX + 32 + APPMENU_VALUE_MAX)

enum appmenu_key {
	APPMENU_NAME,
	APPMENU_GENERIC_NAME,
	APPMENU_ICON,
	APPMENU_EXEC,
	APPMENU_CATEGORIES,
	APPMENU_TERMINAL,
	APPMENU_KEYS
};

struct appmenu_line {
	char id[APPMENU_ID_MAX + 1]; /* letters, digits, '.', '_', '-'; without ".desktop" */
	enum appmenu_key key;
	char value[APPMENU_VALUE_MAX + 1]; /* no control characters; else any bytes */
};

enum { APPMENU_E_LENGTH = 1, APPMENU_E_ID, APPMENU_E_KEY, APPMENU_E_VALUE };

/* line: without its newline. 0 or one of the answers above. */
MUST_USE int appmenu_decode(struct span line, struct appmenu_line *ret);
/* "Name" ... */
const char *appmenu_key_name(enum appmenu_key key);
