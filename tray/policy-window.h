/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The person's rules: read, changed with lint as they are typed, explained; leases and answers
 * "always" taken back. The `bulkhead policy` commands do it, as children that nobody waits for.
 */
#include "tray/tray.h"

void policy_window_show(struct tray *t);
/* The same window, with the question "why?" for one call asked. */
void policy_window_explain(
	struct tray *t, const char *source, const char *target, const char *service);
