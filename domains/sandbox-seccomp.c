/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/sandbox-seccomp.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Refused in every domain, with EPERM. */
static const int refused[] = {
	SCMP_SYS(acct),
	SCMP_SYS(add_key),
	SCMP_SYS(bpf),
	SCMP_SYS(delete_module),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(finit_module),
	SCMP_SYS(init_module),
	SCMP_SYS(ioperm),
	SCMP_SYS(iopl),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(kexec_load),
	SCMP_SYS(keyctl),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(migrate_pages),
	SCMP_SYS(move_pages),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(nfsservctl),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(quotactl),
	SCMP_SYS(reboot),
	SCMP_SYS(request_key),
	SCMP_SYS(setdomainname),
	SCMP_SYS(sethostname),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(swapoff),
	SCMP_SYS(swapon),
	SCMP_SYS(syslog),
	SCMP_SYS(uselib),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(vhangup),
};

/* Refused as if this kernel had never heard of them, so that programs fall back. */
static const int unknown[] = {
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(quotactl_fd),
};

/* What makes namespaces and mounts. */
static const int nesting[] = {
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
};
static const int nesting_unknown[] = {
	/* Its flags stand behind a pointer, where a filter cannot look. */
	SCMP_SYS(clone3),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(mount_setattr),
};

/* Families that live in a network namespace (or are local); AF_VSOCK and others do not. */
static const unsigned families[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static int add_list(scmp_filter_ctx f, const int *list, size_t n, int err) {
	int r = 0;

	for (size_t i = 0; i < n && !r; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO((uint16_t)err), list[i], 0);
	return r;
}

/* The kernel looks at the low 32 bits of a request only, so must the filter (CVE-2019-10063). */
static int add_ioctl(scmp_filter_ctx f, unsigned request) {
	return seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
		SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, request));
}

static int add_families(scmp_filter_ctx f) {
	unsigned max = families[0];
	int r = 0;

	for (size_t i = 1; i < sizeof(families) / sizeof(families[0]); i++) {
		/* Every family between two allowed ones. */
		for (unsigned no = max + 1; no < families[i] && !r; no++)
			r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffffu, no));
		max = families[i];
	}
	if (!r)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_GT, max));
	return r;
}

static int fill(scmp_filter_ctx f, bool nested) {
	int r = add_list(f, refused, sizeof(refused) / sizeof(refused[0]), EPERM);

	if (!r)
		r = add_list(f, unknown, sizeof(unknown) / sizeof(unknown[0]), ENOSYS);
	if (!r)
		r = add_ioctl(f, TIOCSTI);
	if (!r)
		r = add_ioctl(f, TIOCLINUX);
	if (!r)
		r = add_families(f);
	if (r || nested)
		return r;
	r = add_list(f, nesting, sizeof(nesting) / sizeof(nesting[0]), EPERM);
	if (!r)
		r = add_list(f, nesting_unknown,
			sizeof(nesting_unknown) / sizeof(nesting_unknown[0]), ENOSYS);
	if (!r)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER));
	return r;
}

int sandbox_seccomp(bool nested) {
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int fd = memfd_create("bulkhead-seccomp", 0), r;

	if (!f || fd < 0) {
		seccomp_release(f);
		auto_close(&fd);
		return -ENOMEM;
	}
	r = fill(f, nested);
	if (!r)
		r = seccomp_export_bpf(f, fd);
	seccomp_release(f);
	if (!r && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r) {
		close(fd);
		return r;
	}
	return fd;
}
