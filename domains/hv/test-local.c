/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vchans and pages of the local backend between processes, through a real bulkhead-hv. */
#include "vchan/backend.h"
#include "vchan/hv-link.h"
#include "vchan/libvchan.h"
#include "vchan/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PATIENCE_MS 30000

static struct {
	char dir[64];
	GPid hv;
	struct hv_link *manager;
} rig;

static void path_of(const char *name, char ret[96]) {
	g_snprintf(ret, 96, "%s/%s", rig.dir, name);
}

static GPid spawn_hv(const char *path, int ready) {
	char option[120], ready_option[32];
	char *argv[] = {g_strdup(g_getenv("BULKHEAD_HV")), option, ready_option, NULL};
	GPid pid;

	g_snprintf(option, sizeof(option), "--manager-socket=%s", path);
	g_snprintf(ready_option, sizeof(ready_option), "--ready-fd=%d", ready);
	g_assert_true(g_spawn_async(NULL, argv, NULL,
		G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL, &pid,
		NULL));
	g_free(argv[0]);
	return pid;
}

static void launch_hv(void) {
	char path[96], byte;
	int ready[2];

	path_of("manager", path);
	g_assert_cmpint(pipe(ready), ==, 0);
	rig.hv = spawn_hv(path, ready[1]);
	close(ready[1]);
	g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
	close(ready[0]);
	g_assert_cmpint(hv_link_connect(path, &rig.manager), ==, 0);
}

/* Who looks through /proc at that moment holds a dead process's socket open a little longer. */
static void await_nobody_listens(void) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd, error;

	path_of("manager", at.sun_path);
	do {
		fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		g_assert_cmpint(fd, >=, 0);
		error = connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ? errno : 0;
		close(fd);
		sched_yield();
	} while (error != ECONNREFUSED);
}

static void kill_hv(void) {
	int status;

	g_assert_cmpint(waitpid(rig.hv, &status, WNOHANG), ==, 0); /* nothing ended it so far */
	rig.manager = hv_link_free(rig.manager);
	kill(rig.hv, SIGKILL);
	waitpid(rig.hv, &status, 0);
	await_nobody_listens();
}

static void start_hv(void) {
	memcpy(rig.dir, "/tmp/bulkhead-hv-XXXXXX", sizeof("/tmp/bulkhead-hv-XXXXXX"));
	g_assert_nonnull(g_mkdtemp(rig.dir));
	launch_hv();
}

static void stop_hv(void) {
	char path[96];

	kill_hv();
	path_of("manager", path);
	g_unlink(path);
	path_of("domain", path);
	g_unlink(path);
	g_rmdir(rig.dir);
}

static uint32_t manage(struct hv_request r, int fd, enum hv_status expected) {
	struct hv_answer a;

	g_assert_cmpint(hv_link_ask(rig.manager, &r, fd, &a, NULL), ==, 0);
	g_assert_cmpint(a.status, ==, expected);
	return a.value;
}

static int listen_for_domain(void) {
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	path_of("domain", at.sun_path);
	g_unlink(at.sun_path);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&at, sizeof(at)), ==, 0);
	g_assert_cmpint(listen(fd, 64), ==, 0);
	return fd;
}

static uint32_t create_domain(uint32_t pages, uint32_t vchans, uint32_t connections) {
	int fd = listen_for_domain();
	uint32_t id = manage((struct hv_request){.type = HV_DOMAIN_CREATE,
				     .quota = {pages, vchans, connections}},
		fd, HV_OK);

	close(fd);
	return id;
}

static void destroy_domain(uint32_t id) {
	manage((struct hv_request){.type = HV_DOMAIN_DESTROY, .peer = id}, -1, HV_OK);
}

static void speak_as_admin_of(uint32_t id) {
	int pair[2];

	g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), ==, 0);
	manage((struct hv_request){.type = HV_ADMIT, .peer = id}, pair[1], HV_OK);
	close(pair[1]);
	g_assert_cmpint(vchan_use_local(pair[0]), ==, 0);
}

static void speak_as_domain(void) {
	char path[96];

	path_of("domain", path);
	g_assert_cmpint(vchan_use_local_at(path), ==, 0);
}

/* A child that plays the domain; what it asserts ends it with another status than 0. */
static pid_t in_domain(void (*play)(int arg), int arg) {
	pid_t pid = fork();

	if (pid == 0) {
		speak_as_domain();
		play(arg);
		_exit(0);
	}
	return pid;
}

static void expect_exit(pid_t pid) {
	int status;

	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	g_assert_cmpint(status, ==, 0);
}

static void wait_readable(int fd) {
	g_assert_cmpint(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, PATIENCE_MS), ==, 1);
}

