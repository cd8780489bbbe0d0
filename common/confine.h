/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What every program that reads a domain's bytes gives up for good before it reads the first. Its
 * list of system calls is its own (a confine.c beside its main.c).
 */
#include "common/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

/* Is this a build with a sanitizer? That has calls of its own, at the end more than at any time,
 * which a filter would refuse. gcc says it by a macro, clang by a feature. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED false
#endif

/* No program that it starts has more rights than itself. 0 or -errno. */
MUST_USE int confine_rights(void);

/* RLIMIT_...: at most so much, never more than before. 0 or -errno. */
MUST_USE int confine_limit(int what, rlim_t most);

/* It opens and makes no file any more, should its filter have a hole (Landlock; see landlock(7)).
 * What is open stays so, and memfds belong to no tree. Removing is left to the filter. Nothing
 * happens where the kernel has no Landlock: there the filter stands alone. */
void confine_no_files(void);

/* It reaches files below these open folders only, and runs none. 0, -ENOSYS or -EOPNOTSUPP where
 * the kernel has it not, or -errno. */
MUST_USE int confine_beneath(const int *dirs, size_t count);
