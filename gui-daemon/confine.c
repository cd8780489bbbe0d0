/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/confine.h"

#include "common/confine.h"
#include "vchan/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>

#define HEAP_MAX  (512u << 20)
#define FILES_MAX 4096

/* The loop, memory, and reading and writing what is open. */
static const int plain_calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv),
	SCMP_SYS(writev), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(sendto), SCMP_SYS(shutdown), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(close),
	SCMP_SYS(fstat), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(memfd_create), SCMP_SYS(clock_gettime), SCMP_SYS(getrandom),
	SCMP_SYS(uname), SCMP_SYS(getpid), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
	/* for abort */
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid), SCMP_SYS(tgkill)};

static const unsigned fcntl_commands[] = {F_DUPFD_CLOEXEC, F_GETFD, F_GETFL, F_ADD_SEALS};

/* Whoever tries these is not this program any more. */
static const int deadly_calls[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
	SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(ptrace), SCMP_SYS(socket),
	SCMP_SYS(connect), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev)};

/* On Xen: the transport's devices, and the memory that its pages are copied to. */
static int add_transport(scmp_filter_ctx filter) {
	const unsigned long *ioctls = vchan_ioctls();
	int r = 0;

	if (!ioctls)
		return 0;
	for (; r == 0 && *ioctls; ioctls++)
		r = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, *ioctls));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ftruncate), 0);
	return r;
}

static int add_rules(scmp_filter_ctx filter) {
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(plain_calls) / sizeof(plain_calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, plain_calls[i], 0);
	for (size_t i = 0; r == 0 && i < sizeof(deadly_calls) / sizeof(deadly_calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly_calls[i], 0);
	for (size_t i = 0; r == 0 && i < sizeof(fcntl_commands) / sizeof(fcntl_commands[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_EQ, fcntl_commands[i]));
	/* This is how the C library's fstat looks; a name's size and time is all it could tell. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
			SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r == 0 ? add_transport(filter) : r;
}

/* Everything else answers EPERM: no path of ours meets that. */
static int filter_calls(void) {
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? add_rules(filter) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return r;
}

static int confine_all(void) {
	int r = confine_rights();

	if (r == 0)
		r = confine_limit(RLIMIT_CORE, 0);
	if (r == 0)
		r = confine_limit(RLIMIT_NPROC, 0);
	if (r == 0)
		r = confine_limit(RLIMIT_NOFILE, FILES_MAX);
	if (r == 0)
		r = confine_limit(RLIMIT_DATA, HEAP_MAX);
	if (r < 0)
		return r;
	confine_no_files();
	return filter_calls();
}

/* A sanitizer looks at its own process at the end. */
int confine(void) {
	return SANITIZED ? confine_rights() : confine_all();
}
