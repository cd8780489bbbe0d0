/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One event a turn, and one slice of memory: so nothing in a batch outlives what it speaks of, and
 * nobody's large request holds up another's small one. No timer runs in an idle hv. */
#include "domains/hv/conn.h"
#include "domains/hv/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <time.h>

#define MANAGERS_MOST 16
#define OWN_FDS       64    /* not given to domains */
#define SWEEP_FIRST   10    /* ms; doubled each time ... */
#define SWEEP_LAST    10000 /* ... up to here, then not until something happens */
#define SWEEP_MOST    64
#define PAGE          4096

int watch_start(struct watch *w, struct hv *hv, int fd, uint32_t events) {
	struct epoll_event e = {.events = events, .data.ptr = w};

	if (epoll_ctl(hv->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		return -errno;
	w->fd = fd;
	return 0;
}

void watch_events(struct watch *w, uint32_t events) {
	struct epoll_event e = {.events = events, .data.ptr = w};

	if (w->fd >= 0)
		epoll_ctl(w->hv->epoll, EPOLL_CTL_MOD, w->fd, &e);
}

/* Said to epoll explicitly: closing is not enough when a domain has the same socket open. */
int watch_stop(struct watch *w) {
	int fd = w->fd;

	if (fd >= 0)
		epoll_ctl(w->hv->epoll, EPOLL_CTL_DEL, fd, NULL);
	w->fd = -1;
	return fd;
}

static uint64_t now_ms(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void hv_sweep_soon(struct hv *hv) {
	uint64_t at = now_ms() + SWEEP_FIRST;

	hv->sweep_delay = SWEEP_FIRST;
	if (!hv->sweep_at || hv->sweep_at > at)
		hv->sweep_at = at; /* never later than it was: a flood does not put it off */
}

static void sweep(struct hv *hv) {
	bool more = false;

	for (struct domain *d = hv->domains; d; d = d->next) {
		memory_sweep(&d->own, SWEEP_MOST);
		memory_sweep(&d->admin, SWEEP_MOST);
		more = more || d->own.held || d->admin.held || d->paused;
		domain_resume(d);
	}
	hv->sweep_delay *= 2;
	hv->sweep_at = more && hv->sweep_delay <= SWEEP_LAST ? now_ms() + hv->sweep_delay : 0;
}

static int time_to_wait(struct hv *hv) {
	uint64_t now;

	if (hv->first_busy)
		return 0;
	if (!hv->sweep_at)
		return -1;
	now = now_ms();
	return hv->sweep_at > now ? (int)(hv->sweep_at - now) : 0;
}

static void on_manager(struct watch *w, uint32_t events) {
	struct hv *hv = w->hv;
	int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred who = {0};
	socklen_t size = sizeof(who);

	if (fd < 0)
		return;
	if (hv->manager_count >= MANAGERS_MOST ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != hv->uid) {
		close(fd);
		return;
	}
	if (conn_new(hv, fd, MANAGER, NULL, NULL) == 0)
		hv->had_manager = true;
}

/* Descriptors are dealt out before anybody asks: a domain's share is always there. */
static void deal_out_fds(struct hv *hv, uint32_t limit) {
	uint32_t each = limit > OWN_FDS ? (limit - OWN_FDS) / 32 : 0;

	hv->fd_limit = limit;
	hv->fds_per_domain = each < 128 ? 128 : each > 5120 ? 5120 : each;
}

int hv_init(struct hv *hv, int listener, uint32_t fd_limit) {
	struct sysinfo host;

	*hv = (struct hv){.uid = geteuid(), .manager = {.hv = hv, .fd = -1, .ready = on_manager}};
	hv->epoll = epoll_create1(EPOLL_CLOEXEC);
	hv->proc_fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (hv->epoll < 0 || hv->proc_fds < 0 || sysinfo(&host) < 0)
		return -errno;
	hv->admin.listener.fd = -1;
	hv->host_pages.limit = (uint64_t)host.totalram * host.mem_unit / PAGE / 2;
	deal_out_fds(hv, fd_limit);
	return watch_start(&hv->manager, hv, listener, EPOLLIN);
}

int hv_run(struct hv *hv) {
	while (!hv->had_manager || hv->managers || hv->domains) {
		struct epoll_event e;
		int n = epoll_wait(hv->epoll, &e, 1, time_to_wait(hv));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			struct watch *w = e.data.ptr;

			w->ready(w, e.events);
		}
		if (hv->first_busy)
			memory_work(hv);
		if (hv->sweep_at && now_ms() >= hv->sweep_at)
			sweep(hv);
	}
	return 0;
}
