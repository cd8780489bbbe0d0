/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What starts a call of qubes.OpenInVM and qubes.OpenURL (docs/protocols/open.md). What comes out
 * can be a file's name, or an argument of a browser.
 */
#include "common/cleanup.h"
#include "common/span.h"

#include <stdbool.h>

#define OPEN_FIELD    256u
#define OPEN_URL_MAX  8192u
#define OPEN_NAME_MAX 256u

struct open_name {
	bool view_only;
	/* 1..255 of [A-Za-z0-9._+@-], the first none of ".-": never hidden, a path or an option. */
	char text[OPEN_NAME_MAX];
};

/* The field of OPEN_FIELD bytes. 0, or 1: no name. */
MUST_USE int open_decode_name(struct span in, struct open_name *ret);
/* A name too long keeps its end, with the ending that says what it is. */
void open_encode_name(const char *name, bool view_only, uint8_t ret[OPEN_FIELD]);

/* All that came, with or without a newline at the end: http, https or ftp, printable ASCII without
 * spaces. 0, or 1: none that is opened. ret: OPEN_URL_MAX + 1 bytes. */
MUST_USE int open_decode_url(struct span in, char *ret);
