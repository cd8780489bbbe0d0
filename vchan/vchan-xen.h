/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the files of the Xen backend share; nobody else includes this. */
#include "vchan/ring-vchan.h"
#include "vchan/store-xen.h"

#include <xenevtchn.h>
#include <xengnttab.h>

#define XEN_DOMAIN_MOST 0x7fef

struct xen_vchan {
	struct ring_vchan
		base; /* first; area is the control page, hung_up: the peer's domain is gone */
	bool is_server;
	bool published; /* our xenstore entry is there */
	int own, peer;  /* domains */
	struct store *store;
	char path[STORE_PATH_MAX]; /* of the entry: its two leaves are below */
	int epoll;
	int again; /* raised when a watch event was taken in but not yet looked at */
	xenevtchn_handle *event;
	evtchn_port_t port; /* 0: not bound */
	struct ring_orders orders;
	void *left, *right; /* mapped pages of the rings, NULL if they lie in the control page */
};

struct xentoollog_logger;

/* For Xen's libraries: a library says nothing, its caller does. */
struct xentoollog_logger *xen_quiet(void);
/* The kernel's grant devices, opened once per process so that a program that confines itself opens
 * nothing later. NULL and errno on failure. Never closed. */
xengnttab_handle *xen_gnttab(void);
xengntshr_handle *xen_gntshr(void);
/* -errno, never 0. */
int xen_error(void);

/* attach-xen.c: event channel, granted pages and xenstore entry of one vchan. */
MUST_USE int xen_serve(struct xen_vchan *x, size_t read_min, size_t write_min);
/* 0 attached; 1: what the peer published leads nowhere, a newer entry may; -errno. */
MUST_USE int xen_attach_client(struct xen_vchan *x);
void xen_detach(struct xen_vchan *x);
/* Removes our xenstore entry, once the client has come or at the end. */
void xen_unpublish(struct xen_vchan *x);
