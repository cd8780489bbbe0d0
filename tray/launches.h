/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Applications on their way: from the click until a window of the domain is there, or the reason
 * why none comes. At most LAUNCHES_MAX at a time have a ghost window.
 */
#include "tray/link.h"
#include "tray/model.h"

#define LAUNCHES_MAX     16
#define LAUNCHES_SECONDS 60 /* a program without any window is left alone after that */

struct launches;

/* failed: in words for the person. */
struct launches *launches_new(struct link *l, struct model *m,
	void (*failed)(void *user, const char *domain, const char *text), void *user);
struct launches *launches_free(struct launches *all);

void launches_start(struct launches *all, struct model_domain *d, const struct app *a);
bool launches_any(const struct launches *all, const struct model_domain *d);
/* The domain changed, or (gone) is no more. */
void launches_heard(struct launches *all, struct model_domain *d, bool gone);
void launches_command_ended(struct launches *all, const char *path, guint32 id, int status);
