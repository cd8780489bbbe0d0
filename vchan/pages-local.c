/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages in memfds that bulkhead-hv makes: the X servers on both sides attach the same memory. */
#include "vchan/backend-ops.h"
#include "vchan/hv-link.h"
#include "vchan/pages.h"
#include "vchan/vchan-local.h"

#include <errno.h>
#include <sys/stat.h>

#define PAGE 4096u

/* Asks for a descriptor to at least `pages` pages, behind the offset that a map's answer tells. 0,
 * -errno or PAGES_E_REFS by the answer. */
static int ask_for_memfd(struct hv_request *r, uint64_t pages, uint32_t *ret_value, int *ret_fd) {
	struct hv_answer a;
	int fd = -1, answer = hv_link_ask(vchan_local_link(), r, -1, &a, &fd);
	struct stat st;

	if (answer == 0)
		answer = r->type == HV_PAGES_MAP && a.status == HV_E_REFS ? PAGES_E_REFS
									  : hv_link_errno(a.status);
	if (answer == 0 && fd < 0)
		answer = -EPROTO;
	if (answer == 0 && fstat(fd, &st) < 0)
		answer = -errno;
	if (answer == 0 && r->type == HV_PAGES_MAP)
		pages += a.value;
	if (answer == 0 && (uint64_t)st.st_size < pages * PAGE)
		answer = -EPROTO;
	if (answer != 0) {
		auto_close(&fd);
		return answer;
	}
	*ret_value = a.value;
	*ret_fd = fd;
	return 0;
}

static void unshare(uint32_t first) {
	struct hv_request r = {.type = HV_PAGES_UNSHARE, .pages = {.first = first}};
	struct hv_answer a;

	/* An hv that is gone has forgotten them anyway. */
	if (hv_link_ask(vchan_local_link(), &r, -1, &a, NULL) < 0)
		return;
}

struct local_share {
	struct pages_share base; /* first */
	uint32_t first;
};

static int share_new(int peer, uint32_t count, struct pages_share **ret) {
	struct hv_request r = {.type = HV_PAGES_SHARE, .peer = (uint32_t)peer};
	struct local_share *s;
	int answer;

	if (count > HV_PAGES_MAX)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base = (struct pages_share){.ops = &pages_local_ops, .count = count, .fd = -1};
	s->base.refs = calloc(count, sizeof(*s->base.refs));
	r.pages.count = count;
	answer = s->base.refs ? ask_for_memfd(&r, count, &s->first, &s->base.fd) : -ENOMEM;
	if (answer != 0) {
		free(s->base.refs);
		free(s);
		return answer;
	}
	for (uint32_t i = 0; i < count; i++)
		s->base.refs[i] = s->first + i;
	*ret = &s->base;
	return 0;
}

static void share_free(struct pages_share *base) {
	struct local_share *s = (struct local_share *)(void *)base;

	unshare(s->first);
	free(s);
}

static uint32_t ref_at(const uint8_t *refs, uint32_t i) {
	struct span in = span_over(refs + (size_t)i * 4, 4);

	return span_u32(&in);
}

static int view_new(int owner, const uint8_t *refs, uint32_t count, struct pages_view **ret) {
	struct hv_request r = {.type = HV_PAGES_MAP, .peer = (uint32_t)owner};
	uint32_t first = ref_at(refs, 0), offset;
	struct pages_view *v;
	int fd, answer;

	if (count > HV_PAGES_MAX || count - 1 > UINT32_MAX - first)
		return PAGES_E_REFS;
	for (uint32_t i = 1; i < count; i++)
		if (ref_at(refs, i) != first + i)
			return PAGES_E_REFS;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	r.pages.first = first;
	r.pages.count = count;
	answer = ask_for_memfd(&r, count, &offset, &fd);
	if (answer != 0) {
		free(v);
		return answer;
	}
	*v = (struct pages_view){
		.ops = &pages_local_ops, .count = count, .fd = fd, .offset = (size_t)offset * PAGE};
	*ret = v;
	return 0;
}

static void view_free(struct pages_view *v) {
	free(v);
}

const struct pages_ops pages_local_ops = {
	.share_new = share_new,
	.share_free = share_free,
	.view_new = view_new,
	.view_free = view_free,
};
