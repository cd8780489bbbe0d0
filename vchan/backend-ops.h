/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a transport offers to libvchan.c and pages.c; nobody else includes this. A backend's own
 * objects begin with the base structs here. No function of these tables blocks: waiting is done
 * once, in libvchan.c, by poll on the descriptor.
 *
 * Functions that return int and do not say otherwise: 0 or -errno.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct libvchan {
	const struct vchan_ops *ops;
	bool blocking;
	bool failed; /* an asynchronous connect that came to nothing */
};

struct vchan_ops {
	int (*server_new)(
		int domain, int port, size_t read_min, size_t write_min, struct libvchan **ret);

	/* Begins a connect; ret_watch becomes readable when client_finish is worth a call. */
	int (*client_new)(int domain, int port, struct libvchan **ret, int *ret_watch);
	/* 0 connected, 1 wait more, -errno failed. */
	int (*client_finish)(struct libvchan *v);

	/* Bytes moved (0: none now), -1 closed. With `all`: size or 0, -1 also if size cannot fit.
	 * When they answer less than was asked for, the peer has been asked for a notification, so
	 * that waiting on the descriptor is safe. */
	int (*read)(struct libvchan *v, void *data, size_t size, bool all);
	int (*write)(struct libvchan *v, const void *data, size_t size, bool all);

	/* As read without `all`, but the peer is asked only with the answer 0. NULL: read does. */
	int (*drain)(struct libvchan *v, void *data, size_t size);

	/* Takes in what the descriptor holds; does not wait. 0, or -1 the transport is gone. */
	int (*take_events)(struct libvchan *v);

	int (*is_open)(struct libvchan *v); /* VCHAN_DISCONNECTED, _CONNECTED or _WAITING */
	int (*data_ready)(struct libvchan *v);
	int (*buffer_space)(struct libvchan *v);
	int (*fd)(struct libvchan *v);
	void (*close)(struct libvchan *v); /* frees; also a client that never connected */
};

struct pages_share {
	const struct pages_ops *ops;
	uint32_t count;
	uint32_t *refs; /* count of them; freed by pages.c */
	int fd;         /* read-write, for the X server; closed by pages.c */
	void *data;     /* NULL until asked for; unmapped by pages.c when it came from map of fd */
};

struct pages_view {
	const struct pages_ops *ops;
	uint32_t count;
	int fd;        /* for the X server; closed by pages.c */
	size_t offset; /* bytes */
};

struct pages_ops {
	/* Makes the share with fd and refs filled in. The memory is zero. */
	int (*share_new)(int peer, uint32_t count, struct pages_share **ret);
	void (*share_publish)(struct pages_share *s, size_t offset, size_t len); /* may be NULL */
	void (*share_free)(struct pages_share *s); /* the backend's part, and free(s) */

	/* refs as in pages_view_new. 0, -errno, or PAGES_E_REFS. */
	int (*view_new)(int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret);
	void (*view_refresh)(struct pages_view *v, size_t offset, size_t len); /* may be NULL */
	void (*view_free)(struct pages_view *v); /* the backend's part, and free(v) */
};

/* The tables of this process (backend.c); both NULL until one of the vchan_use functions. */
struct backend {
	const struct vchan_ops *vchan;
	const struct pages_ops *pages;
	const unsigned long *ioctls; /* vchan_ioctls */
};
extern struct backend backend;

/* A decimal number, or -1 (spec.c). */
int vchan_spec_number(const char *text);

extern const struct vchan_ops vchan_local_ops, vchan_memory_ops, vchan_unix_ops;
int vchan_unix_set(int domain, const char *dir); /* uses the transport; 0 or -EINVAL */
extern const struct pages_ops pages_local_ops, pages_memory_ops;
/* Only in builds with Xen (vchan-xen.c, pages-xen.c); vchan_use_xen is defined there then. */
extern const struct vchan_ops vchan_xen_ops;
extern const struct pages_ops pages_xen_ops;
