/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a transport's text says, for programs that do not use the transport themselves. */
#include "vchan/backend.h"

#include "vchan/backend-ops.h"

#include <string.h>

int vchan_spec_number(const char *text) {
	int n = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || n > 99999)
			return -1;
		n = n * 10 + (*text - '0');
	}
	return n;
}

int vchan_spec_fd(const char *spec) {
	static const char prefix[] = "local-fd:";

	return strncmp(spec, prefix, strlen(prefix)) ? -1
						     : vchan_spec_number(spec + strlen(prefix));
}
