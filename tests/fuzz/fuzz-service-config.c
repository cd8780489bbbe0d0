/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: the text of a service's configuration. */
#include "qrexec/lib/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct config c;
	int answer = config_parse((const char *)data, size, &c);

	if (answer < 0)
		abort();
	if (answer == 0 && c.force_user[0] && (c.skip_descriptor || c.exit_on_client_eof))
		abort();
	if (answer == 0 && (memchr(data, 0, size) || strlen(c.force_user) > CONFIG_USER_MAX))
		abort();
	return 0;
}
