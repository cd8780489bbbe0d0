/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Gives up for good all that the daemon does not need once its display and its ports are there: no
 * file is opened, no program started, no socket made any more (architecture 2, rule 3). What is
 * left is said in SECURITY.md: above all the X connection.
 */
#include "common/cleanup.h"

/* 0 or -errno; then the daemon must not go on. Landlock is used where the kernel has it. */
MUST_USE int confine(void);
