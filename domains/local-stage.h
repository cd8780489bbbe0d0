/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * bubblewrap, running as a domain's own host user, cannot walk the person's closed folders to what
 * it shall bind. So the child, while it still is root of its user namespace, mounts these files and
 * folders where it can: STAGE/N for descriptor N. Each is looked up once more in the new mount
 * namespace and must be the very one that was opened (bug class H7).
 */
#include "common/cleanup.h"

#include <stddef.h>

#define STAGE "/mnt"

/* 0 or -errno. */
MUST_USE int local_stage(const int *fds, size_t n);
