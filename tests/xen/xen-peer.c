/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One end of a vchan or of shared pages inside the emulated machine; what it prints is what the
 * test reads. Ends with 0 only if everything was as it must be. The modes with "bare" use Xen's own
 * library, to show that ours speaks its wire.
 */
#include "common/cleanup.h"
#include "vchan/backend.h"
#include "vchan/libvchan.h"
#include "vchan/pages.h"

#include <err.h>
#include <errno.h>
#include <libxenvchan.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenstore.h>

#define PAGE 4096u

static int peer, port;

static libvchan_t *serve(size_t ring) {
	libvchan_t *v = libvchan_server_init(peer, port, ring, ring);

	if (!v)
		err(1, "server for domain %d on port %d", peer, port);
	printf("serving\n");
	while (libvchan_is_open(v) == VCHAN_WAITING)
		if (libvchan_wait(v) < 0)
			errx(1, "waiting for the client failed");
	libvchan_set_blocking(v, 1);
	if (libvchan_is_open(v) == VCHAN_CONNECTED)
		printf("connected\n");
	return v;
}

static libvchan_t *connect_to(void) {
	libvchan_t *v = libvchan_client_init(peer, port);

	if (!v)
		err(1, "client of domain %d on port %d", peer, port);
	libvchan_set_blocking(v, 1);
	printf("connected\n");
	return v;
}

static void get(libvchan_t *v, void *data, size_t size) {
	for (size_t done = 0; done < size;) {
		int n = libvchan_read(v, (char *)data + done, size - done);

		if (n <= 0)
			errx(1, "closed after %zu of %zu bytes", done, size);
		done += (size_t)n;
	}
}

static void put(libvchan_t *v, const void *data, size_t size) {
	if (libvchan_write(v, data, size) != (int)size)
		errx(1, "closed in a write of %zu bytes", size);
}

static int echo(void) {
	libvchan_t *v = serve(4096);
	char data[10000];
	int n;

	while ((n = libvchan_read(v, data, sizeof(data))) > 0)
		if (libvchan_write(v, data, (size_t)n) != n)
			break;
	printf("closed\n");
	libvchan_close(v);
	return 0;
}

/* Sizes around the ring's, so that every message but the small ones wraps and waits. */
static int ping(void) {
	static const size_t sizes[] = {1, 7, 1000, 4095, 4096, 4097, 100000};
	libvchan_t *v = connect_to();
	AUTO(auto_free) uint8_t *out = malloc(100000), *in = malloc(100000);

	if (!out || !in)
		errx(1, "no memory");
	for (unsigned i = 0; i < 70; i++) {
		size_t size = sizes[i % 7], sent = 0, got = 0;

		for (size_t k = 0; k < size; k++)
			out[k] = (uint8_t)(k * 31 + i);
		libvchan_set_blocking(v, 0);
		while (got < size) {
			int w = sent < size ? libvchan_write(v, out + sent, size - sent) : 0;
			int r = libvchan_read(v, in + got, size - got);

			if (w < 0 || r < 0)
				errx(1, "closed in message %u", i);
			sent += (size_t)w;
			got += (size_t)r;
			if (w == 0 && r == 0) {
				struct pollfd p = {
					.fd = libvchan_fd_for_select(v), .events = POLLIN};

				if (poll(&p, 1, 20000) != 1)
					errx(1, "no event in 20 s: %zu sent, %zu back, of %zu",
						sent, got, size);
				if (libvchan_wait(v) < 0)
					errx(1, "wait failed");
			}
		}
		if (memcmp(in, out, size) != 0)
			errx(1, "message %u came back changed", i);
	}
	libvchan_close(v);
	printf("70 messages came back\n");
	return 0;
}

static int await_end(libvchan_t *v) {
	char data[64];

	while (libvchan_read(v, data, sizeof(data)) > 0)
		continue;
	if (libvchan_is_open(v) != VCHAN_DISCONNECTED)
		errx(1, "read says closed, is_open says %d", libvchan_is_open(v));
	if (libvchan_write(v, "x", 1) != -1)
		errx(1, "a write to a dead peer succeeds");
	libvchan_close(v);
	printf("peer gone\n");
	return 0;
}

