/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a driver domain tells its kernel about the domains it serves, as text for `nft -f` and `ip
 * -batch`. Pure: it is made of numbers and addresses only, no text of anybody else gets into it.
 *
 * Closed unless opened: the common rules forward nothing of an interface that is not among the
 * known ones, and an interface becomes known in the same transaction that sets its own rules.
 */
#include "proto/network.h"

#include <glib.h>

#define VIF_NAME_SIZE 16

void network_vif_name(unsigned domain, unsigned device, char ret[VIF_NAME_SIZE]);

/* For all interfaces: nothing goes between domains, IPv4 or IPv6 (bug class N1); nothing that comes
 * from outside has a domain's address (bug class N2). May be loaded again at any time. The caller
 * frees it. */
char *network_rules_common(void);
/* Questions of domains for names go to this IPv4 name server; NULL: nowhere. */
char *network_rules_names(const char *server4);
/* For one domain's interface: whose packets are its own, and where they may go. */
char *network_rules_vif(const char *vif, const struct network_plan *plan);
/* The interface is not served any more. */
char *network_rules_gone(const char *vif);
/* Brings that interface up. */
char *network_commands_vif(const char *vif, const struct network_plan *plan);
