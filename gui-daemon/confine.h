/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Gives up for good all that the two processes do not need once their display and their ports are
 * there: no file is opened, no program started, no socket made any more (architecture 2, rule 3).
 * What is left to each is said in SECURITY.md: to the screen above all the X connection.
 */
#include "common/cleanup.h"

#include <sys/types.h>

/* 0 or -errno; then the process must not go on. Landlock is used where the kernel has it. */
MUST_USE int confine_screen(pid_t decoder);
/* ioctls: vchan_ioctls(). */
MUST_USE int confine_decoder(const unsigned long *ioctls);
