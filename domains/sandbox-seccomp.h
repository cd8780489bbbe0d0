/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The system calls that no program in a sandbox needs: everything that types into a terminal
 * (bug class H1), reaches the kernel's rarely used corners or sockets that no network namespace
 * holds. A list of what is refused; the namespaces are what really confines.
 */
#include "common/cleanup.h"

#include <stdbool.h>

/* A memfd with the compiled filter for bwrap --seccomp, or -errno. nested: user namespaces and
 * mounts stay allowed, for browsers that build sandboxes of their own. */
MUST_USE int sandbox_seccomp(bool nested);
