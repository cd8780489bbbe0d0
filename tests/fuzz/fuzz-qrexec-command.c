/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input: a command text without its NUL. */
#include "proto/qrexec-command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(const struct qrexec_piece *p, const char *text, size_t len) {
	if (p->at && (p->at < text || p->at + p->len > text + len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct qrexec_command c;
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (memchr(text, 0, size) || qrexec_command_parse(text, size, &c)) {
		free(text);
		return 0;
	}
	check_inside(&c.rest, text, size);
	check_inside(&c.key, text, size);
	check_inside(&c.argument, text, size);
	check_inside(&c.source, text, size);
	check_inside(&c.target, text, size);
	if (c.user[0] == 0 || strchr(c.user, ':'))
		abort();
	if (c.service && (c.name.len == 0 || c.name.len > QREXEC_SERVICE_NAME_MAX ||
				 c.source.len == 0 || memchr(c.name.at, '+', c.name.len)))
		abort();
	free(text);
	return 0;
}
