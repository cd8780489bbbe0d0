/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One domain on the screen: puts session, windows and input together with their link, the second
 * port, the manager and the view, and knows when it is over. Decides nothing itself.
 */
#include "gui-daemon/options.h"

struct domain;

struct domain_user {
	/* The agent's port is connected; nothing of it was read yet. May be NULL. */
	void (*on_open)(void *data);
	void (*on_over)(void *data);
};

/* Opens the display and both ports (which may connect later). 0, or -errno after one line on
 * stderr. */
MUST_USE int domain_new(const struct options *options, const struct domain_user *user, void *data,
	struct domain **ret);
struct domain *domain_free(struct domain *d);

/* To the manager: the display is open and the daemon confined. */
void domain_started(struct domain *d);
/* What the program's exit status is, once on_over was called. */
int domain_status(const struct domain *d);
