/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* Our second port (proto/ext.h): what the daemon says beyond the GUI protocol. */
#include "common/cleanup.h"
#include "proto/ext.h"

struct ext_port;

struct ext_events {
	void (*greeted)(void *user); /* from now on something can be said */
	void (*message)(void *user, const struct ext_msg *m); /* never HELLO */
	void (*gone)(void *user);
};

MUST_USE int ext_port_new(
	int peer, const struct ext_events *events, void *user, struct ext_port **ret);
struct ext_port *ext_port_free(struct ext_port *p);
/* A message without a body; nothing happens while no daemon is there. */
void ext_port_say(struct ext_port *p, enum ext_type type);
