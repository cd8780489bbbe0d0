/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "proto/network.h"

#include <glib.h>

static void test_addresses(void) {
	static const struct {
		unsigned slot;
		const char *ip4, *gateway4, *ip6, *link6, *mac;
	} rows[] = {
		{0, "10.137.0.2", "10.138.0.2", "fd09:24ef:4179::a89:2", "fe80::216:3eff:fe5e:0",
			"00:16:3e:5e:00:00"},
		{249, "10.137.0.251", "10.138.0.251", "fd09:24ef:4179::a89:fb",
			"fe80::216:3eff:fe5e:f9", "00:16:3e:5e:00:f9"},
		{250, "10.137.1.2", "10.138.1.2", "fd09:24ef:4179::a89:fc",
			"fe80::216:3eff:fe5e:fa", "00:16:3e:5e:00:fa"},
		{4095, "10.137.16.97", "10.138.16.97", "fd09:24ef:4179::a89:1001",
			"fe80::216:3eff:fe5e:fff", "00:16:3e:5e:0f:ff"},
	};
	char text[NETWORK_TEXT_SIZE];

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct network_link l;

		network_link_of(rows[i].slot, &l);
		network_text4(l.ip4, text);
		g_assert_cmpstr(text, ==, rows[i].ip4);
		network_text4(l.gateway4, text);
		g_assert_cmpstr(text, ==, rows[i].gateway4);
		network_text6(l.ip6, text);
		g_assert_cmpstr(text, ==, rows[i].ip6);
		network_text6(l.link6, text);
		g_assert_cmpstr(text, ==, rows[i].link6);
		network_text_mac(l.mac, text);
		g_assert_cmpstr(text, ==, rows[i].mac);
	}
}

/* No two domains have an address in common, none has one that ends in 0 or 255. */
static void test_unique(void) {
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned slot = 0; slot < NETWORK_SLOTS; slot++) {
		struct network_link l;
		char text[NETWORK_TEXT_SIZE];

		network_link_of(slot, &l);
		g_assert_cmpuint(l.ip4[3], >, 1);
		g_assert_cmpuint(l.ip4[3], <, 255);
		network_text4(l.ip4, text);
		g_assert_true(g_hash_table_add(seen, g_strdup(text)));
		network_text4(l.gateway4, text);
		g_assert_true(g_hash_table_add(seen, g_strdup(text)));
		network_text6(l.ip6, text);
		g_assert_true(g_hash_table_add(seen, g_strdup(text)));
		network_text6(l.link6, text);
		g_assert_true(g_hash_table_add(seen, g_strdup(text)));
		network_text_mac(l.mac, text);
		g_assert_true(g_hash_table_add(seen, g_strdup(text)));
	}
}

static int decode(const char *text, struct network_plan *ret) {
	return network_plan_decode(span_over(text, strlen(text)), ret);
}

static void test_plan(void) {
	struct network_plan p;
	char text[NETWORK_PLAN_SIZE];

	g_assert_cmpint(decode("bulkhead-network 1\n7 anywhere\n", &p), ==, 0);
	g_assert_cmpuint(p.slot, ==, 7);
	g_assert_true(p.anywhere);
	g_assert_cmpint(decode("bulkhead-network 1\n7 places\n", &p), ==, 0);
	g_assert_false(p.anywhere);
	g_assert_cmpuint(p.n_places, ==, 0);
	g_assert_cmpint(
		decode("bulkhead-network 1\n7 places\n192.0.2.0/24 443\n2001:db8::1/128 0\n", &p),
		==, 0);
	g_assert_cmpuint(p.n_places, ==, 2);
	g_assert_false(p.places[0].v6);
	g_assert_cmpuint(p.places[0].prefix, ==, 24);
	g_assert_cmpuint(p.places[0].port, ==, 443);
	g_assert_true(p.places[1].v6);
	g_assert_cmpuint(network_plan_encode(&p, text), ==, strlen(text));
	g_assert_cmpstr(
		text, ==, "bulkhead-network 1\n7 places\n192.0.2.0/24 443\n2001:db8::1/128 0\n");
}

static void test_plan_refused(void) {
	static const char *const wrong[] = {"", "\n", "bulkhead-network 1\n", "bulkhead-network 1",
		"bulkhead-network 2\n7 anywhere\n", "bulkhead-network 1\n7 anywhere",
		"bulkhead-network 1\n07 anywhere\n", "bulkhead-network 1\n4096 anywhere\n",
		"bulkhead-network 1\n-1 anywhere\n", "bulkhead-network 1\n7 Anywhere\n",
		"bulkhead-network 1\n7 anywhere \n", "bulkhead-network 1\n7 anywhere\n\n",
		"bulkhead-network 1\n7 anywhere\n192.0.2.1/32 0\n",
		"bulkhead-network 1\n7 places\n\n", "bulkhead-network 1\n7 places\n192.0.2.1 0\n",
		"bulkhead-network 1\n7 places\n192.0.2.1/33 0\n",
		"bulkhead-network 1\n7 places\n192.0.2.1/32\n",
		"bulkhead-network 1\n7 places\n192.0.2.1/32 65536\n",
		"bulkhead-network 1\n7 places\n192.0.2.1/32 0 accept\n",
		"bulkhead-network 1\n7 places\n192.0.2.1; accept/32 0\n",
		"bulkhead-network 1\n7 places\n2001:DB8::1/128 0\n",
		"bulkhead-network 1\n7 places\n2001:db8:0::1/128 0\n",
		"bulkhead-network 1\n7 places\nexample.org/32 0\n"};
	struct network_plan p;
	GString *many = g_string_new("bulkhead-network 1\n7 places\n");

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		if (decode(wrong[i], &p) == 0)
			g_error("accepted: %s", wrong[i]);
	for (unsigned i = 0; i < NETWORK_PLACES_MAX; i++)
		g_string_append(many, "192.0.2.1/32 0\n");
	g_assert_cmpint(decode(many->str, &p), ==, 0);
	g_string_append(many, "192.0.2.1/32 0\n");
	g_assert_cmpint(decode(many->str, &p), ==, 1);
	g_string_free(many, TRUE);
	g_assert_cmpint(
		network_plan_decode(span_over("bulkhead-network 1\n7 any\0here\n", 30), &p), ==, 1);
}

static void test_vif(void) {
	static const char *const wrong[] = {"", "backend/vif/", "backend/vif/3", "backend/vif/3/",
		"backend/vif//0", "backend/vif/3/0/x", "backend/vbd/3/0", "xbackend/vif/3/0",
		"backend/vif/-3/0", "backend/vif/32752/0", "backend/vif/3/256", "backend/vif/3/0 ",
		"backend/vif/3/00000000000000000000000000"};
	unsigned domain, device;

	g_assert_cmpint(network_vif_decode("backend/vif/3/0", &domain, &device), ==, 0);
	g_assert_cmpuint(domain, ==, 3);
	g_assert_cmpuint(device, ==, 0);
	g_assert_cmpint(
		network_vif_decode("/local/domain/2/backend/vif/32751/1", &domain, &device), ==, 0);
	g_assert_cmpuint(domain, ==, 32751);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		if (network_vif_decode(wrong[i], &domain, &device) == 0)
			g_error("accepted: %s", wrong[i]);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/network/addresses", test_addresses);
	g_test_add_func("/network/unique", test_unique);
	g_test_add_func("/network/plan", test_plan);
	g_test_add_func("/network/plan-refused", test_plan_refused);
	g_test_add_func("/network/vif", test_vif);
	return g_test_run();
}
