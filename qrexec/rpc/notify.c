/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The service bulkhead.Notify of the admin domain: reads one notification of a domain, and hands
 * the checked text to the tray. It meets the domain's bytes, so it confines itself first; it opens
 * nothing, writes nothing back, and what is wrong is dropped.
 */
#include "common/domain-name.h"
#include "proto/notification.h"
#include "qrexec/lib/confine.h"
#include "qrexec/lib/read-input.h"
#include "qrexec/rpc/to-tray.h"

#include <stdlib.h>
#include <sys/socket.h>

int main(void) {
	static uint8_t in[NOTIFICATION_MAX + 1], out[DOMAIN_NAME_MAX + 1 + NOTIFICATION_MAX];
	const char *source = getenv("QREXEC_REMOTE_DOMAIN");
	struct domain_name name;
	struct notification n;
	int fd = to_tray();
	size_t size;

	/* Without a tray nobody would see it. */
	if (fd < 0 || !source || domain_name_parse(source, &name) || confine_daemon())
		return 1;
	size = read_input(in, sizeof(in));
	if (notification_decode(span_over(in, size), &n))
		return 1;
	memcpy(out, name.s, strlen(name.s)); /* the rest is zero */
	size = notification_encode(n.app, n.title, n.body, out + DOMAIN_NAME_MAX + 1);
	return send(fd, out, DOMAIN_NAME_MAX + 1 + size, MSG_NOSIGNAL) < 0;
}
