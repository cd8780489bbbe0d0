/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The list of targets: what is typed narrows it; only what stands in it can be chosen. */
#include "tray/ask-logic.h"

#include <gtk/gtk.h>

struct ask_targets;

/* changed(data, place among the question's targets, -1: none); not for the first choice, which is
 * the question's own. The widget belongs to whoever packs it and frees the rest with it. */
struct ask_targets *ask_targets_new(
	const struct ask_question *q, void (*changed)(void *data, int target), void *data);
GtkWidget *ask_targets_widget(struct ask_targets *t);

/* How a target is called in front of the person. */
char *ask_target_name(const struct ask_target *target);
