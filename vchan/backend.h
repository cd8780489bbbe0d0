/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Which transport this process uses; chosen once at start. */
#include "common/cleanup.h"

/* Through bulkhead-hv: hv_fd is a connected SOCK_SEQPACKET socket, which the backend then owns. 0
 * or -errno. The local and memory backends make the process ignore SIGPIPE, unless it has a
 * handler. */
MUST_USE int vchan_use_local(int hv_fd);

/* Connects to the socket that bulkhead-hv listens on for this domain. 0 or -errno. */
MUST_USE int vchan_use_local_at(const char *path);

/* Both ends in this process (tests): vchan_memory_domain says as whom the next init calls speak. */
void vchan_use_memory(void);
void vchan_memory_domain(int domain);

/* Plain Unix sockets that say nothing of who is there: for tests beside the reference's programs
 * only. Both texts may be NULL: domain 0, /var/run/vchan. 0 or -errno. */
MUST_USE int vchan_use_unix(const char *domain, const char *dir);

/* Real Xen; 0, or -ENOSYS if built without. */
MUST_USE int vchan_use_xen(void);

/* What a program's option --vchan= says: "local:PATH", "local-fd:N", "xen", or for tests
 * "unix:" (domain and folder from VCHAN_DOMAIN and VCHAN_SOCKET_DIR). 0, or -errno; -EINVAL
 * for other text. */
MUST_USE int vchan_use(const char *spec);

/* The descriptor that such a text names, of "local-fd:N"; -1: none. */
int vchan_spec_fd(const char *spec);

/* For a client that confines itself: the ioctl commands that this transport goes on needing, ended
 * by 0. NULL: none. Where there are some it needs memfd_create, ftruncate and F_ADD_SEALS too. What
 * must be opened is open once the client is begun (libvchan_client_init_async). */
const unsigned long *vchan_ioctls(void);
