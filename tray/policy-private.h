/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the files of the policy window share. */
#include "tray/policy-cli.h"
#include "tray/policy-window.h"

#define POLICY_OWN_FILE "30-own.policy" /* where the person's rules are begun */

struct policy_window {
	struct tray *tray;
	GCancellable *cancel;
	GtkWidget *window, *files, *view, *findings, *state, *save, *revert, *back, *book;
	GtkTextBuffer *text;
	char *own, *path, *name; /* the person's folder; the file that is shown */
	char *wanted;            /* is being loaded */
	guint wanted_line, lint_timer;
	GCancellable *lint;
	bool mine, changed, loading, broken;
	/* "Why?" */
	GtkWidget *source, *target, *service, *answer, *passed;
	/* Answers that hold */
	GtkWidget *answers;
};

/* Shows the file with that line (1...; 0: none) marked; unless what is typed would be lost. */
void policy_window_go(struct policy_window *w, const char *path, guint line);

GtkWidget *policy_edit_new(struct policy_window *w);
/* The list of files anew. */
void policy_edit_list(struct policy_window *w);
void policy_edit_end(struct policy_window *w);

GtkWidget *policy_why_new(struct policy_window *w);
void policy_why_ask(struct policy_window *w);

GtkWidget *policy_answers_new(struct policy_window *w);
void policy_answers_list(struct policy_window *w);

/* Takes all children out. */
void policy_window_clear(GtkWidget *container);
GtkWidget *policy_window_label(const char *text);
