/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Confinement; see confine.h. What is not on the list ends the process. */
#include "qrexec/lib/confine.h"

#include "common/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static const int common_calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv),
	SCMP_SYS(writev), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(close), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(brk), SCMP_SYS(munmap),
	SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(restart_syscall), SCMP_SYS(getrandom),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(lseek), SCMP_SYS(fcntl),
	SCMP_SYS(sched_yield), SCMP_SYS(clock_nanosleep), SCMP_SYS(rseq)};

/* vchan: bells and, on the way to another data channel, none; broker: packets. */
static const int daemon_calls[] = {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(sendto), SCMP_SYS(ioctl), SCMP_SYS(shutdown), SCMP_SYS(unlink),
	SCMP_SYS(timerfd_settime), SCMP_SYS(eventfd2)};

static const int call_calls[] = {SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(sendto), SCMP_SYS(ioctl), SCMP_SYS(shutdown), SCMP_SYS(unlink), SCMP_SYS(waitid)};

static const int receiver_calls[] = {SCMP_SYS(openat2), SCMP_SYS(openat), SCMP_SYS(mkdirat),
	SCMP_SYS(linkat), SCMP_SYS(symlinkat), SCMP_SYS(fchmod), SCMP_SYS(utimensat),
	SCMP_SYS(fstatfs), SCMP_SYS(fallocate), SCMP_SYS(ftruncate), SCMP_SYS(fsync),
	SCMP_SYS(fdatasync), SCMP_SYS(syncfs), SCMP_SYS(unlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(faccessat), SCMP_SYS(copy_file_range), SCMP_SYS(splice), SCMP_SYS(renameat2),
	SCMP_SYS(dup), SCMP_SYS(flock)};

static int allow(scmp_filter_ctx ctx, const int *calls, size_t count) {
	for (size_t i = 0; i < count; i++) {
		int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);

		if (r)
			return r;
	}
	return 0;
}

static int load(const int *more, size_t count) {
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!ctx)
		return -ENOMEM;
	if (SANITIZED) {
		seccomp_release(ctx);
		return 0;
	}
	r = allow(ctx, common_calls, sizeof(common_calls) / sizeof(common_calls[0]));
	if (!r)
		r = allow(ctx, more, count);
	/* Memory, but never executable, and no new mapping of a file. */
	if (!r)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
			SCMP_A2(SCMP_CMP_MASKED_EQ, 4 /* PROT_EXEC */, 0),
			SCMP_A3(SCMP_CMP_MASKED_EQ, 0x20 /* MAP_ANONYMOUS */, 0x20));
	if (!r)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, 4, 0));
	if (!r)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	return r;
}

/* No program is started any more, and no file opened. */
static int confine_still(const int *calls, size_t count) {
	int r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : confine_rights();

	if (!r)
		r = confine_limit(RLIMIT_NPROC, 0);
	if (!r)
		r = confine_limit(RLIMIT_CORE, 0);
	if (!r)
		confine_no_files();
	return r ? r : load(calls, count);
}

int confine_daemon(void) {
	return confine_still(daemon_calls, sizeof(daemon_calls) / sizeof(daemon_calls[0]));
}

int confine_call(void) {
	return confine_still(call_calls, sizeof(call_calls) / sizeof(call_calls[0]));
}

int confine_receiver(void) {
	int r = confine_rights();

	if (!r)
		r = confine_limit(RLIMIT_CORE, 0);
	return r ? r : load(receiver_calls, sizeof(receiver_calls) / sizeof(receiver_calls[0]));
}
