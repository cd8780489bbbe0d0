/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Definitions as libxenlight's structures: what a person or a file wrote arrives byte for byte. */
#include "domains/network-xen.h"

#include <string.h>

static const char *config(struct xen_plan *p, libxl_domain_config *c) {
	libxl_domain_config_init(c);
	return xen_config(p, c);
}

static struct xen_plan plan(void) {
	return (struct xen_plan){.name = (char *)"work",
		.virt_mode = (char *)"pvh",
		.kernel = (char *)"/k",
		.ramdisk = (char *)"/i",
		.root = (char *)"/r",
		.memory = 400,
		.maxmem = 4000,
		.vcpus = 2,
		.weight = 512,
		.cap = 150};
}

static void whole(void) {
	struct xen_plan p = plan();
	libxl_domain_config c;

	p.private_volume = (char *)"/p";
	g_assert_null(config(&p, &c));
	g_assert_cmpint(c.c_info.type, ==, LIBXL_DOMAIN_TYPE_PVH);
	g_assert_cmpstr(c.c_info.name, ==, "work");
	g_assert_cmpint(c.b_info.max_vcpus, ==, 2);
	g_assert_cmpuint(c.b_info.target_memkb, ==, 400 * 1024);
	g_assert_cmpuint(c.b_info.max_memkb, ==, 4000 * 1024);
	g_assert_cmpint(c.b_info.sched_params.weight, ==, 512);
	g_assert_cmpint(c.b_info.sched_params.cap, ==, 150);
	g_assert_cmpint(c.num_disks, ==, 2);
	g_assert_cmpstr(c.disks[0].pdev_path, ==, "/r");
	g_assert_cmpint(c.disks[0].readwrite, ==, 0);
	g_assert_cmpstr(c.disks[1].pdev_path, ==, "/p");
	g_assert_cmpstr(c.disks[1].vdev, ==, "xvdb");
	g_assert_cmpint(c.disks[1].readwrite, ==, 1);
	libxl_domain_config_dispose(&c);
}

static void card(void) {
	struct xen_plan p = plan();
	libxl_device_nic nic;

	p.slot = 7;
	xen_config_nic(&p, "sys-net", &nic);
	g_assert_cmpstr(nic.backend_domname, ==, "sys-net");
	g_assert_cmpstr(nic.ip, ==, "10.137.0.9 fd09:24ef:4179::a89:9");
	g_assert_cmpint(nic.mac[5], ==, 7);
	libxl_device_nic_dispose(&nic);
}

/* What stands in the definition is what the driver domain is told. */
static void places(void) {
	static const char *const wrong[] = {
		"x", "192.0.2.1  192.0.2.2", "192.0.2.1 ", "192.0.2.1/33"};
	struct xen_plan p = plan();
	struct network_plan n;

	p.slot = 7;
	g_assert_cmpint(xen_network_plan(&p, &n), ==, 0);
	g_assert_true(n.anywhere);
	p.net_allow = (char *)"192.0.2.0/24:443 [2001:db8::1] 198.51.100.7";
	g_assert_cmpint(xen_network_plan(&p, &n), ==, 0);
	g_assert_false(n.anywhere);
	g_assert_cmpuint(n.n_places, ==, 3);
	g_assert_cmpuint(n.places[0].prefix, ==, 24);
	g_assert_cmpuint(n.places[0].port, ==, 443);
	g_assert_true(n.places[1].v6);
	g_assert_cmpuint(n.places[1].prefix, ==, 128);
	g_assert_cmpuint(n.places[2].prefix, ==, 32);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		p.net_allow = (char *)(uintptr_t)wrong[i];
		g_assert_cmpint(xen_network_plan(&p, &n), ==, 1);
	}
	p.net_allow = NULL;
	p.slot = NETWORK_SLOTS;
	g_assert_cmpint(xen_network_plan(&p, &n), ==, 1);
}

/* It gets its card when both sides were told of it, or none at all. */
static void no_network(void) {
	struct xen_plan p = plan();
	libxl_domain_config c;

	p.netvm = (char *)"sys-net";
	g_assert_null(config(&p, &c));
	g_assert_cmpint(c.num_nics, ==, 0);
	libxl_domain_config_dispose(&c);
}

