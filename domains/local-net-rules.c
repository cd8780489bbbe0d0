/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/local-net-rules.h"

#include "domains/definition-rules.h"

#include <arpa/inet.h>
#include <glib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

static void add_allowed(GString *out, const char *entry) {
	char address[NET_ADDRESS_MAX];
	g_autofree char *place = NULL;
	unsigned port;
	int prefix;
	bool v6;

	if (!rule_net_entry(entry, address, &v6, &prefix, &port))
		return; /* refused before; what is not understood stays closed */
	place = prefix < 0 ? g_strdup_printf("%s daddr %s", v6 ? "ip6" : "ip", address)
			   : g_strdup_printf("%s daddr %s/%d", v6 ? "ip6" : "ip", address, prefix);
	if (port == 0)
		g_string_append_printf(out, "\t\t%s accept\n", place);
	else
		g_string_append_printf(out,
			"\t\t%s tcp dport %u accept\n\t\t%s udp dport %u accept\n", place, port,
			place, port);
}

char *local_net_rules(const char *allow, const char *const *host) {
	GString *out = g_string_new("table inet bulkhead {\n\tchain out {\n");
	g_auto(GStrv) places = g_strsplit(allow, " ", -1);

	g_string_append_printf(out, "\t\ttype filter hook output priority 0; policy %s;\n",
		*allow ? "drop" : "accept");
	/* Its own addresses, which pasta gives it the host's of, are behind lo. */
	g_string_append(out, "\t\toif \"lo\" accept\n"
			     "\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, "
			     "nd-router-solicit } accept\n");
	for (; *host; host++)
		g_string_append_printf(
			out, "\t\t%s daddr %s reject\n", strchr(*host, ':') ? "ip6" : "ip", *host);
	for (char **p = places; *p; p++)
		if (**p)
			add_allowed(out, *p);
	if (*allow)
		g_string_append(out, "\t\treject\n");
	g_string_append(out, "\t}\n}\n");
	return g_string_free(out, FALSE);
}

char **local_net_host_addresses(void) {
	GPtrArray *found = g_ptr_array_new();
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all))
		all = NULL;
	for (struct ifaddrs *a = all; a; a = a->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		const void *address;

		if (!a->ifa_addr || a->ifa_flags & IFF_LOOPBACK)
			continue;
		if (a->ifa_addr->sa_family == AF_INET)
			address = &((struct sockaddr_in *)(void *)a->ifa_addr)->sin_addr;
		else if (a->ifa_addr->sa_family == AF_INET6)
			address = &((struct sockaddr_in6 *)(void *)a->ifa_addr)->sin6_addr;
		else
			continue;
		if (inet_ntop(a->ifa_addr->sa_family, address, text, sizeof(text)))
			g_ptr_array_add(found, g_strdup(text));
	}
	if (all)
		freeifaddrs(all);
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(found, FALSE);
}
