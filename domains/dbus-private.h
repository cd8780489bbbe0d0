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

#define DBUS_RIGHT_VIEW   "org.bulkhead.view"
#define DBUS_RIGHT_START  "org.bulkhead.start"
#define DBUS_RIGHT_DEFINE "org.bulkhead.define"

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

/* dbus-job.c */
bool dbus_jobs_register(struct dbus *b, GDBusConnection *c, GError **error);
/* Adds all to an open a{oa{sa{sv}}}. */
void dbus_jobs_list(struct dbus *b, GVariantBuilder *objects);
/* What cancelling that one needs. */
const char *dbus_job_right(struct dbus *b, const char *path);
/* Events of a manager; user: struct dbus. */
void dbus_job_added(void *user, const struct job *j);
void dbus_job_changed(void *user, const struct job *j);
void dbus_job_removed(void *user, const struct job *j);

void dbus_emit(struct dbus *b, const char *path, const char *interface, const char *signal,
	GVariant *args);
