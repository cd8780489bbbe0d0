/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A cgroup of a domain's own from systemd's user manager, where there is one: what runs the domain
 * is started by systemd-run in a transient scope (org.freedesktop.systemd1(5), StartTransientUnit)
 * with Delegate=yes, so that domains/cgroup.c may make folders below it and set its limits.
 */
#include <glib.h>
#include <stdbool.h>

/* The user's own systemd listens, and systemd-run is installed. */
bool systemd_scope_possible(void);

/* The words to put in front of a program's, so that it runs in a scope: copies, owned by argv. */
void systemd_scope_words(GPtrArray *argv, const char *domain);
/* Whether this cgroup, a path below the mount point, is such a scope. */
bool systemd_scope_is(const char *cgroup);
