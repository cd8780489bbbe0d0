/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The menu. Its first level is kept built and up to date, so that opening it is only showing it;
 * what is below a domain is built when the person comes to it.
 */
#include "tray/tray.h"

struct menu *menu_new(struct tray *t);
struct menu *menu_free(struct menu *m);
void menu_heard(struct menu *m, enum model_event e, struct model_domain *d);
/* What is wrong has changed. */
void menu_health(struct menu *m);
/* Icons have come. */
void menu_icons(struct menu *m);
/* x < 0: at the pointer. */
void menu_popup(struct menu *m, int x, int y);
