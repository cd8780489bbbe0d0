/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Pages shared between domains, one interface for both backends: granted pages on Xen, sealed
 * memfds made by bulkhead-hv on the local one. References are what WINDOW_DUMP carries.
 *
 * X servers attach a descriptor (MIT-SHM AttachFd) but refuse grant devices (xen-in-qemu): so each
 * side has a descriptor that its own X server can attach, and publish/refresh copy between it and
 * the granted pages on Xen and do nothing on the local backend.
 */
#include "common/cleanup.h"

#include <stddef.h>
#include <stdint.h>

/* The owner's side: pages that `peer` may read. */
struct pages_share;

/* 0 or -errno (-EDQUOT: over the domain's quota, -ENOMEM). The pages are zero. */
MUST_USE int pages_share_new(int peer, uint32_t count, struct pages_share **ret);
/* A read-write descriptor for the X server, owned by the share; its size is count pages. */
int pages_share_fd(const struct pages_share *s);
/* The same bytes in this process; mapped at the first call; NULL with errno on failure. */
void *pages_share_data(struct pages_share *s);
/* count references, valid as long as the share. */
const uint32_t *pages_share_refs(const struct pages_share *s);
uint32_t pages_share_count(const struct pages_share *s);
/* These bytes are to be seen by the peer now. */
void pages_share_publish(struct pages_share *s, size_t offset, size_t len);
/* Ends the share; what the peer has mapped stays readable for it. Takes NULL, returns NULL. */
struct pages_share *pages_share_free(struct pages_share *s);

/* The reader's side: pages that `owner` shared with this domain, read-only. */
struct pages_view;

/* refs: count little-endian u32 as received. 0 or -errno; > 0 is PAGES_E_REFS: the owner never
 * shared them so. */
#define PAGES_E_REFS 1
MUST_USE int pages_view_new(
	int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret);
/* A descriptor for the X server (attach it read-only), owned by the view, and where in it the pages
 * begin, in bytes. */
int pages_view_fd(const struct pages_view *v);
size_t pages_view_offset(const struct pages_view *v);
/* Bring these bytes (from the view's begin) up to date for the descriptor. */
void pages_view_refresh(struct pages_view *v, size_t offset, size_t len);
struct pages_view *pages_view_free(struct pages_view *v);
