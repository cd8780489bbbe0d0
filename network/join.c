/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-network-join INTERFACE: gives a domain's network card the addresses that the admin
 * domain wrote for this domain into xenstore, under the reference's names (qubes-ip and so on).
 */
#include "network/run.h"
#include "proto/network.h"
#include "vchan/store-xen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#define ME          "bulkhead-network-join"
#define RESOLV_CONF "/etc/resolv.conf"

enum { IP4, GATEWAY4, DNS1, DNS2, IP6, GATEWAY6, N_ADDRESSES };

static const struct {
	const char *key;
	int family;
} keys[N_ADDRESSES] = {
	[IP4] = {"qubes-ip", AF_INET},
	[GATEWAY4] = {"qubes-gateway", AF_INET},
	[DNS1] = {"qubes-primary-dns", AF_INET},
	[DNS2] = {"qubes-secondary-dns", AF_INET},
	[IP6] = {"qubes-ip6", AF_INET6},
	[GATEWAY6] = {"qubes-gateway6", AF_INET6},
};

/* Every address in the form in which we write it ourselves; what is none is an error. */
static int read_addresses(struct store *s, char ret[N_ADDRESSES][NETWORK_TEXT_SIZE]) {
	for (int i = 0; i < N_ADDRESSES; i++) {
		char value[NETWORK_TEXT_SIZE];
		uint8_t address[16];
		int r = store_read(s, 0, keys[i].key, value, sizeof(value));

		if (r >= 0 && inet_pton(keys[i].family, value, address) != 1)
			r = -EPROTO;
		if (r < 0) {
			fprintf(stderr, ME ": %s: %s\n", keys[i].key, strerror(-r));
			return r;
		}
		(void)inet_ntop(keys[i].family, address, ret[i], NETWORK_TEXT_SIZE);
	}
	return 0;
}

static int configure(const char *card, char a[N_ADDRESSES][NETWORK_TEXT_SIZE]) {
	g_autofree char *commands = g_strdup_printf("link set dev %s up\n"
						    "address flush dev %s scope global\n"
						    "address replace %s/32 dev %s\n"
						    "address replace %s/128 dev %s nodad\n"
						    "route replace %s/32 dev %s scope link\n"
						    "route replace default via %s dev %s onlink\n"
						    "route replace %s/128 dev %s\n"
						    "route replace default via %s dev %s\n",
		card, card, a[IP4], card, a[IP6], card, a[GATEWAY4], card, a[GATEWAY4], card,
		a[GATEWAY6], card, a[GATEWAY6], card);
	int r = run_ip(commands);

	if (r)
		fprintf(stderr, ME ": %s: ip refused its addresses\n", card);
	return r;
}

static int name_servers(char a[N_ADDRESSES][NETWORK_TEXT_SIZE]) {
	g_autofree char *text = g_strdup_printf("nameserver %s\nnameserver %s\n", a[DNS1], a[DNS2]);
	g_autoptr(GError) error = NULL;

	if (g_file_set_contents(RESOLV_CONF, text, -1, &error))
		return 0;
	fprintf(stderr, ME ": %s\n", error->message);
	return -EIO;
}

int main(int argc, char **argv) {
	char addresses[N_ADDRESSES][NETWORK_TEXT_SIZE];
	AUTO(store_free_p) struct store *s = NULL;

	if (argc != 2 || strlen(argv[1]) >= IFNAMSIZ || !if_nametoindex(argv[1])) {
		fprintf(stderr, "usage: " ME " INTERFACE\n");
		return 2;
	}
	if (store_open(&s) < 0) {
		fprintf(stderr, ME ": this is no domain of Xen\n");
		return 1;
	}
	return read_addresses(s, addresses) || configure(argv[1], addresses) ||
	       name_servers(addresses);
}
