/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A daemon of ours beside a domain (or one for all): started, listened to (proto/ctl.h), started
 * anew with back-off when it ends. Its control socket may come from a former bulkheadd.
 */
#include "common/cleanup.h"
#include "proto/ctl.h"

#include <glib.h>
#include <stdbool.h>

struct daemon;

struct daemon_handler {
	/* Complete its command line (argv has the program already) and say which descriptor becomes
	 * its number 3 (-1: none; it is closed then by the daemon). NULL, or why it cannot start:
	 * then only daemon_start tries again. */
	const char *(*prepare)(void *user, GPtrArray *argv, int *fd);
	/* Our end of its control socket, which is its 4 (3 without another descriptor). */
	void (*started)(void *user, int ctl);
	/* fd: what came along, -1: nothing; it stays the daemon's. */
	void (*message)(void *user, const struct ctl_msg *m, int fd);
	/* It ended and will start anew by itself; or why it cannot (text not NULL). */
	void (*ended)(void *user, const char *why);
};

/* program: its name, looked for when it is started. display: it needs the person's. */
struct daemon *daemon_new(
	const char *program, bool display, const struct daemon_handler *handler, void *user);
/* Starts it if it does not run; at once. */
void daemon_start(struct daemon *d);
/* Takes over the control socket of one that runs already. */
void daemon_adopt(struct daemon *d, int ctl);
/* Ends it and starts a fresh one. */
void daemon_restart(struct daemon *d);
bool daemon_running(const struct daemon *d);
void daemon_tell(struct daemon *d, enum ctl_type type, uint32_t value, const char *text);
/* With a descriptor, which stays the caller's. false: nobody is there to hear it. */
bool daemon_tell_fd(struct daemon *d, enum ctl_type type, uint32_t value, const char *text, int fd);
/* Forgets it and lets it run: the next bulkheadd takes it over. Takes NULL, returns NULL. */
struct daemon *daemon_leave(struct daemon *d);
/* Ends it. Takes NULL, returns NULL. */
struct daemon *daemon_free(struct daemon *d);
