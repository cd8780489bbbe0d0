/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which transport this process uses. */
#include "vchan/backend.h"

#include "vchan/backend-ops.h"
#include "vchan/hv-link.h"
#include "vchan/vchan-local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

struct backend backend;

/* The bells are pipes: writing to one whose reader died must be an error, not the end of us. */
static void ignore_sigpipe(void) {
	struct sigaction now;

	if (!sigaction(SIGPIPE, NULL, &now) && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

static void use_link(struct hv_link *link) {
	ignore_sigpipe();
	vchan_local_set_link(link);
	backend = (struct backend){.vchan = &vchan_local_ops, .pages = &pages_local_ops};
}

int vchan_use_local(int hv_fd) {
	struct hv_link *link;
	int r = hv_link_new(hv_fd, &link);

	if (r == 0)
		use_link(link);
	return r;
}

int vchan_use_local_at(const char *path) {
	struct hv_link *link;
	int r = hv_link_connect(path, &link);

	if (r == 0)
		use_link(link);
	return r;
}

void vchan_use_memory(void) {
	ignore_sigpipe();
	backend = (struct backend){.vchan = &vchan_memory_ops, .pages = &pages_memory_ops};
}

const unsigned long *vchan_ioctls(void) {
	return backend.ioctls;
}

#ifndef BULKHEAD_XEN
int vchan_use_xen(void) {
	return -ENOSYS;
}
#endif

int vchan_use_unix(const char *domain, const char *dir) {
	int number = domain ? vchan_spec_number(domain) : 0;

	ignore_sigpipe();
	return number < 0 ? -EINVAL : vchan_unix_set(number, dir ? dir : "/var/run/vchan");
}

int vchan_use(const char *spec) {
	static const char path[] = "local:";
	int fd;

	if (!strcmp(spec, "xen"))
		return vchan_use_xen();
	if (!strcmp(spec, "unix:"))
		return vchan_use_unix(getenv("VCHAN_DOMAIN"), getenv("VCHAN_SOCKET_DIR"));
	if (!strncmp(spec, path, strlen(path)))
		return vchan_use_local_at(spec + strlen(path));
	fd = vchan_spec_fd(spec);
	if (fd < 0)
		return -EINVAL;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return vchan_use_local(fd);
}
