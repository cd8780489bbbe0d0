/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared pages within one process, for tests: memfds in a list. */
#include "vchan/backend-ops.h"
#include "vchan/memory.h"
#include "vchan/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096u

struct memory_share {
	struct pages_share base; /* first */
	struct memory_share *next;
	int owner, peer;
};

static struct memory_share *shares;
static uint32_t next_ref = 16;

static int reopen(int fd, int flags) {
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static int share_new(int peer, uint32_t count, struct pages_share **ret) {
	struct memory_share *s = calloc(1, sizeof(*s));
	uint32_t *refs = calloc(count, sizeof(*refs));
	int fd = memfd_create("pages", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (!s || !refs || fd < 0 || ftruncate(fd, (off_t)count * PAGE) < 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		free(s);
		free(refs);
		auto_close(&fd);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < count; i++)
		refs[i] = next_ref++;
	*s = (struct memory_share){
		.base = {.ops = &pages_memory_ops, .count = count, .refs = refs, .fd = fd},
		.next = shares,
		.owner = memory_domain(),
		.peer = peer};
	shares = s;
	*ret = &s->base;
	return 0;
}

static void share_free(struct pages_share *base) {
	struct memory_share **at = &shares;

	while (&(*at)->base != base)
		at = &(*at)->next;
	*at = (*at)->next;
	free(base);
}

static bool refs_equal(const struct pages_share *s, const uint8_t *refs) {
	for (uint32_t i = 0; i < s->count; i++) {
		const uint8_t *b = refs + (size_t)i * 4;
		uint32_t ref = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
			       (uint32_t)b[3] << 24;

		if (ref != s->refs[i])
			return false;
	}
	return true;
}

static int view_new(int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret) {
	struct memory_share *s = shares;
	struct pages_view *v;

	while (s && (s->owner != owner || s->peer != memory_domain() || s->base.count != count ||
			    !refs_equal(&s->base, refs)))
		s = s->next;
	if (!s)
		return PAGES_E_REFS;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	*v = (struct pages_view){
		.ops = &pages_memory_ops, .count = count, .fd = reopen(s->base.fd, O_RDONLY)};
	if (v->fd < 0) {
		free(v);
		return -ENOMEM;
	}
	*ret = v;
	return 0;
}

static void view_free(struct pages_view *v) {
	free(v);
}

const struct pages_ops pages_memory_ops = {
	.share_new = share_new,
	.share_free = share_free,
	.view_new = view_new,
	.view_free = view_free,
};
