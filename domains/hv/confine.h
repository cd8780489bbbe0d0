/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What bulkhead-hv gives up before it hears the first domain. */
#include "common/cleanup.h"

/* No new privileges, limits, no file but those below proc_fds, only the system calls that it needs.
 * 0 or -errno. */
MUST_USE int confine(int proc_fds);
