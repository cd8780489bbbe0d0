/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The second vchan port, towards an agent of ours (proto/ext.h): monitors and keyboard down, frames
 * done. An agent that serves no such port is none of ours, and all of this does nothing.
 */
#include "proto/ext.h"

struct ext_port;

struct ext_port_user {
	/* The agent's HELLO came. */
	void (*on_hello)(void *data);
	/* The port was given up; the GUI goes on without it. */
	void (*on_end)(void *data, const char *why);
};

/* 0 or -errno; in the latter case there is none. */
MUST_USE int ext_port_new(
	int domain, const struct ext_port_user *user, void *data, struct ext_port **ret);
struct ext_port *ext_port_free(struct ext_port *p);

/* Nothing before the agent's HELLO. Takes NULL. */
void ext_port_send(struct ext_port *p, const struct ext_msg *m);
/* Frames done that the agent does not read are left out, everything else is kept. */
void ext_port_frame_done(struct ext_port *p, uint32_t window);