static void play_echo(int port) {
	libvchan_t *v = libvchan_server_init(0, port, 5000, 1500);
	char buf[3000];
	int n;

	g_assert_nonnull(v);
	libvchan_set_blocking(v, 1);
	while ((n = libvchan_read(v, buf, sizeof(buf))) >= 0)
		if (libvchan_write(v, buf, (size_t)n) < 0)
			break;
	libvchan_close(v);
}

/* More than the rings hold together, in uneven pieces, both ways at once. */
static void test_echo(void) {
	static char sent[1000000], got[1000000];
	uint32_t id = create_domain(1000, 4, 4);
	size_t out = 0, in = 0;
	pid_t pid = in_domain(play_echo, 77);
	libvchan_t *v;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7 >> 2);
	speak_as_admin_of(id);
	v = libvchan_client_init((int)id, 77);
	g_assert_nonnull(v);
	while (in < sizeof(got)) {
		int w = libvchan_write(v, sent + out, MIN(sizeof(sent) - out, 1234));
		int r = libvchan_read(v, got + in, MIN(sizeof(got) - in, 999));

		g_assert_cmpint(w, >=, 0);
		g_assert_cmpint(r, >=, 0);
		out += (size_t)w;
		in += (size_t)r;
		if (w == 0 && r == 0) {
			wait_readable(libvchan_fd_for_select(v));
			g_assert_cmpint(libvchan_wait(v), ==, 0);
		}
	}
	g_assert_true(memcmp(sent, got, sizeof(got)) == 0);
	libvchan_close(v);
	expect_exit(pid);
	destroy_domain(id);
}

static void play_die(int port) {
	libvchan_t *v = libvchan_server_init(0, port, 4096, 4096);

	g_assert_nonnull(v);
	while (libvchan_is_open(v) == VCHAN_WAITING)
		g_assert_cmpint(libvchan_wait(v), ==, 0);
	g_assert_cmpint(libvchan_write(v, "last words", 10), ==, 10);
	raise(SIGKILL);
}

static void test_peer_death(void) {
	uint32_t id = create_domain(1000, 4, 4);
	pid_t pid = in_domain(play_die, 78);
	char buf[16];
	libvchan_t *v;
	int status;

	speak_as_admin_of(id);
	v = libvchan_client_init((int)id, 78);
	g_assert_nonnull(v);
	g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
	while (libvchan_is_open(v) == VCHAN_CONNECTED) {
		wait_readable(libvchan_fd_for_select(v));
		g_assert_cmpint(libvchan_wait(v), ==, 0);
	}
	g_assert_cmpint(libvchan_read(v, buf, sizeof(buf)), ==, 10);
	g_assert_cmpint(libvchan_read(v, buf, sizeof(buf)), ==, -1);
	g_assert_cmpint(libvchan_write(v, buf, 1), ==, -1);
	libvchan_close(v);
	destroy_domain(id);
}

/* Who waits for a domain that ends is told; who asks for one that is not there, at once. */
static void test_domain_gone(void) {
	uint32_t id = create_domain(1000, 4, 4), other = create_domain(1000, 4, 4);
	EVTCHN watch;
	libvchan_t *v;

	speak_as_domain(); /* as `other`, whose socket has the path now */
	g_assert_null(libvchan_client_init(0x7fef, 1));
	g_assert_cmpint(errno, ==, ENOENT);
	g_assert_null(libvchan_server_init(0x7fef, 1, 1, 1));
	g_assert_cmpint(errno, ==, ENOENT);
	v = libvchan_client_init_async((int)id, 1, &watch);
	g_assert_cmpint(libvchan_client_init_async_finish(v, 0), ==, 1);
	destroy_domain(id);
	wait_readable(watch);
	g_assert_cmpint(libvchan_client_init_async_finish(v, 0), ==, -1);
	g_assert_cmpint(errno, ==, ENOENT);
	libvchan_close(v);
	destroy_domain(other);
	g_assert_cmpuint(create_domain(1, 1, 1), ==, other + 1);
	destroy_domain(other + 1);
}

/* The vchans a domain may have, and all of them again once they are closed. */
static void test_vchan_quota(void) {
	uint32_t id = create_domain(1000, 3, 4);

	speak_as_domain();
	for (unsigned round = 0; round < 50; round++) {
		libvchan_t *v[3];

		for (int i = 0; i < 3; i++)
			g_assert_nonnull(v[i] = libvchan_server_init(0, 100 + i, 4096, 4096));
		g_assert_null(libvchan_server_init(0, 103, 4096, 4096));
		g_assert_cmpint(errno, ==, EDQUOT);
		g_assert_null(libvchan_server_init(0, 100, 4096, 4096));
		g_assert_cmpint(errno, ==, EADDRINUSE);
		for (int i = 0; i < 3; i++)
			libvchan_close(v[i]);
	}
	destroy_domain(id);
}

