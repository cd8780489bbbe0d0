/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A definition as libxenlight's structures. Asks nothing of the hypervisor. */
#include "domains/domain-xen.h"

#include <libxl_utils.h>
#include <stdio.h>
#include <string.h>

/* libxl frees what stands in its structures with free(). */
static char *text(const char *s) {
	return s && *s ? strdup(s) : NULL;
}

static void add_disk(const struct xen_plan *p, libxl_domain_config *c, const char *path,
	const char *device, bool writable) {
	libxl_device_disk *d = &c->disks[c->num_disks];

	if (!path || !*path)
		return;
	c->num_disks++;
	libxl_device_disk_init(d);
	d->pdev_path = text(path);
	d->vdev = text(device);
	d->script = text(p->block);
	d->format = LIBXL_DISK_FORMAT_RAW;
	d->readwrite = writable;
	/* The kernel's own backend, on the device or on a loop device over the file: no process of
	 * the admin domain reads what a guest wrote there. */
	d->backend = LIBXL_DISK_BACKEND_PHY;
}

static void add_disks(const struct xen_plan *p, libxl_domain_config *c) {
	c->disks = calloc(4, sizeof(*c->disks));
	add_disk(p, c, p->root, "xvda", false);
	add_disk(p, c, p->private_volume, "xvdb", true);
	add_disk(p, c, p->volatile_volume, "xvdc", true);
	add_disk(p, c, p->modules, "xvdd", false);
}

void xen_config_nic(const struct xen_plan *p, const char *netvm, libxl_device_nic *ret) {
	char ip4[NETWORK_TEXT_SIZE], ip6[NETWORK_TEXT_SIZE], both[2 * NETWORK_TEXT_SIZE];
	struct network_link link;

	libxl_device_nic_init(ret);
	ret->devid = 0;
	ret->nictype = LIBXL_NIC_TYPE_VIF;
	ret->backend_domname = text(netvm);
	network_link_of((unsigned)p->slot, &link);
	memcpy(ret->mac, link.mac, sizeof(link.mac));
	network_text4(link.ip4, ip4);
	network_text6(link.ip6, ip6);
	(void)snprintf(both, sizeof(both), "%s %s", ip4, ip6);
	ret->ip = text(both);
	/* The kernel there wants a name. There is no such file: bulkhead-network-serve needs none,
	 * and Xen's own daemon, where somebody runs that, must not come to its vif-bridge. */
	ret->script = text("/etc/xen/scripts/vif-bulkhead");
}

static bool add_pci(const struct xen_plan *p, libxl_domain_config *c) {
	guint n = p->pci ? g_strv_length(p->pci) : 0;

	c->pcidevs = n ? calloc(n, sizeof(*c->pcidevs)) : NULL;
	for (guint i = 0; i < n; i++) {
		libxl_device_pci *d = &c->pcidevs[c->num_pcidevs++];
		unsigned domain, bus, device, function;

		libxl_device_pci_init(d);
		if (sscanf(p->pci[i], "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4)
			return false;
		d->domain = (int)domain;
		d->bus = (uint8_t)bus;
		d->dev = (uint8_t)device;
		d->func = (uint8_t)function;
		d->permissive = false;
	}
	return true;
}

static void build(const struct xen_plan *p, libxl_domain_build_info *b) {
	b->max_vcpus = p->vcpus;
	b->target_memkb = (uint64_t)p->memory * 1024;
	b->max_memkb = (uint64_t)MAX(p->memory, p->maxmem) * 1024;
	b->kernel = text(p->kernel);
	b->ramdisk = text(p->ramdisk);
	b->cmdline = text(p->cmdline);
	/* No guest moves to another machine. */
	b->tsc_mode = LIBXL_TSC_MODE_NATIVE;
	b->sched_params.weight = p->weight;
	b->sched_params.cap = p->cap;
}

bool xen_config_ended(libxl_shutdown_reason reason, const char **ret_why) {
	switch (reason) {
	case LIBXL_SHUTDOWN_REASON_SUSPEND:
		return false;
	case LIBXL_SHUTDOWN_REASON_POWEROFF:
	case LIBXL_SHUTDOWN_REASON_REBOOT:
		*ret_why = "";
		return true;
	case LIBXL_SHUTDOWN_REASON_CRASH:
		*ret_why = "its kernel crashed; its console is in /var/log/xen/console";
		return true;
	case LIBXL_SHUTDOWN_REASON_WATCHDOG:
		*ret_why = "its watchdog ended it";
		return true;
	case LIBXL_SHUTDOWN_REASON_UNKNOWN:
	case LIBXL_SHUTDOWN_REASON_SOFT_RESET:
		break;
	}
	*ret_why = "it ended in a way Xen does not name";
	return true;
}

const char *xen_config(const struct xen_plan *p, libxl_domain_config *ret) {
	libxl_domain_type type;

	if (!strcmp(p->virt_mode, "hvm"))
		return "virt_mode is hvm: that needs Xen's device model (a QEMU in the admin "
		       "domain), which Bulkhead does not run; set virt_mode to pvh or pv";
	type = !strcmp(p->virt_mode, "pv") ? LIBXL_DOMAIN_TYPE_PV : LIBXL_DOMAIN_TYPE_PVH;
	if (p->pci && *p->pci && type != LIBXL_DOMAIN_TYPE_PV)
		return "pci devices can be given to a domain with virt_mode pv only";
	ret->c_info.type = type;
	ret->c_info.name = text(p->name);
	ret->c_info.ssid_label = text(p->seclabel);
	libxl_uuid_generate(&ret->c_info.uuid);
	libxl_defbool_set(&ret->c_info.driver_domain, p->driver_domain);
	libxl_domain_build_info_init_type(&ret->b_info, type);
	build(p, &ret->b_info);
	if (type == LIBXL_DOMAIN_TYPE_PV && p->pci && *p->pci)
		libxl_defbool_set(&ret->b_info.u.pv.e820_host, true);
	add_disks(p, ret);
	if (!add_pci(p, ret))
		return "pci: a device is not written as 0000:03:00.0";
	return NULL;
}
