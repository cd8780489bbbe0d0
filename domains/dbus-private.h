/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the files dbus*.c share. */
#include "domains/dbus.h"

struct dbus {
	struct manager *manager;
	GPtrArray *connections;  /* GDBusConnection */
	GDBusConnection *system; /* of these the one on the system bus, or NULL */
	void (*quit)(void *user, bool stop_domains);
	void *quit_user;
};

extern const GDBusInterfaceVTable dbus_manager_vtable, dbus_domain_vtable;

/* Answers with the D-Bus name of our error. */
void dbus_fail(GDBusMethodInvocation *i, const GError *error);
/* domain_done for methods without results; user: the invocation. */
void dbus_done(void *user, const GError *error);

struct domain *dbus_find(struct dbus *b, const char *path);
GVariant *dbus_domain_property(const struct domain *d, const char *name);
/* a{sa{sv}} with all properties of a domain; floating. */
GVariant *dbus_domain_interfaces(const struct domain *d);
GVariant *dbus_manager_property(struct dbus *b, const char *name);
void dbus_emit(struct dbus *b, const char *path, const char *interface, const char *signal,
	GVariant *args);
