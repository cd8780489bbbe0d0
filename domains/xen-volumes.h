/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The disks of a Xen guest: the template's root, read-only and shared; the private volume, kept;
 * the volatile one, new at every start. No file system of a guest is ever mounted or looked at
 * here.
 *
 * $XDG_DATA_HOME/bulkhead/templates/NAME/{root.img,vmlinuz,initrd.gz} and, where there are,
 * vmlinux (unpacked, for pvh), modules.img (a fourth disk, read-only) and template.conf;
 * $XDG_DATA_HOME/bulkhead/domains/NAME/{private.img,volatile.img}.
 */
#include "domains/definition.h"

/* Can this definition run here at all? */
bool xen_volumes_check(const struct definition *d, GError **error);
/* Makes what is missing. done comes from the loop; error: why not. */
void xen_volumes_prepare(
	const struct definition *d, void (*done)(void *user, const char *error), void *user);
/* The options of bulkhead-xen-domain that name kernel, command line and disks. */
void xen_volumes_arguments(const struct definition *d, GPtrArray *argv);
/* Changes when the template's root does. */
gint64 xen_volumes_stamp(const struct definition *d);
/* The volatile volume of a domain that ended. */
void xen_volumes_drop(const struct definition *d);
/* All of a domain's volumes. */
bool xen_volumes_forget(const char *name);
