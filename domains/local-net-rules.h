/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What a domain's packets may reach, as nftables rules of its own network namespace: never the
 * host's addresses; if the definition names places, nothing else. */
#include "common/cleanup.h"

/* allow: net_allow of a definition, checked; host: addresses of the host, ended by NULL. The
 * caller frees it. */
char *local_net_rules(const char *allow, const char *const *host);

/* The host's addresses now, but those of its loopback. g_strfreev. */
char **local_net_host_addresses(void);
