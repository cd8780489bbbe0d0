/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Answers "always" as text: the rule that an answer stands for, and the file that holds them. Each
 * is a comment with its number and the rule under it; one that was taken back stays as a comment,
 * so the file is its own history. Pure: texts in, texts out. What the person writes into the file
 * by hand is left alone.
 */
#include "policy/decide.h"

#define POLICY_ANSWERS_FILE "20-answers.policy"
#define POLICY_RULE_MAX     1024

/* The exact rule for "always": this caller, this call, this choice. 0, or 1 if the choice is not
 * among the targets or the rule does not fit. */
MUST_USE int policy_answer_rule(const struct policy_request *request,
	const struct policy_decision *ask, const char *chosen, char *ret, size_t size);

struct policy_answer_entry {
	unsigned number;
	bool undone;
	const char *rule; /* rule_len bytes in the text */
	size_t rule_len;
};

/* The entries of a text in order; ret has room for `room`. Returns how many there are. */
size_t policy_answers_list(const char *text, struct policy_answer_entry *ret, size_t room);

/* The text with one more entry; free *ret. when and asked_by are words for people ("2026-11-21
 * 08:00", "FILE:LINE"). text NULL: no file yet. 0 or -ENOMEM. */
MUST_USE int policy_answers_add(const char *text, const char *rule, const char *when,
	const char *asked_by, char **ret, unsigned *ret_number);

/* The text with the entry `number` taken back (0: the newest that holds); free *ret. 0, -ENOMEM, or
 * 1 if there is no such entry. */
MUST_USE int policy_answers_undo(
	const char *text, unsigned number, const char *when, char **ret, unsigned *ret_number);
