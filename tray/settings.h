/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The window in which a domain is made, changed and removed. What is allowed is bulkheadd's to
 * say: its answer names the field and the rule. */
#include "tray/tray.h"

void settings_show(struct tray *t, const struct model_domain *d);
void settings_create(struct tray *t);
