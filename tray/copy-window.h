/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A window for each file copy that lasts: how far it is, how to end it, and how it ended. */
#include "tray/inbox.h"
#include "tray/model.h"

struct copy_windows;

struct copy_windows *copy_windows_new(struct model *m);
struct copy_windows *copy_windows_free(struct copy_windows *w);
/* As inbox_events tells it. */
void copy_windows_report(struct copy_windows *w, struct inbox_end *end, const char *domain,
	const struct copyreport *r);
