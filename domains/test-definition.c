/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/definition-rules.h"
#include "domains/definition.h"

#include <string.h>

static struct domain_name name_of(const char *text) {
	struct domain_name n;

	g_assert_cmpint(domain_name_parse(text, &n), ==, 0);
	return n;
}

static struct definition *parse(const char *text, GError **error) {
	return definition_parse(name_of("work"), "work.conf", text, strlen(text), error);
}

static void test_values(void) {
	static const struct {
		const char *key, *text;
		bool ok;
	} rows[] = {
		{"label", "red", true},
		{"label", "Red", false},
		{"label", "", false},
		{"kind", "app", true},
		{"kind", "standalone", true},
		{"kind", "vm", false},
		{"memory", "64", true},
		{"memory", "63", false},
		{"memory", "1048576", true},
		{"memory", "1048577", false},
		{"memory", "400M", false},
		{"memory", "-400", false},
		{"memory", " 400", false},
		{"memory", "", false},
		{"vcpus", "0", false},
		{"vcpus", "1", true},
		{"vcpus", "128", true},
		{"vcpus", "129", false},
		{"cpu_weight", "10000", true},
		{"cpu_weight", "10001", false},
		{"autostart", "yes", true},
		{"autostart", "no", true},
		{"autostart", "true", false},
		{"autostart", "1", false},
		{"netvm", "", true},
		{"netvm", "net", true},
		{"netvm", "../net", false},
		{"netvm", "9net", false},
		{"template", "host", true},
		{"template", "", false},
		{"default_user", "user", true},
		{"default_user", "root", false},
		{"default_user", "", false},
		{"default_user", "a b", false},
		{"default_user", "../x", false},
		{"default_user", "abcdefghijklmnopqrstuvwxyz01234", true},
		{"default_user", "abcdefghijklmnopqrstuvwxyz012345", false},
		{"kernel", "linux\n", false},
		{"notes", "two\nlines", true},
		{"notes", "bell\a", false},
		{"notes", "\xff", false},
		{"pci", "", true},
		{"pci", "0000:03:00.0", true},
		{"pci", "0000:03:00.0 0000:03:00.7", true},
		{"pci", "0000:03:00.8", false},
		{"pci", "0000:03:00.0  0000:03:00.1", false},
		{"pci", "03:00.0", false},
		{"virt_mode", "pvh", true},
		{"virt_mode", "kvm", false},
		{"name", "other", false},
		{"", "", false},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		AUTO(definition_free_p) struct definition *d = definition_new(name_of("work"));
		g_autofree char *before = definition_format(d), *after = NULL;
		g_autoptr(GError) error = NULL;
		bool ok = definition_set(d, rows[i].key, rows[i].text, &error);

		g_test_message("row %zu", i);
		g_assert_cmpint(ok, ==, rows[i].ok);
		if (ok)
			continue;
		/* The message names the key, and nothing changed. */
		g_assert_nonnull(strstr(error->message, rows[i].key));
		after = definition_format(d);
		g_assert_cmpstr(before, ==, after);
	}
}