static int watch(void) {
	return await_end(connect_to());
}

static int serve_and_watch(void) {
	return await_end(serve(4096));
}

/* A server whose client never comes; its domain ends. */
static int fails_to_connect(void) {
	libvchan_t *v = libvchan_client_init(peer, port);

	if (v || errno != ENOENT)
		err(1, "a client of a domain that is not there (anything but ENOENT is wrong)");
	printf("no such domain\n");
	return 0;
}

static uint8_t pattern(size_t at) {
	return (uint8_t)(at / PAGE * 7 + at % 251);
}

static int share(uint32_t count) {
	libvchan_t *v = serve(65536);
	struct pages_share *s;
	uint8_t *data, command;
	int r = pages_share_new(peer, count, &s);

	if (r < 0) {
		errno = -r;
		err(1, "sharing %u pages", count);
	}
	data = pages_share_data(s);
	for (size_t i = 0; i < (size_t)count * PAGE; i++)
		data[i] = pattern(i);
	pages_share_publish(s, 0, (size_t)count * PAGE);
	put(v, &count, sizeof(count));
	put(v, pages_share_refs(s), count * sizeof(uint32_t));
	while (libvchan_read(v, &command, 1) == 1) {
		if (command == 'w') {
			memset(data, 0xee, 20000);
			pages_share_publish(s, 5000, 9000);
		} else if (command == 'r') {
			s = pages_share_free(s);
		}
		put(v, &command, 1);
	}
	pages_share_free(s);
	libvchan_close(v);
	printf("closed\n");
	return 0;
}

/* A share larger than the kernel's limit is an answer, and what was there before stays. */
static int share_too_much(void) {
	struct pages_share *small, *large;
	int r = pages_share_new(peer, 10, &small);

	if (r < 0)
		errx(1, "ten pages: %s", strerror(-r));
	r = pages_share_new(peer, 98304, &large);
	if (r != -EDQUOT)
		errx(1, "98304 pages: %s, not over quota", r < 0 ? strerror(-r) : "done");
	pages_share_free(small);
	r = pages_share_new(peer, 10, &small);
	if (r < 0)
		errx(1, "ten pages afterwards: %s", strerror(-r));
	pages_share_free(small);
	printf("over quota\n");
	return 0;
}

struct seen {
	uint32_t count;
	uint8_t *refs;
	const uint8_t *data;
	struct pages_view *view;
};

static struct seen view_of(libvchan_t *v) {
	struct seen s = {0};
	int r;

	get(v, &s.count, sizeof(s.count));
	s.refs = malloc(s.count * 4);
	if (!s.refs)
		errx(1, "no memory");
	get(v, s.refs, s.count * 4);
	r = pages_view_new(peer, s.refs, s.count, &s.view);
	if (r != 0)
		errx(1, "mapping %u pages: %d", s.count, r);
	s.data = mmap(NULL, s.count * PAGE, PROT_READ, MAP_SHARED, pages_view_fd(s.view),
		(off_t)pages_view_offset(s.view));
	if (s.data == MAP_FAILED)
		err(1, "the view's descriptor");
	return s;
}

static void expect(const struct seen *s, size_t changed_from, size_t changed_to, const char *when) {
	for (size_t i = 0; i < s->count * PAGE; i++) {
		uint8_t want = i >= changed_from && i < changed_to ? 0xee : pattern(i);

		if (s->data[i] != want)
			errx(1, "%s: byte %zu is %02x, not %02x", when, i, s->data[i], want);
	}
}

static void tell(libvchan_t *v, char command) {
	char answer;

	put(v, &command, 1);
	get(v, &answer, 1);
}

