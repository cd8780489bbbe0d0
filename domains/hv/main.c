/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-hv: the local backend's hypervisor. Gives domains their ids, their vchans and their
 * shared pages (docs/protocols/hv.md). Knows no names, reads no configuration, starts nothing.
 */
#include "domains/hv/confine.h"
#include "domains/hv/hv.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define FDS_MOST (1u << 20)

static const char usage[] =
	"usage: bulkhead-hv --manager-socket=PATH [--ready-fd=N]\n"
	"\n"
	"Serves vchans and shared pages to the domains of the local backend. Started by "
	"bulkheadd.\n"
	"  --manager-socket=PATH  listen here for the manager (same user only)\n"
	"  --ready-fd=N           write a newline to N and close it when listening\n";

static int fail(const char *what, const char *name, int error) {
	fprintf(stderr, "bulkhead-hv: %s %s: %s\n", what, name, strerror(error));
	return 1;
}

/* A socket file that nobody listens on is a leftover. */
static int bind_at(int fd, const struct sockaddr_un *at) {
	int probe, r;

	if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return -errno;
	r = connect(probe, (const struct sockaddr *)at, sizeof(*at)) < 0 ? errno : 0;
	close(probe);
	if (r != ECONNREFUSED)
		return -EADDRINUSE;
	if (unlink(at->sun_path) < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
		return -errno;
	return 0;
}

static int listen_at(const char *path, int *ret) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd, r;

	if (strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	umask(0177);
	r = bind_at(fd, &at);
	if (r == 0 && listen(fd, 16) < 0)
		r = -errno;
	if (r < 0)
		close(fd);
	else
		*ret = fd;
	return r;
}

static uint32_t raise_fd_limit(void) {
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1024;
	if (l.rlim_max > FDS_MOST)
		l.rlim_max = FDS_MOST;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) < 0)
		return 1024;
	return (uint32_t)l.rlim_cur;
}

static int parse_fd(const char *text) {
	char *end;
	long fd;

	errno = 0;
	fd = strtol(text, &end, 10);
	return errno || *end || end == text || fd < 0 || fd > (long)FDS_MOST ? -1 : (int)fd;
}

static int serve(const char *path, int ready) {
	static struct hv hv;
	int listener = -1, r = listen_at(path, &listener);

	if (r < 0)
		return fail("cannot listen at", path, -r);
	r = hv_init(&hv, listener, raise_fd_limit());
	if (r < 0)
		return fail("cannot start", "", -r);
	/* If the manager that started us is gone, the next one may be connected already. */
	if (ready >= 0 && ((write(ready, "\n", 1) != 1 && errno != EPIPE) || close(ready) < 0))
		return fail("cannot write to", "--ready-fd", errno);
	r = confine(hv.proc_fds);
	if (r < 0)
		return fail("cannot confine itself", "", -r);
	r = hv_run(&hv);
	return r < 0 ? fail("the loop ended", "", -r) : 0;
}

int main(int argc, char **argv) {
	static const struct option options[] = {{"manager-socket", required_argument, NULL, 'm'},
		{"ready-fd", required_argument, NULL, 'r'}, {"help", no_argument, NULL, 'h'}, {0}};
	const char *path = NULL;
	int c, ready = -1;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (c == 'm') {
			path = optarg;
		} else if (c == 'r' && (ready = parse_fd(optarg)) >= 0) {
			continue;
		} else {
			fputs(usage, c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
	}
	if (!path || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);  /* a lease that somebody else's open breaks */
	signal(SIGHUP, SIG_IGN); /* the manager's terminal is not ours */
	return serve(path, ready);
}