static void le_refs(const struct pages_share *s, uint8_t *ret) {
	for (uint32_t i = 0; i < pages_share_count(s); i++) {
		uint32_t ref = pages_share_refs(s)[i];

		memcpy(ret + (size_t)i * 4, &ref, 4);
	}
}

static void play_share(int port) {
	libvchan_t *v = libvchan_server_init(0, port, 4096, 4096);
	struct pages_share *s;
	uint8_t refs[20 * 4];
	char go;

	g_assert_nonnull(v);
	libvchan_set_blocking(v, 1);
	g_assert_cmpint(pages_share_new(0, 20, &s), ==, 0);
	memcpy((char *)pages_share_data(s) + 19 * 4096, "drawn by the domain",
		sizeof("drawn by the domain"));
	le_refs(s, refs);
	g_assert_cmpint(libvchan_write(v, refs, sizeof(refs)), ==, sizeof(refs));
	g_assert_cmpint(libvchan_read(v, &go, 1), ==, 1);
	/* all that a hostile owner can do to it while it is mapped */
	g_assert_cmpint(ftruncate(pages_share_fd(s), 0), ==, -1);
	g_assert_cmpint(ftruncate(pages_share_fd(s), 1 << 20), ==, -1);
	g_assert_cmpint(fallocate(pages_share_fd(s), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				20 * 4096),
		==, 0);
	g_assert_cmpint(libvchan_write(v, "p", 1), ==, 1);
	g_assert_cmpint(libvchan_read(v, &go, 1), ==, 1);
	pages_share_free(s);
	g_assert_cmpint(libvchan_write(v, "f", 1), ==, 1);
	g_assert_cmpint(libvchan_read(v, &go, 1), ==, -1);
	libvchan_close(v);
}

static void go_on(libvchan_t *v) {
	char did;

	g_assert_cmpint(libvchan_write(v, "g", 1), ==, 1);
	g_assert_cmpint(libvchan_read(v, &did, 1), ==, 1);
}

static void test_pages(void) {
	uint32_t id = create_domain(1000, 4, 4);
	pid_t pid = in_domain(play_share, 79);
	uint8_t refs[20 * 4], wrong[20 * 4];
	struct pages_view *view, *none;
	volatile char *seen;
	size_t got = 0;
	libvchan_t *v;

	speak_as_admin_of(id);
	v = libvchan_client_init((int)id, 79);
	g_assert_nonnull(v);
	libvchan_set_blocking(v, 1);
	while (got < sizeof(refs))
		got += (size_t)libvchan_read(v, refs + got, sizeof(refs) - got);
	g_assert_cmpint(pages_view_new((int)id, refs, 20, &view), ==, 0);
	g_assert_cmpint(pages_view_new((int)id, refs, 19, &none), ==, PAGES_E_REFS);
	g_assert_cmpint(pages_view_new((int)id, refs + 4, 19, &none), ==, PAGES_E_REFS);
	memcpy(wrong, refs, sizeof(refs));
	memcpy(wrong + 4, refs + 8, 4);
	g_assert_cmpint(pages_view_new((int)id, wrong, 20, &none), ==, PAGES_E_REFS);
	memset(wrong, 0xff, sizeof(wrong));
	g_assert_cmpint(pages_view_new((int)id, wrong, 20, &none), ==, PAGES_E_REFS);

	g_assert_cmpint(fcntl(pages_view_fd(view), F_GETFL) & O_ACCMODE, ==, O_RDONLY);
	seen = mmap(NULL, 20 * 4096, PROT_READ, MAP_SHARED, pages_view_fd(view),
		(off_t)pages_view_offset(view));
	g_assert_true((void *)seen != MAP_FAILED);
	g_assert_cmpstr((const char *)seen + 19 * 4096, ==, "drawn by the domain");
	go_on(v); /* it tried to truncate them, and punched them out */
	for (unsigned i = 0; i < 20 * 4096; i++)
		g_assert_cmpint(seen[i], ==, 0);
	go_on(v); /* it gave them back */
	g_assert_cmpint(seen[0], ==, 0);
	g_assert_cmpint(pages_view_new((int)id, refs, 20, &none), ==, PAGES_E_REFS);
	munmap((void *)(uintptr_t)seen, 20 * 4096);
	pages_view_free(view);
	libvchan_close(v);
	expect_exit(pid);
	destroy_domain(id);
}

