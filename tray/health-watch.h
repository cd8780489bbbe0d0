/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Watches the machine for tray/health.h: the kernel's memory pressure, the disk, the rules. Nothing
 * ticks: the kernel and inotify tell, and the disk is looked at when something else happened.
 */
#include "tray/health.h"
#include "tray/model.h"

struct health_watch;

struct health_watch *health_watch_new(struct health *h);
struct health_watch *health_watch_free(struct health_watch *w);
/* Looks at the disk, unless it did so a moment ago. */
void health_watch_disk(struct health_watch *w);
/* What a domain's properties tell. */
void health_watch_domain(struct health *h, const struct model_domain *d);
/* Manager1's Broken: a(ss), file and reason; NULL: bulkheadd does not answer. */
void health_watch_broken(struct health *h, GVariant *broken);
