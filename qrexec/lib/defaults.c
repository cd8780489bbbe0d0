/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "qrexec/lib/defaults.h"

#include <stdlib.h>
#include <unistd.h>

const char *default_vchan(void) {
	const char *spec = getenv("BULKHEAD_VCHAN");

	if (spec)
		return spec;
	if (getenv("VCHAN_SOCKET_DIR"))
		return "unix:";
	return access("/run/bulkhead/hv.sock", F_OK) ? "xen" : "local:/run/bulkhead/hv.sock";
}

const char *default_agent_socket(void) {
	const char *path = getenv("BULKHEAD_QREXEC_SOCKET");

	return path ? path : "/run/qubes/qrexec-agent";
}
