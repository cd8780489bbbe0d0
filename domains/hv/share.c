/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv/share.h"

#include "domains/hv/memory.h"

#include <fcntl.h>

#define FIRST_REF 16 /* the first few mean something else on Xen */

/* Where the share that begins at `first`, or the next behind it, stands. */
static size_t position(const struct share_table *t, uint32_t first) {
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->at[middle]->first < first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct share *find(const struct share_table *t, uint32_t first) {
	size_t i = position(t, first);

	return i < t->count && t->at[i]->first == first ? t->at[i] : NULL;
}

/* The references first..first+count-1 are nobody's, or *first moves behind whose they are. */
static bool is_free(const struct share_table *t, uint32_t *first, uint32_t count) {
	size_t i = position(t, *first);
	const struct share *before = i > 0 ? t->at[i - 1] : NULL;

	if (before && before->first + before->count > *first)
		*first = before->first + before->count;
	else if (i < t->count && t->at[i]->first - *first < count)
		*first = t->at[i]->first + t->at[i]->count;
	else
		return true;
	return false;
}

/* Always finds one: a domain's shares are far fewer than 2^32 pages. */
static uint32_t choose_first(struct share_table *t, uint32_t count) {
	uint32_t first = t->next;

	for (;;) {
		if (first < FIRST_REF || first > UINT32_MAX - count)
			first = FIRST_REF;
		if (is_free(t, &first, count))
			break;
	}
	t->next = first + count;
	return first;
}

static bool insert(struct share_table *t, struct share *s) {
	size_t i;

	if (t->count == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		struct share **at = realloc(t->at, room * sizeof(struct share *));

		if (!at)
			return false;
		t->at = at;
		t->room = room;
	}
	s->first = choose_first(t, s->count);
	i = position(t, s->first);
	memmove(t->at + i + 1, t->at + i, (t->count - i) * sizeof(struct share *));
	t->at[i] = s;
	t->count++;
	return true;
}

static void withdraw(struct share_table *t, struct share *s) {
	size_t i = position(t, s->first);

	if (i < t->count && t->at[i] == s) {
		memmove(t->at + i, t->at + i + 1, (t->count - i - 1) * sizeof(struct share *));
		t->count--;
	}
}

static void share_free(struct share *s) {
	struct share **at = &s->conn->shares;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
	if (s->conn->filling == s)
		s->conn->filling = NULL;
	withdraw(&s->conn->domain->shares, s);
	if (s->memory && s->memory->state == MEMORY_READY)
		memory_let_go(s->memory);
	else if (s->memory)
		memory_free(s->memory);
	free(s);
}

void share_free_all(struct conn *c) {
	if (c->filling)
		share_free(c->filling);
	while (c->shares)
		share_free(c->shares);
}

static void on_filled(struct memory *m, enum hv_status status) {
	struct share *s = m->owner;
	struct conn *c = s->conn;
	uint32_t id = s->request;

	c->filling = NULL;
	watch_events(&c->watch, EPOLLIN);
	if (status == HV_OK && !insert(&c->domain->shares, s))
		status = HV_E_HOST;
	if (status != HV_OK) {
		share_free(s);
		conn_answer(c, id, status, 0, -1);
		return;
	}
	s->next = c->shares;
	c->shares = s;
	if (!conn_answer(c, id, HV_OK, s->first, m->rw))
		return; /* the connection went, and the share with it */
	close(m->rw);
	m->rw = -1;
}

void share_on_share(struct conn *c, const struct hv_request *r, int fd) {
	struct share *s;
	enum hv_status status = HV_E_NO_DOMAIN;

	if (!domain_find(c->watch.hv, r->peer)) {
		conn_answer(c, r->id, status, 0, -1);
		return;
	}
	s = calloc(1, sizeof(*s));
	status = s ? memory_new(c->watch.hv, c->account, r->pages.count, false, &s->memory)
		   : HV_E_HOST;
	if (status != HV_OK) {
		free(s);
		conn_answer(c, r->id, status, 0, -1);
		return;
	}
	s->conn = c;
	s->request = r->id;
	s->count = r->pages.count;
	s->peer = r->peer;
	s->memory->filled = on_filled;
	s->memory->owner = s;
	c->filling = s;
	watch_events(&c->watch, 0);
}

void share_on_unshare(struct conn *c, const struct hv_request *r, int fd) {
	struct share *s = find(&c->domain->shares, r->pages.first);
	bool ours = s && s->conn == c;

	if (ours)
		share_free(s);
	conn_answer(c, r->id, ours ? HV_OK : HV_E_REFS, 0, -1);
}

void share_on_map(struct conn *c, const struct hv_request *r, int fd) {
	struct domain *owner = domain_find(c->watch.hv, r->peer);
	struct share *s = owner ? find(&owner->shares, r->pages.first) : NULL;
	int memfd;

	if (!s || s->count != r->pages.count || s->peer != c->domain->id ||
		(s->conn->only && s->conn->only != c->domain)) {
		conn_answer(c, r->id, owner ? HV_E_REFS : HV_E_NO_DOMAIN, 0, -1);
		return;
	}
	memfd = memory_open(s->memory, O_RDONLY);
	if (memfd < 0) {
		conn_answer(c, r->id, HV_E_HOST, 0, -1);
		return;
	}
	conn_answer(c, r->id, HV_OK, 0, memfd);
	close(memfd);
}
