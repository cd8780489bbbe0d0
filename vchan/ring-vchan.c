/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vchan/ring-vchan.h"

#include "vchan/libvchan.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct ring_vchan *from_base(struct libvchan *v) {
	return (struct ring_vchan *)(void *)v;
}

struct ring_vchan *ring_vchan_new(const struct vchan_ops *ops) {
	struct ring_vchan *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->base.ops = ops;
	v->ear = v->bell = v->waiting = -1;
	return v;
}

static void ring_bell(struct ring_vchan *v) {
	static const char event = 0;

	if (v->strike) {
		v->strike(v);
		return;
	}
	/* A full pipe is a bell that rings already. */
	if (v->bell >= 0 && write(v->bell, &event, 1) < 0 && errno == EPIPE)
		v->hung_up = true;
}

static int map_area(struct ring_vchan *v, int memfd) {
	struct stat st;
	void *area;

	if (fstat(memfd, &st) < 0)
		return -errno;
	if (st.st_size < (off_t)RING_PAGE ||
		st.st_size > 2 * (off_t)RING_PAGE + (2 << RING_ORDER_MOST))
		return -EPROTO;
	area = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (area == MAP_FAILED)
		return -errno;
	v->area = area;
	v->area_size = (size_t)st.st_size;
	return 0;
}

int ring_vchan_attach(
	struct ring_vchan *v, int memfd, int ear, int bell, const struct ring_orders *orders) {
	struct ring_orders o;
	int r;

	v->ear = ear;
	v->bell = bell;
	r = map_area(v, memfd);
	auto_close(&memfd);
	if (r < 0)
		return r;
	o = orders ? *orders : ring_untrusted_orders(v->area);
	if (!ring_orders_valid(o) || ring_pages(o) * RING_PAGE != v->area_size)
		return -EPROTO;
	ring_attach(v->area, o, orders != NULL, &v->ring);
	if (!orders)
		ring_bell(v);
	return 0;
}

int ring_vchan_is_open(struct libvchan *base) {
	struct ring_vchan *v = from_base(base);

	if (!v->area || v->hung_up)
		return v->waiting >= 0 ? VCHAN_WAITING : VCHAN_DISCONNECTED;
	switch (ring_peer(&v->ring)) {
	case RING_LIVE:
		return VCHAN_CONNECTED;
	case RING_WAITING:
		return VCHAN_WAITING;
	default:
		return VCHAN_DISCONNECTED;
	}
}

int ring_vchan_data_ready(struct libvchan *base) {
	struct ring_vchan *v = from_base(base);

	if (!v->area)
		return 0;
	ring_request(&v->ring, RING_WRITTEN);
	return (int)ring_ready(&v->ring);
}

int ring_vchan_buffer_space(struct libvchan *base) {
	struct ring_vchan *v = from_base(base);

	if (!v->area)
		return 0;
	ring_request(&v->ring, RING_CONSUMED);
	return (int)ring_space(&v->ring);
}

/* How much of `size` can move now; asks for a wake if that is not all of it. */
static uint32_t available(
	struct ring *r, uint32_t (*count)(struct ring *), uint8_t what, size_t size) {
	uint32_t n = count(r);

	if (n >= size)
		return n;
	ring_request(r, what);
	return count(r);
}

/* At least `least` bytes, at most `size`; asks for a wake if there are fewer than `content`. The
 * peer's state is read before the indices: what it wrote before it left is not lost. */
static int take(struct libvchan *base, void *data, size_t least, size_t content, size_t size) {
	struct ring_vchan *v = from_base(base);
	bool open = ring_vchan_is_open(base) != VCHAN_DISCONNECTED;
	uint32_t n;

	if (!v->area)
		return open ? 0 : -1;
	if (size == 0)
		return 0;
	if (least > v->ring.in.size)
		return -1;
	n = available(&v->ring, ring_ready, RING_WRITTEN, content);
	if (n < least)
		return open && !v->ring.broken ? 0 : -1;
	n = size < n ? (uint32_t)size : n;
	ring_read(&v->ring, data, n);
	if (ring_owes(&v->ring, RING_CONSUMED))
		ring_bell(v);
	return (int)n;
}

int ring_vchan_read(struct libvchan *base, void *data, size_t size, bool all) {
	return take(base, data, all ? size : 1, size, size);
}

int ring_vchan_drain(struct libvchan *base, void *data, size_t size) {
	return take(base, data, 1, 1, size);
}

int ring_vchan_write(struct libvchan *base, const void *data, size_t size, bool all) {
	struct ring_vchan *v = from_base(base);
	uint32_t n;

	if (ring_vchan_is_open(base) == VCHAN_DISCONNECTED)
		return -1;
	if (!v->area || size == 0)
		return 0;
	if (all && size > v->ring.out.size)
		return -1;
	n = available(&v->ring, ring_space, RING_CONSUMED, size);
	if (v->ring.broken)
		return -1;
	if (all && n < size)
		return 0;
	if (n == 0)
		return 0;
	n = size < n ? (uint32_t)size : n;
	ring_write(&v->ring, data, n);
	if (ring_owes(&v->ring, RING_WRITTEN))
		ring_bell(v);
	return (int)n;
}

int ring_vchan_take_events(struct libvchan *base) {
	struct ring_vchan *v = from_base(base);
	char events[256];
	ssize_t n;

	if (v->ear < 0)
		return -1;
	do
		n = read(v->ear, events, sizeof(events));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		v->hung_up = true;
	return n < 0 && errno != EAGAIN ? -1 : 0;
}

int ring_vchan_fd(struct libvchan *base) {
	struct ring_vchan *v = from_base(base);

	return v->ear >= 0 ? v->ear : v->waiting;
}

/* The closed pipes tell the peer. */
void ring_vchan_close(struct libvchan *base) {
	struct ring_vchan *v = from_base(base);

	if (v->ring.own_live)
		ring_leave(&v->ring);
	if (v->area)
		munmap(v->area, v->area_size);
	auto_close(&v->ear);
	auto_close(&v->bell);
	auto_close(&v->waiting);
	free(v);
}
