/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The folders that keep what outlives a start: definitions (domains/NAME.conf below the
 * configuration) and each domain's data (domains/NAME/ below the data: its home, its host user's
 * number). Everything by descriptors, nothing through symbolic links (bug classes H6, H7).
 */
#include "domains/definition.h"

struct store {
	int definitions; /* folder */
	int data;        /* folder: one folder per domain */
	char *path;      /* of the definitions, for messages */
};

int store_init(struct store *s, GError **error);
void store_deinit(struct store *s);

/* One call per definition; what cannot be read is told by `bad`. */
void store_load(struct store *s, void (*good)(void *user, struct definition *d),
	void (*bad)(void *user, const char *file, const char *why), void *user);

/* Whole or not at all: a new file takes the old one's place. */
bool store_save(struct store *s, const struct definition *d, GError **error);
bool store_remove(struct store *s, struct domain_name name, GError **error);

/* What is kept in a domain's data beside its home. PREPARED: nobody's yet (pool.h). REMOVED: all of
 * it shall go, even if this bulkheadd does not live to see it. */
enum store_mark { MARK_PREPARED, MARK_REMOVED };
/* 0 or -errno. */
MUST_USE int store_mark(struct store *s, const char *name, enum store_mark mark, bool set);
bool store_is_marked(struct store *s, const char *name, enum store_mark mark);
/* One call per name whose data has that mark. */
void store_each_marked(struct store *s, enum store_mark mark,
	void (*each)(void *user, const char *name), void *user);

/* The domain's number for good, which chooses its host user: the one it has, else the least that
 * no domain has. -1 and *error. */
int store_slot(struct store *s, struct domain_name name, GError **error);
