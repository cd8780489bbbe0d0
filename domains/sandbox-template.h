/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A template of the local backend: a directory tree, $XDG_DATA_HOME/bulkhead/templates/NAME/root,
 * that stands in a domain instead of the host's programs and settings. Read only, for all domains
 * at once; its root's own /etc/passwd and the like are replaced.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>

/* The tree's folder. -1 and *error. */
int template_open(const char *name, GError **error);

/* The same for a domain that runs from it: as long as the descriptor (or a copy) is open, nobody
 * removes the tree, whatever takes its place. */
int template_hold(const char *name, GError **error);

/* Adds to a bubblewrap command line what puts the tree in place: /usr, /bin and its like, /etc.
 * where: its path at the time bubblewrap runs. 0, or -1 and *error: it is no such tree. */
MUST_USE int template_args(GPtrArray *args, int root, const char *where, GError **error);

/* Is this program of ours installed in the tree (/usr/libexec/bulkhead)? root may be -1. */
bool template_has_program(int root, const char *name);
