/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network/rules.h"

#include <string.h>

static const struct network_plan anywhere = {.slot = 7, .anywhere = true};

/* Closed for both families at once: a rule that names one of them would leave the other open. */
static void bug_class_n1(void) {
	g_autofree char *r = network_rules_common();
	g_autofree char *forward = g_strdup(strstr(r, "chain forward"));

	*strstr(forward, "chain postrouting") = '\0';
	g_assert_nonnull(strstr(r, "table inet bulkhead {"));
	g_assert_nonnull(strstr(forward, "hook forward priority 0; policy drop;"));
	g_assert_true(strstr(forward, "iifname \"vif*\" oifname \"vif*\" drop") <
		      strstr(forward, "accept"));
	g_assert_null(strstr(forward, "\t\tip "));
	g_assert_nonnull(strstr(r, "hook input priority 0; policy drop;"));
}

/* From outside and from the domain's side. */
static void bug_class_n2(void) {
	g_autofree char *common = network_rules_common(),
			*vif = network_rules_vif("vif3.0", &anywhere);

	g_assert_nonnull(strstr(common, "\t\tip saddr 10.137.0.0/16 drop\n"));
	g_assert_nonnull(strstr(common, "\t\tip6 saddr fd09:24ef:4179::/48 drop\n"));
	g_assert_nonnull(strstr(vif, "hook ingress device \"vif3.0\" priority -500; policy drop;"));
	g_assert_nonnull(strstr(vif, "\t\tether saddr != 00:16:3e:5e:00:07 drop\n"));
	g_assert_nonnull(strstr(vif, "\t\tip saddr 10.137.0.9 accept\n"));
	g_assert_nonnull(strstr(vif, "\t\tip6 saddr fd09:24ef:4179::a89:9 accept\n"));
	g_assert_nonnull(strstr(vif, "arp saddr ip 10.137.0.9 accept\n"));
}

static void test_places(void) {
	struct network_plan p = {.slot = 7,
		.n_places = 3,
		.places = {{false, {192, 0, 2, 0}, 24, 443},
			{true, {0x20, 0x01, 0x0d, 0xb8}, 128, 0}, {false, {0}, 0, 53}}};
	g_autofree char *r = network_rules_vif("vif3.0", &p),
			*open = network_rules_vif("vif3.0", &anywhere);

	g_assert_nonnull(strstr(r, "\t\tct original ip daddr 192.0.2.0/24 tcp dport 443 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tct original ip daddr 192.0.2.0/24 udp dport 443 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tct original ip6 daddr 2001:db8::/128 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tmeta nfproto ipv4 udp dport 53 accept\n"));
	g_assert_nonnull(strstr(r, "\t\treject with icmpx type admin-prohibited\n\t}\n}\n"));
	g_assert_null(strstr(open, "reject"));
	g_assert_true(g_str_has_suffix(r, "add element inet bulkhead known { \"vif3.0\" }\n"));
}

/* What is no address of a name server opens nothing. */
static void test_names(void) {
	g_autofree char *none = network_rules_names(NULL), *r = network_rules_names("192.0.2.53"),
			*wrong = network_rules_names("192.0.2.53 }; accept");

	g_assert_nonnull(strstr(r, "udp dport 53 dnat to 192.0.2.53\n"));
	g_assert_cmpstr(wrong, ==, none);
	g_assert_null(strstr(none, "dnat"));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bug-class/N1/rules", bug_class_n1);
	g_test_add_func("/bug-class/N2/rules", bug_class_n2);
	g_test_add_func("/network-rules/places", test_places);
	g_test_add_func("/network-rules/names", test_names);
	return g_test_run();
}
