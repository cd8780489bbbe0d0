/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One packet over a socket that keeps packets whole (SOCK_SEQPACKET), and the descriptors beside
 * it. Interrupted calls are begun again.
 */
#include "common/cleanup.h"

#include <stddef.h>
#include <sys/types.h>

#define PACKET_FDS_MOST 253 /* SCM_MAX_FD: what one packet can carry */

/* The n descriptors stay the caller's. flags as for sendmsg; a peer that went raises no signal. 0
 * or -errno. */
MUST_USE int packet_send(
	int socket, const void *data, size_t size, const int *fds, unsigned n, int flags);

/* flags as for recvmsg. The packet's length, which is more than size if its end was lost; 0 at the
 * end of the stream; -errno. *n_fds: how many descriptors fit into fds, and on return how many
 * came; those that did not fit are closed. They are the caller's, close-on-exec, whatever the
 * length says. After -errno there are none. */
MUST_USE ssize_t packet_receive(
	int socket, void *data, size_t size, int *fds, unsigned *n_fds, int flags);
