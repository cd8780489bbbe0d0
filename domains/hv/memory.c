/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv/memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE        4096
#define FILL_PAGES  64  /* about 50 us */
#define EMPTY_PAGES 512 /* about as long */
#define OFFER_FDS   6   /* reply, memory twice, pipes; only the memory stays when it was taken */
#define RETRY_MOST  64  /* held ones that a refused request makes us look at */

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif

int memory_open(const struct memory *m, int flags) {
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%d", m->fd);
	fd = openat(m->hv->proc_fds, name, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The descriptor that memfd_create gives is not counted as a writer by the kernel, one opened anew
 * is: so that one goes out. */
static int make_memfd(struct memory *m) {
	int made = memfd_create("bulkhead", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (made < 0 && errno == EINVAL) /* Linux before 6.3 */
		made = memfd_create("bulkhead", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (made < 0)
		return -errno;
	m->fd = made;
	if (fchmod(made, 0600) == 0 && ftruncate(made, (off_t)m->count * PAGE) == 0 &&
		fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		m->rw = memory_open(m, O_RDWR);
		m->fd = memory_open(m, O_RDONLY);
	} else {
		m->fd = -errno;
	}
	close(made);
	return m->fd < 0 ? m->fd : m->rw < 0 ? m->rw : 0;
}

static void queue_job(struct memory *m) {
	struct memory **at = &m->account->jobs;
	struct hv *hv = m->hv;

	while (*at)
		at = &(*at)->next;
	m->next = NULL;
	*at = m;
	if (m->account->busy)
		return;
	m->account->busy = true;
	m->account->next = NULL;
	if (hv->last_busy)
		hv->last_busy->next = m->account;
	else
		hv->first_busy = m->account;
	hv->last_busy = m->account;
}

static void unlink_from(struct memory **list, struct memory *m) {
	while (*list && *list != m)
		list = &(*list)->next;
	if (*list)
		*list = m->next;
	m->next = NULL;
}

static int take_charges(struct memory *m, bool vchan) {
	struct account *a = m->account;

	if (quota_take(&a->pages, m->count, &m->pages) ||
		quota_take(&a->fds, vchan ? OFFER_FDS : 1, &m->fds))
		return 1;
	return vchan ? quota_take(&a->vchans, 1, &m->vchan) : 0;
}

static void release_charges(struct memory *m) {
	charge_release(&m->pages);
	charge_release(&m->host_pages);
	charge_release(&m->vchan);
	charge_release(&m->fds);
}

enum hv_status memory_new(
	struct hv *hv, struct account *a, uint32_t count, bool vchan, struct memory **ret) {
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return HV_E_HOST;
	*m = (struct memory){.hv = hv, .account = a, .count = count, .fd = -1, .rw = -1};
	if (take_charges(m, vchan)) {
		release_charges(m);
		memory_sweep(a, RETRY_MOST);
		if (take_charges(m, vchan)) {
			memory_free(m);
			return HV_E_QUOTA;
		}
	}
	if (quota_take(&hv->host_pages, count, &m->host_pages) || make_memfd(m) < 0) {
		memory_free(m);
		return HV_E_HOST;
	}
	queue_job(m);
	*ret = m;
	return HV_OK;
}

static bool held_outside(const struct memory *m) {
	if (fcntl(m->fd, F_SETLEASE, F_WRLCK) < 0)
		return errno == EAGAIN;
	fcntl(m->fd, F_SETLEASE, F_UNLCK);
	return false;
}

/* A large one that nobody has is emptied in slices; freeing it at once would take its time. */
static bool begin_to_empty(struct memory *m) {
	if (m->fd < 0 || m->count <= EMPTY_PAGES || held_outside(m))
		return false;
	if (m->rw < 0)
		m->rw = memory_open(m, O_RDWR);
	if (m->rw < 0)
		return false;
	m->account = &m->hv->orphans;
	m->state = MEMORY_EMPTYING;
	m->done = 0;
	queue_job(m);
	return true;
}

void memory_free(struct memory *m) {
	if (m->state == MEMORY_FILLING)
		unlink_from(&m->account->jobs, m);
	else if (m->state == MEMORY_HELD)
		unlink_from(&m->account->held, m);
	auto_close(&m->rw);
	m->rw = -1;
	release_charges(m);
	if (m->state != MEMORY_EMPTYING && begin_to_empty(m))
		return;
	auto_close(&m->fd);
	free(m);
}

void memory_let_go(struct memory *m) {
	auto_close(&m->rw);
	m->rw = -1;
	if (m->fds.from && charge_resize(&m->fds, 1))
		assert(!"a charge that shrinks is never refused");
	if (!held_outside(m)) {
		memory_free(m);
		return;
	}
	m->state = MEMORY_HELD;
	m->next = m->account->held;
	m->account->held = m;
	hv_sweep_soon(m->hv);
}

void memory_sweep(struct account *a, unsigned most) {
	struct memory *still = NULL, **end = &a->held;

	for (; most > 0 && a->held; most--) {
		struct memory *m = a->held;

		if (!held_outside(m)) {
			memory_free(m);
			continue;
		}
		a->held = m->next;
		m->next = still;
		still = m;
	}
	/* those looked at go behind the others */
	while (*end)
		end = &(*end)->next;
	*end = still;
}

static void unqueue(struct hv *hv, struct account *a) {
	struct account **at = &hv->first_busy;

	hv->last_busy = NULL;
	while (*at) {
		if (*at == a) {
			*at = a->next;
			continue;
		}
		hv->last_busy = *at;
		at = &(*at)->next;
	}
	a->busy = false;
}

void memory_free_all(struct hv *hv, struct account *a) {
	while (a->held)
		memory_free(a->held);
	assert(!a->jobs);
	unqueue(hv, a);
}

/* 0: go on; 1: filled or empty; -errno. A vchan's ring is not filled: its ends could punch holes
 * into it anyway, most calls touch a few of its pages, and all of them are charged from the start.
 */
static int work_on(struct memory *m) {
	bool fill = m->state == MEMORY_FILLING;
	uint32_t left = m->count - m->done, n = fill ? FILL_PAGES : EMPTY_PAGES;
	int mode = fill ? 0 : FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (fill && m->vchan.from)
		return 1;
	n = n < left ? n : left;
	if (fallocate(m->rw, mode, (off_t)m->done * PAGE, (off_t)n * PAGE) < 0)
		return errno == EINTR ? 0 : -errno;
	m->done += n;
	return m->done == m->count;
}

static void finish_job(struct memory *m, int r) {
	unlink_from(&m->account->jobs, m);
	if (m->state == MEMORY_EMPTYING) {
		memory_free(m);
		return;
	}
	m->state = MEMORY_READY;
	m->filled(m, r < 0 ? HV_E_HOST : HV_OK);
}

void memory_work(struct hv *hv) {
	struct account *a = hv->first_busy;
	struct memory *m = a->jobs;
	int r = m ? work_on(m) : 0;

	hv->first_busy = a->next;
	if (!hv->first_busy)
		hv->last_busy = NULL;
	a->next = NULL;
	a->busy = false;
	if (a->jobs && (r == 0 || a->jobs->next)) {
		a->busy = true;
		if (hv->last_busy)
			hv->last_busy->next = a;
		else
			hv->first_busy = a;
		hv->last_busy = a;
	}
	if (r != 0)
		finish_job(m, r);
}
