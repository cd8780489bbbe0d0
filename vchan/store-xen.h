/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A small client of xenstore over the kernel's device: few requests, one watch flag, no thread (the
 * stock library starts one, which a program that confines itself cannot have). A request waits for
 * xenstored's answer, never for a domain. Values of domains come back as bytes; the caller bounds
 * them.
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_PATH_MAX 128

struct store;

/* Everything here that returns int: 0 or more, or -errno. */
MUST_USE int store_open(struct store **ret);
struct store *store_free(struct store *s);
static inline void store_free_p(struct store **s) {
	store_free(*s);
}

/* Readable: a watch may have fired, call store_changed. */
int store_fd(const struct store *s);
/* Takes in what has arrived without waiting; true if a watch fired since the last call. A request
 * may take in an event too: after one, ask again before polling. */
bool store_changed(struct store *s);

/* tx: 0, or what store_begin returned. The value is ended by a NUL; -EMSGSIZE if it does not fit.
 */
MUST_USE int store_read(struct store *s, uint32_t tx, const char *path, char *ret, size_t size);
MUST_USE int store_write(struct store *s, uint32_t tx, const char *path, const char *value);
/* We own it, nobody else may touch it, `peer` may read it. */
MUST_USE int store_share(struct store *s, uint32_t tx, const char *path, int own, int peer);
int store_erase(struct store *s, uint32_t tx, const char *path);
/* The names in the directory, each ended by a NUL; how many bytes. -EMSGSIZE if they do not fit. */
MUST_USE int store_list(struct store *s, uint32_t tx, const char *path, char *ret, size_t size);
/* 1 if the directory has no entry. */
MUST_USE int store_is_empty(struct store *s, uint32_t tx, const char *path);
/* Fires once at once. */
MUST_USE int store_watch(struct store *s, const char *path);

MUST_USE int store_begin(struct store *s, uint32_t *ret_tx);
/* -EAGAIN: somebody else came between; begin again. */
MUST_USE int store_commit(struct store *s, uint32_t tx);

MUST_USE int store_own_domain(struct store *s);
/* Does this domain exist, not dead or dying? 1, 0 or -errno. */
MUST_USE int store_domain_lives(struct store *s, int domain);
