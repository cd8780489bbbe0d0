/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What stands in a question's dialog, and where. Nothing here reacts to anything. */
#include "tray/ask-logic.h"

#include <gtk/gtk.h>

struct ask_widgets {
	GtkWidget *window, *target, *allow, *deny;
	GtkWidget *choices[BROKER_CHOICES]; /* from BROKER_ONCE on */
	GtkWidget *rule_box, *rule, *status;
};

/* targets: the list to choose from, NULL if there is nothing to choose. The window is not shown. */
void ask_build(struct ask_widgets *w, const struct ask_question *q, GtkWidget *targets);
