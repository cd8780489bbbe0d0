/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Finds the file of a service and says what kind it is. Runs nothing. */
#include "common/cleanup.h"

#include <limits.h>
#include <stdbool.h>

/* The last is where the local backend puts what Bulkhead brings along. */
#define SERVICE_PATHS "/run/qubes-rpc:/usr/local/etc/qubes-rpc:/etc/qubes-rpc:/run/bulkhead/rpc"

enum service_kind { SERVICE_EXEC = 1, SERVICE_SOCKET, SERVICE_TCP };

struct service {
	enum service_kind kind;
	char path[PATH_MAX]; /* EXEC, SOCKET */
	char host[64];       /* TCP: numeric, IPv4 or IPv6 */
	char port[6];
};

enum {
	SERVICE_E_NONE = 1, /* no such service: 127 */
	SERVICE_E_BAD       /* something stands there that cannot be a service: 125 */
};

/* key: SERVICE+ARGUMENT; argument: what follows the '+', NULL if nothing was said. */
MUST_USE int service_find(const char *paths, const char *key, const char *service,
	const char *argument, struct service *ret);

/* "/dev/tcp[/HOST[/PORT]]" with the missing parts from the argument; 0 or SERVICE_E_BAD. */
MUST_USE int service_tcp(const char *target, const char *argument, struct service *ret);

/* Begins to connect to a SOCKET or TCP service. 0, -EINPROGRESS (poll for writing, then ask
 * service_connected), or -errno. *ret is also written on -EINPROGRESS. */
MUST_USE int service_connect(const struct service *s, int *ret);
MUST_USE int service_connected(int fd);
