/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of a vchan in one process, for tests: the local backend without bulkhead-hv. */
#include "vchan/backend.h"
#include "vchan/libvchan.h"
#include "vchan/memory.h"
#include "vchan/ring-vchan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* A server that nobody took yet, or a client that waits. */
struct meeting {
	struct meeting *next;
	int server, client, port;
	int memfd, ear, bell;    /* the client's ends; memfd -1: no server yet */
	struct ring_vchan *who;  /* the client that waits */
	struct ring_vchan *host; /* the server */
	int wake;                /* its watch descriptor's other end */
};

static struct meeting *meetings;
static int current_domain;

void vchan_memory_domain(int domain) {
	current_domain = domain;
}

int memory_domain(void) {
	return current_domain;
}

static struct meeting *find(int server, int client, int port, bool offered) {
	struct meeting *m = meetings;

	while (m && (m->server != server || m->client != client || m->port != port ||
			    (m->memfd >= 0) != offered))
		m = m->next;
	return m;
}

static void forget(struct meeting *m) {
	struct meeting **at = &meetings;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (m->who)
		m->who->waits = NULL;
	if (m->host)
		m->host->waits = NULL;
	auto_close(&m->memfd);
	auto_close(&m->ear);
	auto_close(&m->bell);
	auto_close(&m->wake);
	free(m);
}

static struct meeting *meeting_new(int server, int client, int port) {
	struct meeting *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	*m = (struct meeting){.next = meetings,
		.server = server,
		.client = client,
		.port = port,
		.memfd = -1,
		.ear = -1,
		.bell = -1,
		.wake = -1};
	meetings = m;
	return m;
}

/* Memory and pipes: the server's ear and bell in ends[0..1], the client's in ends[2..3]. */
static int make_ends(struct ring_orders o, int *ret_memfd, int ends[4]) {
	uint8_t header[RING_HEADER_SIZE];
	int fd = memfd_create("vchan", MFD_CLOEXEC), to_server[2], to_client[2];

	ring_header(o, header);
	if (fd < 0 || ftruncate(fd, (off_t)(ring_pages(o) * RING_PAGE)) < 0 ||
		pwrite(fd, header, sizeof(header), 0) != sizeof(header) ||
		pipe2(to_server, O_CLOEXEC | O_NONBLOCK) < 0) {
		auto_close(&fd);
		return -ENOMEM;
	}
	if (pipe2(to_client, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(to_server[0]);
		close(to_server[1]);
		close(fd);
		return -ENOMEM;
	}
	*ret_memfd = fd;
	ends[0] = to_server[0];
	ends[1] = to_client[1];
	ends[2] = to_client[0];
	ends[3] = to_server[1];
	return 0;
}

static int server_new(
	int domain, int port, size_t read_min, size_t write_min, struct libvchan **ret) {
	struct meeting *m = find(current_domain, domain, port, false);
	struct ring_orders o;
	struct ring_vchan *v;
	int ends[4], memfd, r;

	if (ring_choose(read_min, write_min, &o))
		return -EINVAL;
	if (find(current_domain, domain, port, true))
		return -EADDRINUSE;
	v = ring_vchan_new(&vchan_memory_ops);
	if (!m)
		m = meeting_new(current_domain, domain, port);
	r = v && m ? make_ends(o, &memfd, ends) : -ENOMEM;
	if (r < 0) {
		free(v);
		return r;
	}
	m->memfd = memfd;
	m->ear = ends[2];
	m->bell = ends[3];
	auto_close(&m->wake); /* a waiting client's watch becomes readable */
	m->wake = -1;
	r = ring_vchan_attach(v, dup(memfd), ends[0], ends[1], &o);
	if (r < 0) {
		ring_vchan_close(&v->base);
		return r;
	}
	v->waits = m;
	m->host = v;
	*ret = &v->base;
	return 0;
}

static int client_new(int domain, int port, struct libvchan **ret, int *ret_watch) {
	struct meeting *m = find(domain, current_domain, port, true);
	struct ring_vchan *v = ring_vchan_new(&vchan_memory_ops);
	int watch[2];

	if (!m)
		m = meeting_new(domain, current_domain, port);
	if (!v || !m || pipe2(watch, O_CLOEXEC | O_NONBLOCK) < 0) {
		free(v);
		return -ENOMEM;
	}
	v->waiting = watch[0];
	v->waits = m;
	m->who = v;
	m->wake = watch[1];
	if (m->memfd >= 0) {
		close(m->wake);
		m->wake = -1;
	}
	*ret_watch = v->waiting;
	*ret = &v->base;
	return 0;
}

static int client_finish(struct libvchan *base) {
	struct ring_vchan *v = (struct ring_vchan *)(void *)base;
	struct meeting *m = v->waits;
	int r;

	if (v->area)
		return 0;
	if (!m)
		return -ENOENT;
	if (m->memfd < 0)
		return 1;
	r = ring_vchan_attach(v, TAKE_FD(m->memfd), TAKE_FD(m->ear), TAKE_FD(m->bell), NULL);
	forget(m);
	auto_close(&v->waiting);
	v->waiting = -1;
	return r;
}

/* A meeting ends with whichever of the two leaves before they met. */
static void memory_close(struct libvchan *base) {
	struct ring_vchan *v = (struct ring_vchan *)(void *)base;
	struct meeting *m = v->waits;

	if (m && m->who == v && m->memfd >= 0)
		m->who = NULL; /* another client may take the offer */
	else if (m)
		forget(m);
	ring_vchan_close(base);
}

const struct vchan_ops vchan_memory_ops = {
	.server_new = server_new,
	.client_new = client_new,
	.client_finish = client_finish,
	.read = ring_vchan_read,
	.drain = ring_vchan_drain,
	.write = ring_vchan_write,
	.take_events = ring_vchan_take_events,
	.is_open = ring_vchan_is_open,
	.data_ready = ring_vchan_data_ready,
	.buffer_space = ring_vchan_buffer_space,
	.fd = ring_vchan_fd,
	.close = memory_close,
};
