/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Ownership made visible: AUTO frees a local at the end of its scope, TAKE hands it on.
 * Every free function takes NULL (or -1) and half-built objects.
 */
#include <stdlib.h>
#include <unistd.h>

#define AUTO(fn) __attribute__((cleanup(fn)))
#define MUST_USE __attribute__((warn_unused_result))

/* The value, and NULL in its place: ownership moves to whoever receives it. */
#define TAKE(p)                                                                                    \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int taken_fd_ = (fd);                                                              \
		(fd) = -1;                                                                         \
		taken_fd_;                                                                         \
	})

static inline void auto_close(const int *fd) {
	if (*fd >= 0)
		close(*fd);
}

static inline void auto_free(void *p) {
	free(*(void **)p);
}
