/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Goes through files and folders in the order in which the stream wants them. */
#include "common/cleanup.h"
#include "proto/filecopy.h"

#include <stdbool.h>

struct walk {
	/* One entry; fd: the open file, else -1. again: a folder, after what is in it. 0 goes on,
	 * anything else ends the walk and is its answer. */
	int (*entry)(void *data, const struct filecopy_entry *e, int fd, bool again);
	/* Something that cannot be sent (a device, a socket, no permission); 0 goes on. */
	int (*skipped)(void *data, const char *path, int error);
	void *data;
	bool look_only; /* files are not opened: fd is -1 */
};

/* path: a file or folder; its last part is its name on the wire. 0, -errno (told by skipped), or
 * what a callback answered. */
MUST_USE int walk_path(const struct walk *w, const char *path);
