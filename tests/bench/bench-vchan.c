/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our vchan over a real bulkhead-hv beside its floors, measured in turn in one run: a Unix stream
 * for round trips and throughput, and for throughput a bare ring in a memfd whose ends only yield.
 * Prints p50, p99 and ratios; asserts nothing about them.
 *
 * usage: bench-vchan PATH-OF-BULKHEAD-HV [ROUNDS]
 */
#include "vchan/backend.h"
#include "vchan/hv-link.h"
#include "vchan/libvchan.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#define MESSAGE     64
#define TRIPS       400            /* a round */
#define BULK        (256ull << 20) /* a round */
#define CHUNK       65536
#define RING        (512u << 10)
#define ROUNDS_MOST 200
#define PORT        1000

static char dir[] = "/tmp/bench-vchan-XXXXXX", chunk[CHUNK];
static struct hv_link *manager;
static uint32_t domain;

static double now_us(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The ways: each moves all bytes of a buffer, waiting as its kind waits. */
struct way {
	const char *name;
	void (*send)(void *end, const char *data, size_t n);
	void (*receive)(void *end, char *data, size_t n);
};

static void stream_send(void *end, const char *data, size_t n) {
	for (size_t done = 0; done < n;) {
		ssize_t r = send(*(int *)end, data + done, n - done, MSG_NOSIGNAL);

		if (r < 0)
			err(1, "send");
		done += (size_t)r;
	}
}

static void stream_receive(void *end, char *data, size_t n) {
	for (size_t done = 0; done < n;) {
		ssize_t r = recv(*(int *)end, data + done, n - done, 0);

		if (r <= 0)
			err(1, "recv");
		done += (size_t)r;
	}
}

static void vchan_send(void *end, const char *data, size_t n) {
	if (libvchan_write(end, data, n) != (int)n)
		errx(1, "vchan write");
}

static void vchan_receive(void *end, char *data, size_t n) {
	for (size_t done = 0; done < n;) {
		int r = libvchan_read(end, data + done, n - done);

		if (r < 0)
			errx(1, "vchan read");
		done += (size_t)r;
	}
}

struct bare {
	_Alignas(64) uint64_t prod;
	_Alignas(64) uint64_t cons;
	_Alignas(64) char data[RING];
};

static void bare_send(void *end, const char *data, size_t n) {
	struct bare *b = end;
	uint64_t at = b->prod;

	while (at + n - __atomic_load_n(&b->cons, __ATOMIC_ACQUIRE) > RING)
		sched_yield();
	memcpy(b->data + at % RING, data, n); /* n divides RING */
	__atomic_store_n(&b->prod, at + n, __ATOMIC_RELEASE);
}

static void bare_receive(void *end, char *data, size_t n) {
	struct bare *b = end;
	uint64_t at = b->cons;

	while (__atomic_load_n(&b->prod, __ATOMIC_ACQUIRE) - at < n)
		sched_yield();
	memcpy(data, b->data + at % RING, n);
	__atomic_store_n(&b->cons, at + n, __ATOMIC_RELEASE);
}

static const struct way stream = {"unix stream", stream_send, stream_receive};
static const struct way vchan = {"vchan", vchan_send, vchan_receive};
static const struct way bare = {"bare ring", bare_send, bare_receive};

static void echo(const struct way *w, void *end) {
	for (int i = 0; i < TRIPS; i++) {
		w->receive(end, chunk, MESSAGE);
		w->send(end, chunk, MESSAGE);
	}
}

static void trips(const struct way *w, void *end, double *ret) {
	for (int i = 0; i < TRIPS; i++) {
		double t = now_us();

		w->send(end, chunk, MESSAGE);
		w->receive(end, chunk, MESSAGE);
		ret[i] = now_us() - t;
	}
}

static void pour(const struct way *w, void *end) {
	for (uint64_t n = 0; n < BULK; n += CHUNK)
		w->send(end, chunk, CHUNK);
}

/* GB/s */
static double drain(const struct way *w, void *end) {
	double t;

	w->receive(end, chunk, CHUNK);
	t = now_us();
	for (uint64_t n = CHUNK; n < BULK; n += CHUNK)
		w->receive(end, chunk, CHUNK);
	return (double)(BULK - CHUNK) / 1e3 / (now_us() - t);
}

static pid_t start_hv(const char *program) {
	char path[96], option[128], ready_option[32], byte;
	int ready[2];
	pid_t pid;

	if (!mkdtemp(dir) || pipe(ready) < 0)
		err(1, "temporary folder");
	snprintf(path, sizeof(path), "%s/manager", dir);
	snprintf(option, sizeof(option), "--manager-socket=%s", path);
	snprintf(ready_option, sizeof(ready_option), "--ready-fd=%d", ready[1]);
	pid = fork();
	if (pid == 0) {
		execl(program, program, option, ready_option, NULL);
		_exit(127);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1 || hv_link_connect(path, &manager) < 0)
		errx(1, "%s did not start", program);
	close(ready[0]);
	return pid;
}

static void remove_dir(void) {
	static const char *const names[] = {"manager", "domain"};
	char path[96];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static uint32_t manage(struct hv_request r, int fd) {
	struct hv_answer a;

	if (hv_link_ask(manager, &r, fd, &a, NULL) < 0 || a.status != HV_OK)
		errx(1, "bulkhead-hv refused a request");
	close(fd);
	return a.value;
}

static void create_domain(void) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/domain", dir);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0)
		err(1, "domain's socket");
	domain = manage(
		(struct hv_request){.type = HV_DOMAIN_CREATE, .quota = {100000, 64, 16}}, fd);
}

static void speak_as(bool guest) {
	char path[96];
	int pair[2];

	snprintf(path, sizeof(path), "%s/domain", dir);
	if (guest) {
		if (vchan_use_local_at(path) < 0)
			errx(1, "connect");
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		err(1, "socketpair");
	manage((struct hv_request){.type = HV_ADMIT, .peer = domain}, pair[1]);
	if (vchan_use_local(pair[0]) < 0)
		errx(1, "link");
}

static libvchan_t *connected(bool guest) {
	libvchan_t *v = guest ? libvchan_server_init(0, PORT, RING, RING)
			      : libvchan_client_init((int)domain, PORT);

	if (!v)
		err(1, "vchan");
	libvchan_set_blocking(v, 1);
	return v;
}

static int compare(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double percentile(double *v, size_t n, double p) {
	qsort(v, n, sizeof(*v), compare);
	return v[(size_t)((double)(n - 1) * p)];
}

/* The other process: plays the same rounds from the other side. */
static void play_guest(unsigned rounds, int sock, struct bare *b) {
	libvchan_t *v;

	speak_as(true);
	v = connected(true);
	for (unsigned i = 0; i < rounds; i++) {
		echo(&stream, &sock);
		echo(&vchan, v);
		pour(&stream, &sock);
		pour(&vchan, v);
		pour(&bare, b);
	}
	libvchan_close(v);
	/* set-up: serve as often as the other side asks */
	while ((v = libvchan_server_init(0, PORT, 4096, 4096))) {
		libvchan_set_blocking(v, 1);
		while (libvchan_is_open(v) == VCHAN_WAITING)
			if (libvchan_wait(v) < 0)
				break;
		if (libvchan_read(v, chunk, 1) < 0 || chunk[0] == 'q')
			break;
		libvchan_close(v);
	}
	_exit(0);
}

static void report_trips(const char *name, double *v, size_t n, double floor) {
	double p50 = percentile(v, n, 0.5), p99 = percentile(v, n, 0.99);

	printf("round trip of %d bytes, %-12s p50 %7.1f us  p99 %7.1f us  ratio %.2f\n", MESSAGE,
		name, p50, p99, p50 / floor);
}

static void set_up_times(unsigned n, double *ret) {
	for (unsigned i = 0; i < n; i++) {
		double t = now_us();
		libvchan_t *v = connected(false);

		ret[i] = now_us() - t;
		vchan_send(v, i + 1 == n ? "q" : "x", 1);
		libvchan_close(v);
	}
}

int main(int argc, char **argv) {
	static double trip_stream[ROUNDS_MOST * TRIPS], trip_vchan[ROUNDS_MOST * TRIPS];
	static double bulk_stream[ROUNDS_MOST], bulk_vchan[ROUNDS_MOST], bulk_bare[ROUNDS_MOST];
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 20;
	struct bare *b = mmap(
		NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int pair[2];
	pid_t hv, guest;
	libvchan_t *v;

	if (argc < 2 || rounds < 1 || rounds > ROUNDS_MOST || b == MAP_FAILED)
		errx(2, "usage: bench-vchan PATH-OF-BULKHEAD-HV [ROUNDS (at most %d)]",
			ROUNDS_MOST);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		err(1, "socketpair");
	hv = start_hv(argv[1]);
	create_domain();
	guest = fork();
	if (guest == 0)
		play_guest(rounds, pair[1], b);
	speak_as(false);
	v = connected(false);
	for (unsigned i = 0; i < rounds; i++) {
		trips(&stream, &pair[0], trip_stream + i * TRIPS);
		trips(&vchan, v, trip_vchan + i * TRIPS);
		bulk_stream[i] = drain(&stream, &pair[0]);
		bulk_vchan[i] = drain(&vchan, v);
		bulk_bare[i] = drain(&bare, b);
	}
	libvchan_close(v);
	report_trips("unix stream", trip_stream, rounds * TRIPS,
		percentile(trip_stream, rounds * TRIPS, 0.5));
	report_trips(
		"vchan", trip_vchan, rounds * TRIPS, percentile(trip_stream, rounds * TRIPS, 0.5));
	printf("one way, %u KiB at a time: unix stream %.2f GB/s, bare ring %.2f GB/s, vchan %.2f "
	       "GB/s; "
	       "vchan / stream %.2f, vchan / bare %.2f\n",
		CHUNK / 1024, percentile(bulk_stream, rounds, 0.5),
		percentile(bulk_bare, rounds, 0.5), percentile(bulk_vchan, rounds, 0.5),
		percentile(bulk_vchan, rounds, 0.5) / percentile(bulk_stream, rounds, 0.5),
		percentile(bulk_vchan, rounds, 0.5) / percentile(bulk_bare, rounds, 0.5));
	set_up_times(500, trip_vchan);
	printf("vchan set up through bulkhead-hv (client's wait): p50 %.1f us, p99 %.1f us\n",
		percentile(trip_vchan, 500, 0.5), percentile(trip_vchan, 500, 0.99));
	waitpid(guest, NULL, 0);
	kill(hv, SIGTERM);
	waitpid(hv, NULL, 0);
	remove_dir();
	return 0;
}
