/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Descriptors that a domain sent us. Closing one, or a socket in whose queue one lies, can block:
 * a TCP socket told to linger makes its last holder wait for as long as its maker likes. So they
 * are defused first.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Takes one packet without waiting, into data, with all descriptors that came beside it: the first
 * in *ret_fd (or -1), the number of all in *ret_fds. All but the first are closed. Length, 0 at the
 * end, -errno; more than size if the packet was longer. */
ssize_t foreign_receive(int socket, uint8_t *data, size_t size, int *ret_fd, unsigned *ret_fds);

/* Closes a descriptor that came from outside, or one of ours whose other end is outside. */
void foreign_close(int fd);

/* Is it a Unix socket of type SOCK_SEQPACKET that listens, or that does not? */
bool foreign_is_seqpacket(int fd, bool listening);
