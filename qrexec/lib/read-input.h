/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The whole input of a small service that meets a domain's bytes. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

/* Reads stdin to its end, at most size bytes: callers give room for one byte more than there may
 * be, so that more is seen. 0 on an error. */
static inline size_t read_input(uint8_t *data, size_t size) {
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(STDIN_FILENO, data + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? 0 : got;
		got += (size_t)n;
	}
	return got;
}
