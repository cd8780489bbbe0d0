/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network/rules.h"

#include <arpa/inet.h>
#include <stdio.h>

void network_vif_name(unsigned domain, unsigned device, char ret[VIF_NAME_SIZE]) {
	(void)snprintf(ret, VIF_NAME_SIZE, "vif%u.%u", domain, device);
}

/* "flush" empties the chains and leaves the set of known interfaces as it is. */
char *network_rules_common(void) {
	return g_strdup("table inet bulkhead\n"
			"flush table inet bulkhead\n"
			"table inet bulkhead {\n"
			"\tset known {\n\t\ttype ifname\n\t}\n"
			"\tchain prerouting {\n"
			"\t\ttype filter hook prerouting priority -300; policy accept;\n"
			"\t\tiifname \"vif*\" iifname != @known drop\n"
			"\t\tiifname { \"lo\", \"vif*\" } accept\n"
			"\t\tip saddr " NETWORK_PREFIX4 " drop\n"
			"\t\tip6 saddr " NETWORK_PREFIX6 " drop\n"
			"\t}\n"
			"\tchain input {\n"
			"\t\ttype filter hook input priority 0; policy drop;\n"
			"\t\tiifname \"lo\" accept\n"
			"\t\tct state established,related accept\n"
			"\t\ticmp type echo-request accept\n"
			"\t\ticmpv6 type { echo-request, nd-neighbor-solicit, "
			"nd-neighbor-advert } accept\n"
			"\t\tiifname \"vif*\" drop\n"
			"\t\ticmpv6 type nd-router-advert accept\n"
			"\t\tudp dport { 68, 546 } accept\n"
			"\t}\n"
			"\tchain forward {\n"
			"\t\ttype filter hook forward priority 0; policy drop;\n"
			"\t\tiifname \"vif*\" oifname \"vif*\" drop\n"
			"\t\toifname \"vif*\" ct state established,related accept\n"
			"\t\tiifname @known oifname != \"vif*\" accept\n"
			"\t}\n"
			"\tchain postrouting {\n"
			"\t\ttype nat hook postrouting priority 100; policy accept;\n"
			"\t\tip saddr " NETWORK_PREFIX4 " oifname != \"vif*\" masquerade\n"
			"\t\tip6 saddr " NETWORK_PREFIX6 " oifname != \"vif*\" masquerade\n"
			"\t}\n"
			"}\n");
}

char *network_rules_names(const char *server4) {
	GString *out = g_string_new("table ip bulkhead-names\ndelete table ip bulkhead-names\n");
	struct in_addr any;

	if (server4 && inet_pton(AF_INET, server4, &any) == 1)
		g_string_append_printf(out,
			"table ip bulkhead-names {\n\tchain prerouting {\n"
			"\t\ttype nat hook prerouting priority -100; policy accept;\n"
			"\t\tiifname \"vif*\" ip daddr { " NETWORK_DNS1 ", " NETWORK_DNS2
			" } udp dport 53 dnat to %s\n"
			"\t\tiifname \"vif*\" ip daddr { " NETWORK_DNS1 ", " NETWORK_DNS2
			" } tcp dport 53 dnat to %s\n\t}\n}\n",
			server4, server4);
	return g_string_free(out, FALSE);
}

struct link_text {
	char ip4[NETWORK_TEXT_SIZE], gateway4[NETWORK_TEXT_SIZE], ip6[NETWORK_TEXT_SIZE];
	char link6[NETWORK_TEXT_SIZE], mac[NETWORK_TEXT_SIZE];
};

static void texts_of(unsigned slot, struct link_text *ret) {
	struct network_link l;

	network_link_of(slot, &l);
	network_text4(l.ip4, ret->ip4);
	network_text4(l.gateway4, ret->gateway4);
	network_text6(l.ip6, ret->ip6);
	network_text6(l.link6, ret->link6);
	network_text_mac(l.mac, ret->mac);
}

/* The first hook of all: what has another sender than the domain that owns the interface goes no
 * further. The only thing said without an address is IPv6's question whether one is taken. */
