/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Which files of a folder count, and in which order (qrexec-protocol 3.1 and 3.12). */
#include "policy/parse-inner.h"

struct top_file {
	const char *folder, *name;
};

/* Both put a sorted list of their own in *names (in the arena) and return its length. A name that
 * makes the whole policy invalid is an error. */
size_t pick_policy_files(
	struct parser *p, const char *folder, const char *const **names, size_t count);
size_t pick_compat_files(struct parser *p, const char *const **names, size_t count);

/* The files of all folders, sorted by name, the earlier folder's of two with one name. The caller
 * frees the list. */
size_t collect_top_files(struct parser *p, struct top_file **ret);