static void test_net_entries(void) {
	static const struct {
		const char *text, *address;
		bool ok, v6;
		int prefix;
		unsigned port;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", true, false, -1, 0},
		{"192.0.2.0/24", "192.0.2.0", true, false, 24, 0},
		{"192.0.2.0/24:443", "192.0.2.0", true, false, 24, 443},
		{"192.0.2.1:1", "192.0.2.1", true, false, -1, 1},
		{"192.0.2.1:65535", "192.0.2.1", true, false, -1, 65535},
		{"[2001:db8::1]", "2001:db8::1", true, true, -1, 0},
		{"[2001:db8::]/32:443", "2001:db8::", true, true, 32, 443},
		{"192.0.2.1:0", NULL, false, false, 0, 0},
		{"192.0.2.1:65536", NULL, false, false, 0, 0},
		{"192.0.2.0/33", NULL, false, false, 0, 0},
		{"[2001:db8::]/129", NULL, false, false, 0, 0},
		{"[2001:db8::", NULL, false, false, 0, 0},
		{"2001:db8::1", NULL, false, false, 0, 0},
		{"192.0.2", NULL, false, false, 0, 0},
		{"192.0.2.1x", NULL, false, false, 0, 0},
		{"example.org", NULL, false, false, 0, 0},
		{"192.0.2.1;drop", NULL, false, false, 0, 0},
		{"", NULL, false, false, 0, 0},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		char address[NET_ADDRESS_MAX];
		unsigned port;
		int prefix;
		bool v6;

		g_test_message("row %zu", i);
		g_assert_cmpint(
			rule_net_entry(rows[i].text, address, &v6, &prefix, &port), ==, rows[i].ok);
		if (!rows[i].ok)
			continue;
		g_assert_cmpstr(address, ==, rows[i].address);
		g_assert_cmpint(v6, ==, rows[i].v6);
		g_assert_cmpint(prefix, ==, rows[i].prefix);
		g_assert_cmpuint(port, ==, rows[i].port);
	}
	g_assert_true(rule_net_allow(""));
	g_assert_true(rule_net_allow("192.0.2.1 [2001:db8::1]:443"));
	g_assert_false(rule_net_allow("192.0.2.1  192.0.2.2"));
}

static void test_files(void) {
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"[domain]\nlabel=blue\n", NULL},
		{"# a comment\n[domain]\nlabel = blue\nnotes=a\\nb\n", NULL},
		{"[domain]\n", NULL},
		{"", "[domain] is missing"},
		{"label=blue\n", "work.conf: "},
		{"[domain]\nlabel=blau\n", "work.conf:2: label: \"blau\""},
		{"[domain]\nlabel=blue\nlabel=red\n", "work.conf:3: label stands there twice"},
		{"[domain]\n\ncolour=blue\n", "work.conf:3: there is no property \"colour\""},
		{"[domain]\n[other]\nx=1\n", "group [other]"},
		{"[domain]\nmemory=500\nmaxmem=499\n", "work.conf:3: maxmem: it must be at least"},
		{"[domain]\nnetvm=work\n", "work.conf:2: netvm: a domain cannot"},
		{"[domain]\ntemplate=work\n", "template: a domain cannot"},
		{"[domain]\nkind=disposable\nautostart=yes\n", "autostart: "},
		{"[domain]\nnotes=\\q\n", "work.conf:2: "},
		{"[domain\n", "work.conf: "},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		AUTO(definition_free_p) struct definition *d = parse(rows[i].text, &error);

		g_test_message("row %zu", i);
		g_assert_cmpint(d != NULL, ==, rows[i].message == NULL);
		if (rows[i].message && !strstr(error->message, rows[i].message))
			g_error("\"%s\" does not say \"%s\"", error->message, rows[i].message);
	}
}

static void test_bounds(void) {
	g_autofree char *most = g_strdup_printf("[domain]\n#%*s", DEFINITION_FILE_MAX - 10, "");
	g_autofree char *more = g_strconcat(most, "x", NULL);
	AUTO(definition_free_p) struct definition *d = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpuint(strlen(most), ==, DEFINITION_FILE_MAX);
	d = parse(most, NULL);
	g_assert_nonnull(d);
	g_assert_null(parse(more, &error));
}

static void test_nul(void) {
	g_autoptr(GError) error = NULL;
	static const char text[] = "[domain]\nlabel=blue\n\0nested_sandbox=yes\n";

	g_assert_null(
		definition_parse(name_of("work"), "work.conf", text, sizeof(text) - 1, &error));
	g_assert_nonnull(strstr(error->message, "zero byte"));
}

