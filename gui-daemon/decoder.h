/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The half of the gui-daemon that touches a domain's bytes: puts session, windows, clipboard, the
 * link and the second port together with the channel to the screen's process. Has no X connection
 * and no manager; what it says there is believed as far as gate.h goes.
 */
#include "gui-daemon/options.h"

struct decoder;

struct decoder_user {
	/* The screen's process is gone, or what it said cannot be: nothing is left to do. */
	void (*on_over)(void *data, int status);
};

/* Takes options->view_fd (user may be NULL), waits for the screen's first words and opens both
 * ports (which may connect later). 0, or -errno after one line on stderr. */
MUST_USE int decoder_new(const struct options *options, const struct decoder_user *user, void *data,
	struct decoder **ret);
struct decoder *decoder_free(struct decoder *d);

/* To the screen: confined, nothing of the domain was read yet. */
void decoder_ready(struct decoder *d);
