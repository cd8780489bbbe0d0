/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/network-xen.h"

#include "domains/definition-rules.h"
#include "proto/network.h"

#include <arpa/inet.h>
#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>

static int place_of(const char *entry, struct network_place *ret) {
	char address[NET_ADDRESS_MAX];
	unsigned port;
	int prefix;

	memset(ret, 0, sizeof(*ret));
	if (!rule_net_entry(entry, address, &ret->v6, &prefix, &port) ||
		inet_pton(ret->v6 ? AF_INET6 : AF_INET, address, ret->address) != 1)
		return 1;
	ret->prefix = (uint8_t)(prefix >= 0 ? prefix : ret->v6 ? 128 : 32);
	ret->port = (uint16_t)port;
	return 0;
}

int xen_network_plan(const struct xen_plan *plan, struct network_plan *ret) {
	const char *allow = plan->net_allow ? plan->net_allow : "";
	g_auto(GStrv) words = g_strsplit(allow, " ", -1);

	*ret = (struct network_plan){.slot = (unsigned)plan->slot, .anywhere = !*allow};
	if (plan->slot < 0 || plan->slot >= NETWORK_SLOTS)
		return 1;
	for (char **w = words; *allow && *w; w++)
		if (ret->n_places == NETWORK_PLACES_MAX ||
			place_of(*w, &ret->places[ret->n_places++]))
			return 1;
	return 0;
}

/* Written by the admin domain only, to be read by that domain only. */
static int put(struct store *s, uint32_t reader, const char *name, const char *value) {
	char path[STORE_PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), "/local/domain/%u/%s", reader, name);
	r = store_write(s, 0, path, value);
	return r < 0 ? r : store_share(s, 0, path, 0, (int)reader);
}

/* The reference's names, so that its agents in a guest understand them too. */
static int tell_guest(struct xen_network *n) {
	char ip4[NETWORK_TEXT_SIZE], gateway4[NETWORK_TEXT_SIZE], ip6[NETWORK_TEXT_SIZE];
	const struct {
		const char *key, *value;
	} rows[] = {{"qubes-ip", ip4}, {"qubes-netmask", "255.255.255.255"},
		{"qubes-gateway", gateway4}, {"qubes-primary-dns", NETWORK_DNS1},
		{"qubes-secondary-dns", NETWORK_DNS2}, {"qubes-ip6", ip6},
		{"qubes-gateway6", NETWORK_GATEWAY6}};
	struct network_link link;

	network_link_of((unsigned)n->plan->slot, &link);
	network_text4(link.ip4, ip4);
	network_text4(link.gateway4, gateway4);
	network_text6(link.ip6, ip6);
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (put(n->store, n->domid, rows[i].key, rows[i].value) < 0)
			return 1;
	return 0;
}

static int tell_server(struct xen_network *n, uint32_t server) {
	char text[NETWORK_PLAN_SIZE], name[64];
	struct network_plan plan;

	(void)snprintf(name, sizeof(name), NETWORK_PLAN_PATH, n->domid);
	if (xen_network_plan(n->plan, &plan) || !network_plan_encode(&plan, text))
		return 1;
	return put(n->store, server, name, text) < 0;
}

static void forget_at(struct xen_network *n, uint32_t server) {
	char path[STORE_PATH_MAX];

	(void)snprintf(path, sizeof(path), "/local/domain/%u/" NETWORK_PLAN_PATH, server, n->domid);
	(void)store_erase(n->store, 0, path);
}

/* The card that it has; false: none. libxenlight calls that an error, so it is asked only where
 * there is one. */
static bool card(struct xen_network *n, libxl_device_nic *ret) {
	char path[STORE_PATH_MAX], value[STORE_PATH_MAX];

	libxl_device_nic_init(ret);
	(void)snprintf(path, sizeof(path), "/libxl/%u/device/vif/0/backend", n->domid);
	return store_read(n->store, 0, path, value, sizeof(value)) >= 0 &&
	       !libxl_devid_to_device_nic(n->ctx, n->domid, 0, ret);
}

/* By force where the driver domain does not help: it may be gone. */
static void disconnect(struct xen_network *n, libxl_device_nic *nic) {
	if (libxl_device_nic_remove(n->ctx, n->domid, nic, NULL))
		(void)libxl_device_nic_destroy(n->ctx, n->domid, nic, NULL);
	forget_at(n, nic->backend_domid);
}

static const char *connect_to(struct xen_network *n, const char *netvm, uint32_t server) {
	libxl_device_nic nic;
	int r;

	if (tell_guest(n) || tell_server(n, server))
		return "its network cannot be written into xenstore";
	xen_config_nic(n->plan, netvm, &nic);
	r = libxl_device_nic_add(n->ctx, n->domid, &nic, NULL);
	/* libxenlight leaves one that did not come in time: it would pass for a card that works. */
	if (r)
		(void)libxl_device_nic_destroy(n->ctx, n->domid, &nic, NULL);
	libxl_device_nic_dispose(&nic);
	if (!r)
		return NULL;
	forget_at(n, server);
	return "Xen cannot connect it to its netvm; does bulkhead-network-serve run there?";
}

const char *xen_network_connect(struct xen_network *n, const char *netvm) {
	const char *why = NULL;
	libxl_device_nic old;
	uint32_t server = 0;
	bool there = *netvm && !libxl_name_to_domid(n->ctx, netvm, &server);

	if (card(n, &old)) {
		if (there && old.backend_domid == server) {
			libxl_device_nic_dispose(&old);
			return NULL;
		}
		disconnect(n, &old);
	}
	libxl_device_nic_dispose(&old);
	if (*netvm)
		why = there ? connect_to(n, netvm, server) : "its netvm does not run";
	return why;
}

void xen_network_forget(struct xen_network *n) {
	libxl_device_nic nic;

	if (card(n, &nic))
		forget_at(n, nic.backend_domid);
	libxl_device_nic_dispose(&nic);
}

int xen_network_ask(struct xen_network *n) {
	return put(n->store, n->domid, NETWORK_ASKED_PATH, "1");
}

static void ready_path(const struct xen_network *n, char ret[STORE_PATH_MAX]) {
	(void)snprintf(ret, STORE_PATH_MAX, "/local/domain/%u/" NETWORK_READY_PATH, n->domid);
}

bool xen_network_serves(struct xen_network *n) {
	char path[STORE_PATH_MAX], value[16];

	ready_path(n, path);
	return store_read(n->store, 0, path, value, sizeof(value)) >= 0 && !strcmp(value, "ready");
}

int xen_network_watch(struct xen_network *n) {
	char path[STORE_PATH_MAX];

	ready_path(n, path);
	return store_watch(n->store, path);
}
