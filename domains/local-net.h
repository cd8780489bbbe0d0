/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A domain's network on the local backend: pasta as the ordinary user, every forwarding and every
 * way to the host's own addresses off, and rules in the sandbox's own network namespace that refuse
 * the host's other addresses and, where the definition names places, all others. Without pasta or
 * /dev/net/tun there is none, and that is said.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct local_net;

/* dir: an open private folder for a moment's fifo; pid: process 1 of the sandbox. done is called
 * once, later: connected, or why not. allow: net_allow of its definition. lost: it ended by itself
 * afterwards. */
struct local_net_handler {
	void (*done)(void *user, bool connected, const char *why);
	void (*lost)(void *user, const char *why);
};
struct local_net *local_net_new(
	int dir, pid_t pid, const char *allow, const struct local_net_handler *handler, void *user);
struct local_net *local_net_free(struct local_net *n);

/* The text of /etc/resolv.conf inside: the host's name servers that can be reached from there. */
char *local_net_resolv_conf(void);
