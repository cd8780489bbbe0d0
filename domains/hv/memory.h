/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Memory that domains share: memfds made, filled and sealed here. Filling and emptying go slice by
 * slice, one slice of one account a turn, so that nobody waits for somebody else's gigabyte.
 *
 * What was handed out stays charged until nobody else has it open or mapped (a write lease is
 * refused until then), so that giving a share back while keeping its descriptor gains nothing.
 */
#include "domains/hv/hv.h"

enum memory_state { MEMORY_FILLING, MEMORY_READY, MEMORY_HELD, MEMORY_EMPTYING };

struct memory {
	struct memory *next;
	struct hv *hv;
	struct account *account;
	enum memory_state state;
	struct charge pages, host_pages, vchan, fds;
	int fd; /* read-only: ours; sent to nobody */
	int rw; /* read-write, for those who may; -1 once handed out */
	uint32_t count, done;
	/* Called once, when filled or (status not HV_OK, memory_free follows) when that failed. */
	void (*filled)(struct memory *m, enum hv_status status);
	void *owner;
};

/* Begins to fill count pages; filled is called from the loop, never from in here. vchan: it is a
 * ring (which is charged whole, and takes real pages only as it is used), so charge one and the
 * descriptors of an offer too. */
MUST_USE enum hv_status memory_new(
	struct hv *hv, struct account *a, uint32_t count, bool vchan, struct memory **ret);

/* A descriptor of its own for whoever maps it; -errno. */
int memory_open(const struct memory *m, int flags);

/* Its last user in here is done: released as soon as nobody outside has it. */
void memory_let_go(struct memory *m);

/* Now, whoever has it; for an account that ends, or memory that never left. */
void memory_free(struct memory *m);

/* Releases what nobody has any more, looking at no more than `most` of what is held. */
void memory_sweep(struct account *a, unsigned most);

/* All that is still held for an account that ends. */
void memory_free_all(struct hv *hv, struct account *a);

/* One slice for one account. */
void memory_work(struct hv *hv);
