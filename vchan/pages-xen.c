/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages over Xen grants. X servers attach a memfd but no grant device, so each side has a memfd
 * beside the granted pages, and publish and refresh copy between the two.
 *
 * The reader never depends on the owner's good will: the owner may end its grants, write while we
 * copy, or be destroyed. What we have mapped stays readable until we unmap it, and that an unmap
 * fails costs us the address range and nothing more (bug class D4).
 */
#include "vchan/pages.h"
#include "vchan/vchan-xen.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE       4096u
#define PAGES_MOST 98304u /* what a WINDOW_DUMP can carry */
/* The kernel bounds what one call maps; several mappings of this many pages make a view. */
#define CHUNK      16384u

/* A sealed memfd of that many pages and where it is mapped. */
static int own_memory(uint32_t count, int prot, int *ret_fd, void **ret_data) {
	size_t size = (size_t)count * PAGE;
	AUTO(auto_close) int fd = memfd_create("bulkhead-pages", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *data;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return -errno;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -errno;
	data = mmap(NULL, size, prot, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*ret_fd = TAKE_FD(fd);
	*ret_data = data;
	return 0;
}

/* The part of [offset, offset + len) that lies within the pages; 0 if none does. */
static size_t within(uint32_t count, size_t offset, size_t len) {
	size_t size = (size_t)count * PAGE;

	if (offset >= size)
		return 0;
	return len < size - offset ? len : size - offset;
}

struct xen_share {
	struct pages_share base;
	void *granted;
};

static int grant(struct xen_share *s, int peer) {
	s->base.refs = calloc(s->base.count, sizeof(*s->base.refs));
	if (!s->base.refs)
		return -ENOMEM;
	s->granted = xengntshr_share_pages(
		xen_gntshr(), (uint32_t)peer, (int)s->base.count, s->base.refs, 0);
	if (s->granted)
		return 0;
	/* The kernel's limit for the whole domain (xen_gntalloc.limit), or no grant entry is left.
	 */
	return errno == ENOSPC ? -EDQUOT : xen_error();
}

static int xen_share_new(int peer, uint32_t count, struct pages_share **ret) {
	struct xen_share *s;
	int r;

	if (peer > XEN_DOMAIN_MOST || count > PAGES_MOST)
		return -EINVAL;
	if (!xen_gntshr())
		return xen_error();
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base = (struct pages_share){.ops = &pages_xen_ops, .count = count, .fd = -1};
	r = own_memory(count, PROT_READ | PROT_WRITE, &s->base.fd, &s->base.data);
	if (r == 0)
		r = grant(s, peer);
	if (r < 0) {
		pages_share_free(&s->base);
		return r;
	}
	memset(s->granted, 0, (size_t)count * PAGE);
	*ret = &s->base;
	return 0;
}

static void xen_share_publish(struct pages_share *base, size_t offset, size_t len) {
	struct xen_share *s = (struct xen_share *)base;

	len = within(base->count, offset, len);
	if (len > 0)
		memcpy((char *)s->granted + offset, (char *)base->data + offset, len);
}

static void xen_share_free(struct pages_share *base) {
	struct xen_share *s = (struct xen_share *)base;

	/* Pages that the peer still maps live on in the kernel until it lets them go. */
	if (s->granted)
		(void)xengntshr_unshare(xen_gntshr(), s->granted, base->count);
	free(s);
}

struct xen_view {
	struct pages_view base;
	void *data;      /* our memfd */
	uint32_t chunks; /* mapped so far */
	void *mapped[];
};

static uint32_t chunk_pages(uint32_t count, uint32_t chunk) {
	uint32_t rest = count - chunk * CHUNK;

	return rest < CHUNK ? rest : CHUNK;
}

static int map_chunks(struct xen_view *v, int owner, uint32_t *refs) {
	for (uint32_t at = 0; at < v->base.count; at += CHUNK) {
		uint32_t n = chunk_pages(v->base.count, v->chunks);
		void *pages = xengnttab_map_domain_grant_refs(
			xen_gnttab(), n, (uint32_t)owner, refs + at, PROT_READ);

		if (!pages)
			return errno == ENOMEM ? -ENOMEM : PAGES_E_REFS;
		v->mapped[v->chunks++] = pages;
	}
	return 0;
}

static uint32_t *decode_refs(const uint8_t *untrusted, uint32_t count) {
	uint32_t *refs = calloc(count, sizeof(*refs));

	for (uint32_t i = 0; refs && i < count; i++, untrusted += 4)
		refs[i] = (uint32_t)untrusted[0] | (uint32_t)untrusted[1] << 8 |
			  (uint32_t)untrusted[2] << 16 | (uint32_t)untrusted[3] << 24;
	return refs;
}

static int xen_view_new(
	int owner, const uint8_t *untrusted_refs, uint32_t count, struct pages_view **ret) {
	AUTO(auto_free) uint32_t *refs = NULL;
	struct xen_view *v;
	int r;

	if (owner > XEN_DOMAIN_MOST || count > PAGES_MOST)
		return -EINVAL;
	if (!xen_gnttab())
		return xen_error();
	refs = decode_refs(untrusted_refs, count);
	v = calloc(1, sizeof(*v) + ((count + CHUNK - 1) / CHUNK) * sizeof(v->mapped[0]));
	if (!refs || !v) {
		free(v);
		return -ENOMEM;
	}
	v->base = (struct pages_view){.ops = &pages_xen_ops, .count = count, .fd = -1};
	r = own_memory(count, PROT_READ | PROT_WRITE, &v->base.fd, &v->data);
	if (r == 0)
		r = map_chunks(v, owner, refs);
	if (r != 0) {
		pages_view_free(&v->base);
		return r;
	}
	pages_view_refresh(&v->base, 0, (size_t)count * PAGE);
	*ret = &v->base;
	return 0;
}

static void xen_view_refresh(struct pages_view *base, size_t offset, size_t len) {
	const size_t chunk_size = (size_t)CHUNK * PAGE;
	struct xen_view *v = (struct xen_view *)base;

	len = within(base->count, offset, len);
	while (len > 0) {
		size_t in = offset % chunk_size;
		size_t n = len < chunk_size - in ? len : chunk_size - in;

		memcpy((char *)v->data + offset, (char *)v->mapped[offset / chunk_size] + in, n);
		offset += n;
		len -= n;
	}
}

static void xen_view_free(struct pages_view *base) {
	struct xen_view *v = (struct xen_view *)base;

	for (uint32_t i = 0; i < v->chunks; i++)
		(void)xengnttab_unmap(xen_gnttab(), v->mapped[i], chunk_pages(base->count, i));
	if (v->data)
		munmap(v->data, (size_t)base->count * PAGE);
	free(v);
}

const struct pages_ops pages_xen_ops = {
	.share_new = xen_share_new,
	.share_publish = xen_share_publish,
	.share_free = xen_share_free,
	.view_new = xen_view_new,
	.view_refresh = xen_view_refresh,
	.view_free = xen_view_free,
};
