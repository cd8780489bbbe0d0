/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The standing processes of a sandbox: X server, session bus, our agents. */
#include "common/cleanup.h"
#include "proto/init.h"

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct services;

struct services_handler {
	void (*changed)(void *user, enum init_service service, bool started, int status);
	void (*display)(void *user); /* clients can connect to the X server */
};

struct services *services_new(const struct services_handler *handler, void *user);

/* A child ended: true if it was a service; it starts again when its back-off says so. */
bool services_ended(struct services *s, pid_t pid, int status);
bool services_is(const struct services *s, pid_t pid);
void services_stop_restarting(struct services *s);

/* Starts a program in a session of its own with nothing but stdio, and ready_fd (or -1) as its
 * descriptor 3. 0 or errno. */
MUST_USE int services_spawn(char *const *argv, int ready_fd, pid_t *ret);
