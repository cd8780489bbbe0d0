/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What starts a call of qubes.OpenInVM or qubes.OpenURL. */
#include "proto/open.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+@-";
	static char url[OPEN_URL_MAX + 1];
	struct open_name n;

	if (!open_decode_name(span_over(data, size), &n))
		if (!n.text[0] || strlen(n.text) >= OPEN_FIELD ||
			strspn(n.text, plain) != strlen(n.text) || n.text[0] == '-' ||
			n.text[0] == '.')
			abort();
	if (!open_decode_url(span_over(data, size), url))
		for (const char *c = url; *c; c++)
			if (*c <= 0x20 || *c >= 0x7f || url[0] == '-')
				abort();
	return 0;
}