static void cannot_run(void) {
	static char *devices[] = {(char *)"0000:03:00.0", NULL}, *wrong[] = {(char *)"eth0", NULL};
	struct xen_plan p = plan();
	libxl_domain_config c;

	p.virt_mode = (char *)"hvm";
	g_assert_nonnull(strstr(config(&p, &c), "hvm"));
	libxl_domain_config_dispose(&c);
	p = plan();
	p.pci = devices;
	g_assert_nonnull(strstr(config(&p, &c), "virt_mode pv"));
	libxl_domain_config_dispose(&c);
	p.virt_mode = (char *)"pv";
	g_assert_null(config(&p, &c));
	g_assert_cmpint(c.num_pcidevs, ==, 1);
	g_assert_cmpint(c.pcidevs[0].bus, ==, 3);
	libxl_domain_config_dispose(&c);
	p.pci = wrong;
	g_assert_nonnull(strstr(config(&p, &c), "pci"));
	libxl_domain_config_dispose(&c);
}

static void ends(void) {
	static const struct {
		libxl_shutdown_reason reason;
		bool ended;
		const char *words;
	} cases[] = {
		{LIBXL_SHUTDOWN_REASON_POWEROFF, true, ""},
		{LIBXL_SHUTDOWN_REASON_REBOOT, true, ""},
		{LIBXL_SHUTDOWN_REASON_SUSPEND, false, NULL}, /* it is being saved */
		{LIBXL_SHUTDOWN_REASON_CRASH, true, "/var/log/xen/console"},
		{LIBXL_SHUTDOWN_REASON_WATCHDOG, true, "watchdog"},
		{LIBXL_SHUTDOWN_REASON_SOFT_RESET, true, "does not name"},
		{LIBXL_SHUTDOWN_REASON_UNKNOWN, true, "does not name"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *why = NULL;

		g_assert_cmpint(xen_config_ended(cases[i].reason, &why), ==, cases[i].ended);
		g_assert_cmpint(!why, ==, !cases[i].words);
		if (why)
			g_assert_nonnull(strstr(why, cases[i].words));
		if (why)
			g_assert_cmpint(!*why, ==, !*cases[i].words);
	}
}

static char *nasty(GRand *r) {
	static const char *const pieces[] = {"'", "\"", "]", "[", "\n", "<", "&", "</name>", "%s",
		"%n", "\\", "\t", ",", "=", "$(x)", "`", "\xc3\xa9", "a", " ", "--", "]]>"};
	GString *s = g_string_new("x");
	int n = g_rand_int_range(r, 0, 40);

	while (n-- > 0)
		g_string_append(s, pieces[g_rand_int_range(r, 0, G_N_ELEMENTS(pieces))]);
	return g_string_free(s, FALSE);
}

/* No text is made of these and read again, so nothing in them can become a setting. */
static void bug_class_e9(void) {
	g_autoptr(GRand) r = g_rand_new_with_seed(9);

	for (unsigned i = 0; i < 5000; i++) {
		g_autofree char *name = nasty(r), *kernel = nasty(r), *line = nasty(r),
				*root = nasty(r), *label = nasty(r), *netvm = nasty(r);
		struct xen_plan p = plan();
		libxl_domain_config c;
		libxl_device_nic nic;

		p.name = name;
		p.kernel = kernel;
		p.cmdline = line;
		p.root = root;
		p.seclabel = label;
		g_assert_null(config(&p, &c));
		g_assert_cmpstr(c.c_info.name, ==, name);
		g_assert_cmpstr(c.b_info.kernel, ==, kernel);
		g_assert_cmpstr(c.b_info.cmdline, ==, line);
		g_assert_cmpstr(c.disks[0].pdev_path, ==, root);
		g_assert_cmpstr(c.c_info.ssid_label, ==, label);
		xen_config_nic(&p, netvm, &nic);
		g_assert_cmpstr(nic.backend_domname, ==, netvm);
		libxl_device_nic_dispose(&nic);
		g_assert_cmpint(c.num_disks, ==, 1);
		g_assert_cmpint(c.num_pcidevs, ==, 0);
		libxl_domain_config_dispose(&c);
	}
}

int main(int argc, char **argv) {
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/config-xen/whole", whole);
	g_test_add_func("/config-xen/no-network", no_network);
	g_test_add_func("/config-xen/card", card);
	g_test_add_func("/config-xen/places", places);
	g_test_add_func("/config-xen/cannot-run", cannot_run);
	g_test_add_func("/config-xen/ends", ends);
	g_test_add_func("/bug-class/E9/xen-config", bug_class_e9);
	return g_test_run();
}
