/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Everything of one agent, put together: the X server's windows on one side, the daemon on the
 * other. */
#include "common/cleanup.h"

struct agent;

/* peer: the domain of the GUI daemon. quit is called when there is nothing left to do (the X server
 * went). 0, or -errno with a sentence in *ret_why. */
MUST_USE int agent_new(
	int peer, void (*quit)(void *user), void *user, struct agent **ret, const char **ret_why);
struct agent *agent_free(struct agent *a);