/* Names of domains that no two may share, and words that rules match. */
static void test_identity(void) {
	static const struct {
		const char *key, *text;
		bool valid;
	} cases[] = {{"tags", "", true}, {"tags", "a", true}, {"tags", "a b-C_9", true},
		{"tags", "a a", false}, {"tags", " a", false}, {"tags", "a ", false},
		{"tags", "a  b", false}, {"tags", "a\tb", false}, {"tags", "@x", false},
		{"tags", "a,b", false}, {"tags", "\xc3\xa9", false},
		{"tags", "1234567890123456789012345678901", true},
		{"tags", "12345678901234567890123456789012", false},
		{"uuid", "3c5b7bd1-6d2b-4d7c-9a53-0b6d3a1f4e0c", true},
		{"uuid", "3C5B7BD1-6d2b-4d7c-9a53-0b6d3a1f4e0c", false},
		{"uuid", "00000000-0000-0000-0000-000000000000", false},
		{"uuid", "uuid:3c5b7bd1-6d2b-4d7c-9a53-0b6d3a1f4e0c", false},
		{"uuid", "work", false}};
	AUTO(definition_free_p) struct definition *d = definition_new(name_of("work"));
	g_autoptr(GString) many = g_string_new("t0");

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(
			definition_set(d, cases[i].key, cases[i].text, NULL), ==, cases[i].valid);
	for (int i = 1; i < 32; i++)
		g_string_append_printf(many, " t%d", i);
	g_assert_true(definition_set(d, "tags", many->str, NULL));
	g_string_append(many, " t32");
	g_assert_false(definition_set(d, "tags", many->str, NULL));
}

/* What is written reads the same, with every property at another value than its default. */
static void test_round_trip(void) {
	static const char *const pairs[] = {"kind", "service", "label", "teal", "template",
		"debian", "netvm", "net", "net_allow", "192.0.2.1", "memory", "100", "cpu_cap",
		"50", "private_size", "99", "maxmem", "200", "vcpus", "3", "cpu_weight", "7",
		"virt_mode", "hvm", "kernel", "k 1", "kernelopts", "a=b  c", "pci", "0000:01:00.0",
		"autostart", "yes", "seclabel", "a:b", "provides_network", "yes", "fullscreen",
		"yes", "quiet", "yes", "nested_sandbox", "yes", "template_for_dispvms", "yes",
		"disposable_pool", "3", "default_dispvm", "dvm", "tags", "office a_B-1", "uuid",
		"3c5b7bd1-6d2b-4d7c-9a53-0b6d3a1f4e0c", "default_user", "me", "qrexec_timeout", "5",
		"shutdown_timeout", "6", "notes", " a\nb\\n\t\xc3\xa4 ", NULL};
	AUTO(definition_free_p)
	struct definition *d = definition_new(name_of("work")), *again = NULL, *copy = NULL;
	g_autofree char *text = NULL, *text_again = NULL, *text_copy = NULL;
	size_t n = 0;

	for (const char *const *p = pairs; *p; p += 2, n++)
		g_assert_true(definition_set(d, p[0], p[1], NULL));
	g_assert_cmpuint(n, ==, property_count);
	text = definition_format(d);
	again = parse(text, NULL);
	g_assert_nonnull(again);
	for (size_t i = 0; i < property_count; i++) {
		g_autofree char *a = definition_get(d, &properties[i]),
				*b = definition_get(again, &properties[i]);

		g_assert_cmpstr(a, ==, b);
		g_assert_cmpstr(a, !=, properties[i].standard);
	}
	copy = definition_copy(d);
	text_copy = definition_format(copy);
	text_again = definition_format(again);
	g_assert_cmpstr(text, ==, text_again);
	g_assert_cmpstr(text, ==, text_copy);
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/definition/values", test_values);
	g_test_add_func("/definition/identity", test_identity);
	g_test_add_func("/definition/net-entries", test_net_entries);
	g_test_add_func("/definition/files", test_files);
	g_test_add_func("/definition/bounds", test_bounds);
	g_test_add_func("/bug-class/H4/definition-nul", test_nul);
	g_test_add_func("/definition/round-trip", test_round_trip);
	return g_test_run();
}
