/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* From now on this process reaches files below some folders only. */
#include "common/cleanup.h"

#include <stddef.h>

/* 0, -ENOSYS or -EOPNOTSUPP where the kernel has it not, or -errno. */
MUST_USE int landlock_beneath(const int *dirs, size_t count);
