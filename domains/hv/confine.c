/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv/confine.h"

#include "common/confine.h"
#include "proto/hv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

static const int plain_calls[] = {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(accept4),
	SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(close), SCMP_SYS(pipe2),
	SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(fchmod),
	SCMP_SYS(pwrite64), SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(brk),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	/* for abort */
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill)};

static const unsigned fcntl_commands[] = {F_SETLEASE, F_ADD_SEALS, F_SETPIPE_SZ, F_SETFL};

static int add_rules(scmp_filter_ctx filter, int proc_fds) {
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(plain_calls) / sizeof(plain_calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i], 0);
	for (size_t i = 0; r == 0 && i < sizeof(fcntl_commands) / sizeof(fcntl_commands[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_EQ, fcntl_commands[i]));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
			SCMP_A0(SCMP_CMP_EQ, (unsigned)proc_fds));
	if (r == 0)
		r = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, SIOCOUTQ));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
			SCMP_A1(SCMP_CMP_EQ, SOL_SOCKET), SCMP_A2(SCMP_CMP_EQ, SO_LINGER));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
			SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

/* Everything else answers EPERM: no path of ours meets that, and one that did would be refused
 * rather than end all domains. */
static int filter_calls(int proc_fds) {
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? add_rules(filter, proc_fds) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return r;
}

int confine(int proc_fds) {
	int r;

	r = confine_rights();
	if (r == 0)
		r = confine_limit(RLIMIT_CORE, 0);
	if (r == 0)
		r = confine_limit(RLIMIT_FSIZE, (rlim_t)HV_PAGES_MAX * 4096);
	if (r < 0 || SANITIZED)
		return r;
	r = confine_limit(RLIMIT_NPROC, 0);
	if (r < 0)
		return r;
	confine_no_files();
	return filter_calls(proc_fds);
}
