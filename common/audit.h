/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Records of what crossed between domains (docs/audit.md): one JSON object a line, printable ASCII,
 * one write a record, only ever appended to. Several processes may write into one file.
 */
#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

#define AUDIT_ROTATE_AT (16u << 20) /* bytes */
#define AUDIT_KEPT      4           /* older files: .1 to .4 */
#define AUDIT_JOURNAL   "/run/systemd/journal/socket"

struct audit;

/* Makes the file (0600) if it is not there. journal: a socket of systemd's native protocol, used
 * while somebody listens there; NULL: none. 0 or -errno. */
MUST_USE int audit_open(const char *path, const char *journal, struct audit **ret);
/* Takes NULL, returns NULL. */
struct audit *audit_close(struct audit *a);

struct audit_line {
	char *text; /* NULL: there was no memory for it */
	size_t len, room;
};

/* A record about `event`, now. Keys and events are our own words; texts may be anybody's. */
void audit_begin(struct audit_line *l, const char *event);
void audit_text(struct audit_line *l, const char *key, const char *text); /* NULL, "": left out */
void audit_number(struct audit_line *l, const char *key, uint64_t number);
/* Appends it; frees the line in any case. 0 or -errno: the record is counted as lost. A NULL audit
 * does nothing. */
int audit_end(struct audit *a, struct audit_line *l);

/* For a process that may open nothing any more: from now on records go to the file at hand, even if
 * another was begun meanwhile, and no lock is taken. */
void audit_hold(struct audit *a);

/* The size at which a new file is begun; for tests. */
void audit_set_limit(struct audit *a, uint64_t bytes);
