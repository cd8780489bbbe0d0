/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * bulkhead-hv: what its parts know of each other. One process serves all domains of the local
 * backend: it decodes fixed-size requests only (proto/hv.h), waits for nobody, queues for nobody,
 * and charges whatever it holds to the domain that it holds it for.
 */
#include "common/quota.h"
#include "proto/hv.h"

#include <sys/epoll.h>
#include <sys/types.h>

struct hv;
struct conn;
struct domain;
struct memory;

/* What the loop watches; embedded first in whatever owns the descriptor. */
struct watch {
	struct hv *hv;
	int fd; /* -1: not watched */
	void (*ready)(struct watch *w, uint32_t events);
};

/* An account: what is held for one domain (`own`), or for the admin domain's processes that serve
 * it (`admin`). */
struct account {
	struct quota pages, vchans, connections, fds;
	struct memory *jobs;  /* being filled, first come first served */
	struct memory *held;  /* handed out; given back when nobody else has them any more */
	struct account *next; /* among those with jobs */
	bool busy;
};

struct share_table {
	struct share **at; /* by first reference */
	size_t count, room;
	uint32_t next; /* reference */
};

struct domain {
	struct watch listener; /* first; not for the admin domain */
	struct domain *next;
	uint32_t id;
	struct account own, admin;
	struct share_table shares;
	struct conn *conns; /* its own, and the admin domain's that may speak of it only */
	bool paused;        /* the listener: no connection is left */
	unsigned refusals;
};

struct hv {
	int epoll;
	int proc_fds;         /* /proc/self/fd, to open a memfd anew */
	struct watch manager; /* the listener for managers */
	struct domain admin;  /* id 0: only its shares are used */
	struct domain *domains;
	uint32_t domain_count, last_id;
	struct conn *managers;
	unsigned manager_count;
	struct offer *offers;
	struct wait *waits;
	struct quota host_pages;
	struct account orphans; /* memory of nobody, on its way out */
	struct account *first_busy, *last_busy;
	uint64_t sweep_at; /* ms of the monotonic clock; 0: nothing to look after */
	unsigned sweep_delay;
	uint32_t fd_limit, fds_per_domain;
	uid_t uid; /* a manager's must be the same */
	bool had_manager;
};

/* loop.c */
MUST_USE int hv_init(struct hv *hv, int listener, uint32_t fd_limit);
/* Until the last manager left and no domain exists. 0 or -errno. */
MUST_USE int hv_run(struct hv *hv);
void hv_sweep_soon(struct hv *hv);
MUST_USE int watch_start(struct watch *w, struct hv *hv, int fd, uint32_t events);
void watch_events(struct watch *w, uint32_t events);
/* Forgets the descriptor and returns it. */
int watch_stop(struct watch *w);

/* domain.c */
struct domain *domain_find(struct hv *hv, uint32_t id); /* the admin domain too */
MUST_USE enum hv_status domain_create(
	struct hv *hv, const struct hv_request *r, int listener, uint32_t *ret_id);
void domain_destroy(struct hv *hv, struct domain *d);
void domain_resume(struct domain *d);
/* Tells the log what was refused, seldom enough that a domain cannot fill it. */
void domain_refused(struct domain *d, const char *what);
