/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The decoder's process: started before there is an X connection, with a clean address space, no
 * descriptor but its own and nothing in its environment that leads to the desktop.
 */
#include "common/cleanup.h"

#include <sys/types.h>

/* Runs bulkhead-gui-decoder, which lies beside this program, with the arguments of this one. It
 * ends with this process. vchan_fd: what --vchan= names, -1: none; closed here. ret_socket: the
 * caller's, close-on-exec. 0 or -errno. */
MUST_USE int half_start(char **argv, int vchan_fd, int *ret_socket, pid_t *ret_pid);

/* Ends it for certain and waits for that. Its socket is closed already. */
void half_end(pid_t pid);
