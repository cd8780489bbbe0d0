/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A local descriptor that we read or write without blocking and without touching the file status
 * flags that we share with others.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct local_fd {
	int fd; /* -1: closed */
	bool socket;
	bool timid; /* shared and blocking: only after a poll, in small steps */
};

/* Takes over fd (-1: stays closed). */
struct local_fd local_fd_take(int fd, bool for_write);

/* As read and write; -EAGAIN when it would block. */
ssize_t local_fd_read(struct local_fd *l, void *buf, size_t size);
ssize_t local_fd_write(struct local_fd *l, const void *buf, size_t size);

/* Nothing more will be written: others see the end. A socket stays open for reading. */
void local_fd_end_write(struct local_fd *l, bool still_read);
void local_fd_close(struct local_fd *l);
