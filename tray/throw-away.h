/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A program in a new throw-away domain, which ends with the program: by `bulkhead run`, which waits
 * for that end even if the tray is gone. */
#include "tray/tray.h"

/* argv: ends with NULL. What goes wrong is told as a notice of the model. */
void throw_away_run(struct tray *t, const struct model_domain *model, const char *const *argv);
