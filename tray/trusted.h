/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Windows of ours: gui-daemons keep what domains pop up below them. */
#include <gtk/gtk.h>

/* Now if it is realised, else when it is. */
void trusted_mark(GtkWidget *toplevel);
