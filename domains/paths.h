/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Where things are: the runtime folder, definitions, homes, our own programs. Folders below ours
 * are opened one component after the other and never through a symbolic link (bug class H6); what
 * comes out is a descriptor, which is what is handed on (H7).
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>

/* BULKHEAD_RUNTIME_DIR, else $XDG_RUNTIME_DIR/bulkhead, else ~/.cache/bulkhead/run. */
char *paths_runtime(void);
/* The configuration's folder, $XDG_CONFIG_HOME/bulkhead, and the data's, $XDG_DATA_HOME/bulkhead;
 * the logs' is $XDG_STATE_HOME/bulkhead. */
char *paths_config(void);
char *paths_data(void);
char *paths_state(void);

/* Opens a folder of ours for good, making it (0700) if it is missing. It must belong to this user
 * and be closed to others. -1 and *error. */
int paths_open_private(const char *path, GError **error);

/* A folder below one that is open; relative is a path of plain names. -1 and *error. */
int paths_open_below(int dir, const char *relative, bool create, GError **error);

/* Removes a file or a whole tree below an open folder; a missing one is no error. 0 or -errno. */
int paths_remove_below(int dir, const char *name);

/* A program or file of ours: first in BULKHEAD_LIBEXEC (folders, colons between them), then where
 * it is installed. NULL if it is nowhere. */
char *paths_find(const char *name);

/* "/proc/self/fd/DIR/NAME": short enough for a socket's address whatever the folder is called. */
char *paths_by_fd(int dir, const char *name);
