/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One domain on the screen: puts the X server, the person's input, the manager and the gate before
 * the decoder together, and knows when it is over. Touches no byte of the domain but in pages that
 * it hands on to the X server. Decides nothing itself.
 */
#include "gui-daemon/options.h"

struct domain;

struct domain_user {
	void (*on_over)(void *data);
};

/* Opens the display. decoder: the socket to the decoder's process, the domain's from now on. 0, or
 * -errno after one line on stderr. */
MUST_USE int domain_new(const struct options *options, int decoder, const struct domain_user *user,
	void *data, struct domain **ret);
struct domain *domain_free(struct domain *d);

/* What the program's exit status is, once on_over was called. */
int domain_status(const struct domain *d);
