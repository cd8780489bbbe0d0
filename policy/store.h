/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Writes answers "always" into the person's own folder and takes them back. A change is prepared
 * (and can be shown), tried on the whole policy, and only then made: atomically, and only if the
 * file is still what it was. It never touches another file.
 */
#include "policy/answers.h"
#include "policy/loader.h"

struct policy_change {
	char *folder;
	char *before; /* NULL: there was no file */
	char *after;
	char *rule; /* the exact rule that is added or taken back */
	unsigned number;
};

enum {
	POLICY_STORE_E_RULE = 1,  /* no rule says this (the choice was not offered, ...) */
	POLICY_STORE_E_NO_EFFECT, /* with the rule the call would still not be allowed to the
				     choice: a file that is read earlier decides */
	POLICY_STORE_E_BROKEN,    /* the policy has errors, is being written, or would break */
	POLICY_STORE_E_NONE,      /* there is no such answer to take back */
	POLICY_STORE_E_CHANGED,   /* the file is not what it was, or somebody else writes it now */
};

/* The rule for "always", tried: with it, this call must be allowed to `chosen` by that very rule.
 * when: words for people. 0, an answer above, or -errno. Always deinit *ret. */
MUST_USE int policy_store_always(const struct policy_places *places, const char *folder,
	const struct policy_system *system, const struct policy_request *request,
	const struct policy_decision *ask, const char *chosen, const char *when,
	struct policy_change *ret);

/* Takes an answer back; number 0: the newest. 0, an answer above, or -errno. Always deinit *ret. */
MUST_USE int policy_store_undo(
	const char *folder, unsigned number, const char *when, struct policy_change *ret);

/* Makes the change. 0, POLICY_STORE_E_CHANGED, or -errno; then the file is as it was. */
MUST_USE int policy_store_commit(const struct policy_change *change);

/* The file's text; NULL with 0 if there is none. Free *ret. */
MUST_USE int policy_store_read(const char *folder, char **ret);

void policy_change_deinit(struct policy_change *change);
const char *policy_store_words(int answer);
