/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A guest's network: its vif in the driver domain, and what both sides are told by xenstore. */
#include "domains/domain-xen.h"
#include "vchan/store-xen.h"

/* Where a guest's vif is to be connected. */
struct xen_network {
	libxl_ctx *ctx;
	struct store *store;
	const struct xen_plan *plan;
	uint32_t domid; /* of the guest */
};

/* What the definition allows, for the driver domain. 0, or 1: it is not a net_allow. */
MUST_USE int xen_network_plan(const struct xen_plan *plan, struct network_plan *ret);
/* Connects the guest to that domain, "" for none; one that is connected there already stays so.
 * NULL, or in words for a person why not: then it has no network. */
const char *xen_network_connect(struct xen_network *n, const char *netvm);
/* The guest is gone: what was written about it goes too. */
void xen_network_forget(struct xen_network *n);
/* Before its kernel runs: it shall serve others. */
MUST_USE int xen_network_ask(struct xen_network *n);
/* The domain said that it can serve others. */
bool xen_network_serves(struct xen_network *n);
/* Tells the store's watch when that may have changed. */
MUST_USE int xen_network_watch(struct xen_network *n);
