/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The D-Bus side of bulkheadd: /org/bulkhead (Manager1, ObjectManager) and one object per domain,
 * the same on every connection. Who may connect was decided before: the person's own user, or
 * anybody on the system bus (dbus-auth.h).
 */
#include "domains/manager.h"

#include <gio/gio.h>

#define DBUS_NAME "org.bulkhead.Manager1"
#define DBUS_ROOT "/org/bulkhead"

struct dbus;

/* quit: somebody asked for the end. */
struct dbus *dbus_new(
	struct manager *m, void (*quit)(void *user, bool stop_domains), void *quit_user);
/* system: callers may only what polkit lets them. */
bool dbus_add(struct dbus *b, GDBusConnection *c, bool system, GError **error);
struct dbus *dbus_free(struct dbus *b);

/* For manager_init; its user is the struct dbus. */
extern const struct manager_events dbus_events;

/* "/org/bulkhead/domains/NAME" with what D-Bus does not allow written as _xx. */
char *dbus_path(const char *name);
