/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/local-net-rules.h"

#include <glib.h>
#include <string.h>

static const char *const host[] = {"192.0.2.2", "2001:db8::2", NULL}, *const nowhere[] = {NULL};

/* Everything but the host. */
static void test_open(void) {
	g_autofree char *r = local_net_rules("", host);

	g_assert_nonnull(strstr(r, "policy accept;"));
	g_assert_nonnull(strstr(r, "\t\tip daddr 192.0.2.2 reject\n"));
	g_assert_nonnull(strstr(r, "\t\tip6 daddr 2001:db8::2 reject\n"));
	g_assert_null(strstr(r, "\t\treject\n"));
}

/* Only what is named, and the host not even then. */
static void test_named(void) {
	g_autofree char *r = local_net_rules(
		"192.0.2.0/24 198.51.100.7:443 [2001:db8::7] [2001:db8:1::]/48:53", host);
	const char *refused = strstr(r, "ip daddr 192.0.2.2 reject");

	g_assert_nonnull(strstr(r, "policy drop;"));
	g_assert_nonnull(strstr(r, "\t\tip daddr 192.0.2.0/24 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tip daddr 198.51.100.7 tcp dport 443 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tip daddr 198.51.100.7 udp dport 443 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tip6 daddr 2001:db8::7 accept\n"));
	g_assert_nonnull(strstr(r, "\t\tip6 daddr 2001:db8:1::/48 udp dport 53 accept\n"));
	g_assert_true(refused && refused < strstr(r, "192.0.2.0/24 accept"));
	g_assert_true(g_str_has_suffix(r, "\t\treject\n\t}\n}\n"));
}

/* What is not an address opens nothing and reaches no rule. */
static void test_nonsense(void) {
	g_autofree char *r = local_net_rules("1.2.3.4;accept } example.org", nowhere);

	g_assert_nonnull(strstr(r, "policy drop;"));
	g_assert_null(strstr(r, "1.2.3.4"));
	g_assert_null(strstr(r, "example"));
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/local-net-rules/open", test_open);
	g_test_add_func("/local-net-rules/named", test_named);
	g_test_add_func("/local-net-rules/nonsense", test_nonsense);
	return g_test_run();
}