/* A process of the admin domain serves one domain and can reach no other. */
static void test_admitted_is_bound(void) {
	uint32_t a = create_domain(1000, 4, 4), b = create_domain(1000, 4, 4);
	libvchan_t *v;

	speak_as_admin_of(a);
	g_assert_null(libvchan_client_init((int)b, 1));
	speak_as_admin_of(a);
	g_assert_null(libvchan_server_init((int)b, 1, 1, 1));
	speak_as_admin_of(a);
	v = libvchan_server_init((int)a, 1, 1, 1);
	g_assert_nonnull(v);
	libvchan_close(v);
	destroy_domain(a);
	g_assert_null(libvchan_server_init((int)a, 2, 1, 1));
	destroy_domain(b);
}

/* A new manager finds the domains that there are. */
static void test_manager_restart(void) {
	uint32_t id = create_domain(1000, 4, 4);
	char path[96];
	libvchan_t *v;

	path_of("manager", path);
	hv_link_free(rig.manager);
	g_assert_cmpint(hv_link_connect(path, &rig.manager), ==, 0);
	g_assert_cmpuint(manage((struct hv_request){.type = HV_DOMAIN_NEXT}, -1, HV_OK), ==, id);
	manage((struct hv_request){.type = HV_DOMAIN_NEXT, .peer = id}, -1, HV_E_NO_DOMAIN);
	speak_as_domain();
	v = libvchan_server_init(0, 1, 1, 1);
	g_assert_nonnull(v);
	libvchan_close(v);
	destroy_domain(id);
}

/* A new hv: vchans that stand go on, the manager gives each domain its old id and socket again, and
 * the domain's processes find it without being told. */
static void test_hv_restart(void) {
	const struct hv_request again = {
		.type = HV_DOMAIN_CREATE, .peer = 5, .quota = {1000, 4, 4}};
	int listener;
	libvchan_t *server, *client;
	char buf[4];

	kill_hv();
	launch_hv();
	listener = listen_for_domain();
	g_assert_cmpuint(manage(again, listener, HV_OK), ==, 5);
	speak_as_domain();
	server = libvchan_server_init(0, 1, 1, 1);
	g_assert_nonnull(server);
	kill_hv();
	launch_hv();
	g_assert_cmpuint(manage(again, listener, HV_OK), ==, 5);
	manage(again, listener, HV_E_BUSY); /* an id is given once */
	g_assert_cmpint(libvchan_wait(server), ==, 0);
	g_assert_cmpint(libvchan_is_open(server), ==, VCHAN_DISCONNECTED); /* nobody had come yet */
	libvchan_close(server);

	server = libvchan_server_init(0, 1, 1, 1);
	g_assert_nonnull(server);
	speak_as_admin_of(5);
	client = libvchan_client_init(5, 1);
	g_assert_nonnull(client);
	kill_hv();
	g_assert_cmpint(libvchan_write(client, "on", 2), ==, 2);
	g_assert_cmpint(libvchan_read(server, buf, 4), ==, 2);
	libvchan_close(server);
	libvchan_close(client);
	close(listener);
	launch_hv();
}

/* The manager that started hv died before hv was ready; the next one is served. */
static void test_starter_gone(void) {
	struct hv_request r = {.type = HV_DOMAIN_NEXT};
	struct hv_link *link = NULL;
	struct hv_answer a;
	char path[96];
	int ready[2], status;
	GPid pid;

	path_of("other", path);
	g_assert_cmpint(pipe(ready), ==, 0);
	close(ready[0]);
	pid = spawn_hv(path, ready[1]);
	close(ready[1]);
	while (hv_link_connect(path, &link)) {
		g_assert_cmpint(waitpid(pid, &status, WNOHANG), ==, 0);
		sched_yield();
	}
	g_assert_cmpint(hv_link_ask(link, &r, -1, &a, NULL), ==, 0);
	g_assert_cmpint(a.status, ==, HV_E_NO_DOMAIN);
	hv_link_free(link);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	g_unlink(path);
}

int main(int argc, char **argv) {
	int r;

	g_test_init(&argc, &argv, NULL);
	start_hv();
	g_test_add_func("/local/echo", test_echo);
	g_test_add_func("/local/peer-death", test_peer_death);
	g_test_add_func("/local/domain-gone", test_domain_gone);
	g_test_add_func("/local/vchan-quota", test_vchan_quota);
	g_test_add_func("/local/pages", test_pages);
	g_test_add_func("/local/admitted-is-bound", test_admitted_is_bound);
	g_test_add_func("/local/manager-restart", test_manager_restart);
	g_test_add_func("/local/hv-restart", test_hv_restart);
	g_test_add_func("/local/starter-gone", test_starter_gone);
	r = g_test_run();
	stop_hv();
	return r;
}
