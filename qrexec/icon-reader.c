/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-icon-reader: reads what a domain's qubes.GetImageRGBA answers, and writes a picture of
 * the one size that menus use. It meets the domain's bytes, so it confines itself first: the tray
 * never sees them. What is no picture ends it with status 1, and nothing is written.
 */
#include "proto/icon.h"
#include "qrexec/lib/confine.h"
#include "qrexec/lib/read-input.h"

#include <errno.h>
#include <unistd.h>

static int write_all(const uint8_t *data, size_t size) {
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 1;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int main(void) {
	static uint8_t in[ICON_MAX + 1], out[ICON_SIZE];
	struct icon icon;

	if (confine_daemon() || icon_decode(span_over(in, read_input(in, sizeof(in))), &icon))
		return 1;
	icon_fit(&icon, out);
	return write_all(out, sizeof(out));
}
