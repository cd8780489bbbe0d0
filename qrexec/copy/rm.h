/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Removes a file or a tree without following any link. */
#include "common/cleanup.h"

/* 0 or the last -errno; goes on as far as it can. */
int rm_tree(int dir, const char *name);
