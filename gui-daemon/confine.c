/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gui-daemon/confine.h"

#include "common/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>

#define HEAP_MAX  (512u << 20)
#define FILES_MAX 4096

/* The loop, memory, and reading and writing what is open. */
static const int plain_calls[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv),
	SCMP_SYS(writev), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(sendto), SCMP_SYS(shutdown), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(close),
	SCMP_SYS(fstat), SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(getrandom), SCMP_SYS(uname),
	SCMP_SYS(getpid), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* for abort */
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(gettid), SCMP_SYS(tgkill)};

static const unsigned fcntl_commands[] = {F_DUPFD_CLOEXEC, F_GETFD, F_GETFL};

/* Whoever tries these is not this program any more. */
static const int deadly_calls[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
	SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(ptrace), SCMP_SYS(socket),
	SCMP_SYS(connect), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev)};

static int allow(scmp_filter_ctx filter, int call) {
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

static int allow_fcntl(scmp_filter_ctx filter, unsigned command) {
	return seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, command));
}

/* Texts of the clipboard are sealed here. On Xen: the transport's devices, and the memory that its
 * pages are copied to. */
static int add_decoder(scmp_filter_ctx filter, const void *transport) {
	const unsigned long *ioctls = transport;
	int r = allow(filter, SCMP_SYS(memfd_create));

	if (r == 0)
		r = allow_fcntl(filter, F_ADD_SEALS);
	if (!ioctls)
		return r;
	for (; r == 0 && *ioctls; ioctls++)
		r = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, *ioctls));
	return r == 0 ? allow(filter, SCMP_SYS(ftruncate)) : r;
}

/* Looks at the memory that it is given, and ends the decoder. */
static int add_screen(scmp_filter_ctx filter, const void *data) {
	pid_t decoder = *(const pid_t *)data;
	int r = allow(filter, SCMP_SYS(fstatfs));

	if (r == 0)
		r = allow_fcntl(filter, F_GET_SEALS);
	if (r == 0)
		r = allow(filter, SCMP_SYS(wait4));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 2,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)decoder), SCMP_A1(SCMP_CMP_EQ, SIGKILL));
	return r;
}

static int add_rules(scmp_filter_ctx filter) {
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(plain_calls) / sizeof(plain_calls[0]); i++)
		r = allow(filter, plain_calls[i]);
	for (size_t i = 0; r == 0 && i < sizeof(deadly_calls) / sizeof(deadly_calls[0]); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly_calls[i], 0);
	for (size_t i = 0; r == 0 && i < sizeof(fcntl_commands) / sizeof(fcntl_commands[0]); i++)
		r = allow_fcntl(filter, fcntl_commands[i]);
	/* This is how the C library's fstat looks; a name's size and time is all it could tell. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
			SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

typedef int (*own_rules)(scmp_filter_ctx filter, const void *data);

/* Everything else answers EPERM: no path of ours meets that. */
static int filter_calls(own_rules add_own, const void *data) {
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? add_rules(filter) : -ENOMEM;

	if (r == 0)
		r = add_own(filter, data);
	if (r == 0)
		r = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return r;
}

static int confine_all(own_rules add_own, const void *data) {
	int r = confine_rights();

	if (SANITIZED) /* it looks at its own process at the end */
		return r;
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
	return filter_calls(add_own, data);
}

int confine_screen(pid_t decoder) {
	return confine_all(add_screen, &decoder);
}

int confine_decoder(const unsigned long *ioctls) {
	return confine_all(add_decoder, ioctls);
}
