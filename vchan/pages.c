/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared pages over the backend of this process; what all backends have in common is done here. */
#include "vchan/pages.h"

#include "vchan/backend-ops.h"

#include <errno.h>
#include <sys/mman.h>

#define PAGE 4096u

int pages_share_new(int peer, uint32_t count, struct pages_share **ret) {
	if (!backend.pages)
		return -ENOTCONN;
	if (peer < 0 || count == 0)
		return -EINVAL;
	return backend.pages->share_new(peer, count, ret);
}

int pages_share_fd(const struct pages_share *s) {
	return s->fd;
}

void *pages_share_data(struct pages_share *s) {
	void *data;

	if (s->data)
		return s->data;
	data = mmap(NULL, (size_t)s->count * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (data != MAP_FAILED)
		s->data = data;
	return s->data;
}

const uint32_t *pages_share_refs(const struct pages_share *s) {
	return s->refs;
}

uint32_t pages_share_count(const struct pages_share *s) {
	return s->count;
}

void pages_share_publish(struct pages_share *s, size_t offset, size_t len) {
	if (s->ops->share_publish)
		s->ops->share_publish(s, offset, len);
}

/* Ours is closed before the backend hears of it: then nobody but the peer holds the pages. */
struct pages_share *pages_share_free(struct pages_share *s) {
	if (!s)
		return NULL;
	if (s->data)
		munmap(s->data, (size_t)s->count * PAGE);
	auto_close(&s->fd);
	free(s->refs);
	s->ops->share_free(s);
	return NULL;
}

int pages_view_new(int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret) {
	if (!backend.pages)
		return -ENOTCONN;
	if (owner < 0 || count == 0)
		return -EINVAL;
	return backend.pages->view_new(owner, refs, count, ret);
}

int pages_view_fd(const struct pages_view *v) {
	return v->fd;
}

size_t pages_view_offset(const struct pages_view *v) {
	return v->offset;
}

void pages_view_refresh(struct pages_view *v, size_t offset, size_t len) {
	if (v->ops->view_refresh)
		v->ops->view_refresh(v, offset, len);
}

struct pages_view *pages_view_free(struct pages_view *v) {
	if (!v)
		return NULL;
	auto_close(&v->fd);
	v->ops->view_free(v);
	return NULL;
}