static void add_owner(GString *out, const char *vif, const struct link_text *t) {
	g_string_append_printf(out,
		"table netdev bulkhead-%s\ndelete table netdev bulkhead-%s\n"
		"table netdev bulkhead-%s {\n\tchain from {\n"
		"\t\ttype filter hook ingress device \"%s\" priority -500; policy drop;\n"
		"\t\tether saddr != %s drop\n"
		"\t\tarp saddr ether %s arp saddr ip %s accept\n"
		"\t\tip saddr %s accept\n"
		"\t\tip6 saddr %s accept\n"
		"\t\tip6 saddr %s ip6 daddr { fe80::/10, ff02::/16 } accept\n"
		"\t\tip6 saddr :: icmpv6 type nd-neighbor-solicit accept\n"
		"\t}\n}\n",
		vif, vif, vif, vif, t->mac, t->mac, t->ip4, t->ip4, t->ip6, t->link6);
}

/* A name server's address is matched as the domain wrote it. */
static void add_place(GString *out, const struct network_place *p) {
	char address[NETWORK_TEXT_SIZE];
	g_autofree char *place = NULL;

	if (p->v6)
		network_text6(p->address, address);
	else
		network_text4(p->address, address);
	place = p->prefix ? g_strdup_printf("ct original %s daddr %s/%u", p->v6 ? "ip6" : "ip",
				    address, p->prefix)
			  : g_strdup_printf("meta nfproto %s", p->v6 ? "ipv6" : "ipv4");
	if (p->port)
		g_string_append_printf(out,
			"\t\t%s tcp dport %u accept\n\t\t%s udp dport %u accept\n", place, p->port,
			place, p->port);
	else
		g_string_append_printf(out, "\t\t%s accept\n", place);
}

static void add_places(GString *out, const char *vif, const struct network_plan *plan) {
	g_string_append_printf(out,
		"table inet bulkhead-%s\ndelete table inet bulkhead-%s\n"
		"table inet bulkhead-%s {\n\tchain forward {\n"
		"\t\ttype filter hook forward priority 10; policy accept;\n"
		"\t\tiifname != \"%s\" accept\n"
		"\t\tct state established,related accept\n",
		vif, vif, vif, vif);
	for (unsigned i = 0; i < plan->n_places; i++)
		add_place(out, &plan->places[i]);
	g_string_append_printf(out, "\t\t%s\n\t}\n}\n",
		plan->anywhere ? "accept" : "reject with icmpx type admin-prohibited");
}

char *network_rules_vif(const char *vif, const struct network_plan *plan) {
	GString *out = g_string_new("");
	struct link_text t;

	texts_of(plan->slot, &t);
	add_owner(out, vif, &t);
	add_places(out, vif, plan);
	g_string_append_printf(out, "add element inet bulkhead known { \"%s\" }\n", vif);
	return g_string_free(out, FALSE);
}

char *network_rules_gone(const char *vif) {
	return g_strdup_printf("add element inet bulkhead known { \"%s\" }\n"
			       "delete element inet bulkhead known { \"%s\" }\n"
			       "table inet bulkhead-%s\ndelete table inet bulkhead-%s\n"
			       "table netdev bulkhead-%s\ndelete table netdev bulkhead-%s\n",
		vif, vif, vif, vif, vif, vif);
}

/* The neighbours are fixed, so that nothing a domain says of its neighbourhood is believed. */
char *network_commands_vif(const char *vif, const struct network_plan *plan) {
	struct link_text t;

	texts_of(plan->slot, &t);
	return g_strdup_printf("link set dev %s up\n"
			       "address replace %s/32 dev %s\n"
			       "neighbor replace %s lladdr %s dev %s nud permanent\n"
			       "neighbor replace %s lladdr %s dev %s nud permanent\n"
			       "neighbor replace %s lladdr %s dev %s nud permanent\n"
			       "route replace %s/32 dev %s src %s\n"
			       "route replace %s/128 dev %s\n",
		vif, t.gateway4, vif, t.ip4, t.mac, vif, t.ip6, t.mac, vif, t.link6, t.mac, vif,
		t.ip4, vif, t.gateway4, t.ip6, vif);
}