static int view(void) {
	libvchan_t *v = connect_to();
	struct seen s = view_of(v);
	struct pages_view *other = NULL;

	expect(&s, 0, 0, "at first");
	tell(v, 'w');
	expect(&s, 0, 0, "before the refresh");
	pages_view_refresh(s.view, 5000, 9000);
	expect(&s, 5000, 14000, "after the refresh");
	pages_view_refresh(s.view, (size_t)-100, 4000);
	pages_view_refresh(s.view, 0, (size_t)-1);
	expect(&s, 5000, 14000, "after a refresh beyond the end");
	tell(v, 'r');
	pages_view_refresh(s.view, 0, s.count * PAGE);
	expect(&s, 5000, 14000, "after the owner took the pages back");
	pages_view_free(s.view);
	/* The owner's kernel ends grants that were mapped when they were freed by a timer of its
	 * own. */
	while (pages_view_new(peer, s.refs, s.count, &other) == 0) {
		pages_view_free(other);
		poll(NULL, 0, 300);
	}
	memset(s.refs, 0xff, s.count * 4);
	if (pages_view_new(peer, s.refs, s.count, &other) != PAGES_E_REFS)
		errx(1, "references that nobody granted work");
	libvchan_close(v);
	printf("pages are right\n");
	return 0;
}

/* The owner's domain is destroyed while its pages are mapped. */
static int view_of_the_dead(void) {
	libvchan_t *v = connect_to();
	struct seen s = view_of(v);

	printf("mapped\n");
	await_end(v);
	pages_view_refresh(s.view, 0, s.count * PAGE);
	expect(&s, 0, 0, "after the owner's end");
	pages_view_free(s.view);
	printf("pages outlive their owner\n");
	return 0;
}

static char *bare_path(int server, int client) {
	char *path;

	if (asprintf(&path, "/local/domain/%d/data/vchan/%d/%d", server, client, port) < 0)
		errx(1, "no memory");
	return path;
}

static int own_domain(void) {
	struct xs_handle *xs = xs_open(0);
	AUTO(auto_free) char *id = xs ? xs_read(xs, 0, "domid", NULL) : NULL;

	if (!id)
		err(1, "own domain id");
	xs_close(xs);
	return (int)strtol(id, NULL, 10);
}

static int bare_echo(void) {
	struct libxenvchan *v = libxenvchan_server_init(
		NULL, peer, bare_path(own_domain(), peer), 4096, 4096);
	char data[3000];
	int n;

	if (!v)
		err(1, "libxenvchan's server");
	v->blocking = 1;
	printf("serving\n");
	while ((n = libxenvchan_read(v, data, sizeof(data))) > 0)
		if (libxenvchan_write(v, data, (size_t)n) != n)
			break;
	libxenvchan_close(v);
	printf("closed\n");
	return 0;
}

static int bare_ping(void) {
	struct libxenvchan *v = libxenvchan_client_init(NULL, peer, bare_path(peer, own_domain()));
	char out[3000], in[3000];

	if (!v)
		err(1, "libxenvchan's client");
	v->blocking = 1;
	for (int i = 0; i < 50; i++) {
		memset(out, i, sizeof(out));
		if (libxenvchan_send(v, out, sizeof(out)) != sizeof(out) ||
			libxenvchan_recv(v, in, sizeof(in)) != sizeof(in) ||
			memcmp(in, out, sizeof(in)) != 0)
			errx(1, "message %d did not come back as it was", i);
	}
	libxenvchan_close(v);
	printf("50 messages came back\n");
	return 0;
}

int main(int argc, char **argv) {
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = {{"echo", echo}, {"ping", ping}, {"watch", watch},
		{"serve-and-watch", serve_and_watch}, {"no-such-domain", fails_to_connect},
		{"share-too-much", share_too_much}, {"view", view},
		{"view-of-the-dead", view_of_the_dead}, {"bare-echo", bare_echo},
		{"bare-ping", bare_ping}};
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4)
		errx(2, "usage: xen-peer MODE DOMAIN PORT [PAGES]");
	peer = (int)strtol(argv[2], NULL, 10);
	port = (int)strtol(argv[3], NULL, 10);
	r = vchan_use("xen");
	if (r < 0)
		errx(1, "Xen: %s", strerror(-r));
	if (strcmp(argv[1], "share") == 0 && argc == 5)
		return share((uint32_t)strtoul(argv[4], NULL, 10));
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run();
	errx(2, "no mode %s", argv[1]);
}
