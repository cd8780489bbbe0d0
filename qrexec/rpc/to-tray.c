/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/rpc/to-tray.h"
#include "common/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int to_tray(void) {
	const char *own = getenv("BULKHEAD_RUNTIME_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	AUTO(auto_close) int fd = -1;
	int n = own ? snprintf(at.sun_path, sizeof(at.sun_path), "%s/tray.sock", own)
		    : snprintf(at.sun_path, sizeof(at.sun_path), "%s/bulkhead/tray.sock",
			      xdg ? xdg : "/run");

	if (n < 0 || (size_t)n >= sizeof(at.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)))
		return -1;
	return TAKE_FD(fd);
}
