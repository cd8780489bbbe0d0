/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of bulkhead-xen-domain: what its domain is to be, and that as libxenlight's structures.
 */
#include "common/cleanup.h"
#include "proto/network.h"

#include <glib.h>
#include <libxl.h>

struct xen_plan {
	char *name, *virt_mode, *kernel, *ramdisk, *cmdline, *seclabel;
	char *root, *private_volume, *volatile_volume, *modules; /* paths; NULL or "": none */
	char *block;                                             /* bulkhead-xen-block's path */
	char *netvm, *net_allow;                                 /* "": no network; anywhere */
	int slot;                                                /* its addresses come from it */
	char **pci;                                              /* as 0000:03:00.0 */
	int memory, maxmem;                                      /* MiB */
	int vcpus, weight, cap; /* credit2's; cap in percent of a processor, 0: none */
	gboolean driver_domain;
	int serve_timeout; /* seconds until a driver domain counts as running all the same */
};

/* Fills `ret`, all but the network (initialised; the caller disposes of it). NULL, or in words for
 * a person why this cannot run. Every string arrives byte for byte: no configuration text is made
 * (bug class E9). */
const char *xen_config(const struct xen_plan *plan, libxl_domain_config *ret);
/* Has a domain that was shut down for this reason ended? Then *ret_why says why not cleanly, in
 * words for a person, or is empty. One that was suspended has not: somebody saves it, and lets it
 * go on or destroys it afterwards. */
bool xen_config_ended(libxl_shutdown_reason reason, const char **ret_why);
/* A card of the plan, served by that domain. */
void xen_config_nic(const struct xen_plan *plan, const char *netvm, libxl_device_nic *ret);
