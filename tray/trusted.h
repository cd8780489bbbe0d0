/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The mark of a window of ours that no domain may lie over. */
#include <gtk/gtk.h>

/* gui-daemons keep their pop-ups below every window that carries this property. Realizes it. */
void trusted_mark(GtkWidget *window);
