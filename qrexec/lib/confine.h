/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a process that reads a domain's bytes may still do: its open descriptors, and no more. */
#include "common/cleanup.h"

/* 0 or -errno. Nothing is opened, started or connected after it. */
MUST_USE int confine_daemon(void);

/* One end of a call, of which everything is open: it moves bytes, and hears how its program ended.
 */
MUST_USE int confine_call(void);

/* The receiver of copied files: it still makes files below folders that it holds. */
MUST_USE int confine_receiver(void);
