/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What decides inside a question's dialog, without a toolkit: when "Allow" lives, what a key may
 * do, what may be answered, and how text that a domain chose is written. Nothing here may ever
 * turn a key or a click that was meant for something else into a yes (bug classes B3, E15).
 */
#include "proto/broker.h"

#define ASK_QUIET_US   1000000 /* so long focused and no key, before "Allow" lives */
#define ASK_SECONDS    60
#define ASK_ARGUMENT   240 /* characters of the argument that are shown */
#define ASK_TEXT_SIZE  2048
#define ASK_TARGET_MAX ((BROKER_TEXTS_MAX - 6) / 3)

/* Until it has been quiet for the first time with the focus, keys reach nothing in the dialog
 * (awake); "Allow" lives only while it is quiet (armed). */
struct ask_arming {
	bool focused, awake, armed;
	int64_t due; /* when it will have been quiet long enough; 0: not before something happens */
};

enum ask_key {
	ASK_KEY_DEAD,  /* was meant for another window */
	ASK_KEY_MOVES, /* works in the dialog, but cannot allow */
	ASK_KEY_LIVES  /* came when "Allow" was alive */
};

void ask_arming_focus(struct ask_arming *a, bool focused, int64_t now_us);
/* Every key press, even of a modifier, goes through here before anything else sees it. */
enum ask_key ask_arming_key(struct ask_arming *a, int64_t now_us);
/* A press of the pointer on "Allow" while that was dead: hurry is not a decision. */
void ask_arming_hurry(struct ask_arming *a, int64_t now_us);
/* To be called when it is due, and only after all input that had come by then was handled. True if
 * "Allow" came alive. */
bool ask_arming_tick(struct ask_arming *a, int64_t now_us);

struct ask_target {
	const char *text, *label, *rule;
};

/* Texts are those of the message that it was made from. */
struct ask_question {
	uint64_t id;
	const char *source, *source_label, *service, *argument, *asked, *rule;
	struct ask_target targets[ASK_TARGET_MAX];
	size_t target_count;
	int preselected; /* -1: none */
};

/* m is a BROKER_QUESTION that broker_decode took. */
void ask_question_read(const struct broker_msg *m, struct ask_question *ret);
bool ask_choice_possible(const struct ask_question *q, int target, enum broker_choice choice);
/* What "Allow" answers: `choice`, or BROKER_DENY for no answer at all as yet. */
enum broker_choice ask_allow(
	const struct ask_question *q, bool armed, int target, enum broker_choice choice);

/* Where a target stands in what was typed: 0 not at all, 1 somewhere in it, 2 in front, 3 it is
 * it. */
unsigned ask_match(const char *typed, const char *name);

/* The domain that a name stands for ("@dispvm:x" is x) and whether as a new disposable. */
const char *ask_domain(const char *target, bool *ret_disposable);

/* Text that a domain chose, fit to be shown: what text_filter would not pass stands there as \xNN,
 * a backslash as two. At most `most` characters, then "…" and true. */
bool ask_escape(const char *untrusted_text, size_t most, char *ret, size_t size);
