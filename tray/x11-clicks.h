/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
#include <gtk/gtk.h>

/* Clicks on this window, which is on the screen, go to what lies below it. */
void clicks_pass(GtkWidget *toplevel);
