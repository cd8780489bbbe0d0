/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The answer to a click on an application: at once a window in the frame of its domain, which says
 * what is under way, until the application's own window is there. It takes no focus.
 */
#include "tray/model.h"

struct ghost;

/* closed: the person sent it away. what: the application's name. */
struct ghost *ghost_new(
	const struct model_domain *d, const char *what, void (*closed)(void *user), void *user);
void ghost_progress(struct ghost *g, const struct model_domain *d);
struct ghost *ghost_free(struct ghost *g);
