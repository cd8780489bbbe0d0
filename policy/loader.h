/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Reads a rule set from folders of the file system. What comes out is one state of all files: a
 * file that is open for writing, that changed while we read, or (where the kernel does not tell us
 * who writes) that changed less than a tenth of a second ago makes the answer POLICY_E_BUSY, and
 * the caller keeps what it has and comes again. It never waits and never watches.
 */
#include "policy/rules.h"

#define POLICY_E_BUSY 2

struct policy_load {
	struct policy *policy; /* NULL unless the answer is 0 */
	struct policy_errors errors;
	char **folders; /* every folder that was read from, to be watched; each once */
	size_t folder_count;
	char *busy; /* the file that is being written, if the answer is POLICY_E_BUSY */
};

/* 0, POLICY_E_BROKEN with the errors, POLICY_E_BUSY, or -errno. Always deinit *ret. */
MUST_USE int policy_load(const struct policy_places *places, struct policy_load *ret);

/* The same as if the file FOLDER/NAME (existing or not) held this text: to try a change. */
struct policy_override {
	const char *folder, *name, *text;
};

MUST_USE int policy_load_with(const struct policy_places *places,
	const struct policy_override *override, struct policy_load *ret);
void policy_load_deinit(struct policy_load *load);

/*
 * The folders used when nobody names others: those of the environment variable
 * BULKHEAD_POLICY_PATH, separated by ':'; else, as far as they exist, bulkhead/policy.d below
 * $XDG_RUNTIME_DIR, $XDG_CONFIG_HOME (~/.config), /run and /etc, and the shipped rules. The first
 * that may be written by "always" rules is *ret_own. 0 or -ENOMEM.
 */
struct policy_folders {
	char **list;
	size_t count;
	char *own; /* the person's own folder, existing or not; NULL if there is no home */
};

MUST_USE int policy_folders_default(struct policy_folders *ret);
void policy_folders_deinit(struct policy_folders *folders);

#define POLICY_COMPAT_FOLDER "/etc/qubes-rpc/policy"
