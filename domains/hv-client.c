/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domains/hv-client.h"

#include "domains/backoff.h"
#include "domains/paths.h"
#include "domains/program.h"
#include "vchan/hv-link.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define SOCKET      "hv.sock"
#define PAGE_KIB    4
#define PAGES_LEAST 131072 /* 512 MiB: two screens of 8192x4096 and what is around them */
#define VCHANS_MAX  1024
#define CONNECTIONS 1024

struct hv_client {
	const struct hv_client_handler *handler;
	void *user;
	int runtime;
	char *path;
	struct hv_link *link;
	int watched; /* a second connection, only to see its end */
	guint watch, ready, timer, child;
	int ready_fd;
	int32_t mark;
	struct backoff backoff;
};

static void start(struct hv_client *c);

static gboolean on_timer(gpointer user) {
	struct hv_client *c = user;

	c->timer = 0;
	start(c);
	return G_SOURCE_REMOVE;
}

static void again(struct hv_client *c) {
	if (!c->timer)
		c->timer = g_timeout_add(
			backoff_ended(&c->backoff, g_get_monotonic_time() / 1000), on_timer, c);
}

static void drop(struct hv_client *c) {
	bool was = c->mark != 0;

	g_clear_handle_id(&c->watch, g_source_remove);
	auto_close(&c->watched);
	c->watched = -1;
	c->link = hv_link_free(c->link);
	c->mark = 0;
	if (was)
		c->handler->down(c->user);
}

static gboolean on_hangup(gint fd, GIOCondition cond, gpointer user) {
	struct hv_client *c = user;

	c->watch = 0;
	drop(c);
	again(c);
	return G_SOURCE_REMOVE;
}

static int connect_one(struct hv_client *c) {
	g_autofree char *path = paths_by_fd(c->runtime, SOCKET);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	g_strlcpy(a.sun_path, path, sizeof(a.sun_path));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Which process listens: its number and when it started. */
static int32_t mark_of(int fd) {
	struct ucred peer;
	socklen_t size = sizeof(peer);
	g_autofree char *path = NULL, *stat = NULL;
	const char *after;
	g_auto(GStrv) f = NULL;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size))
		return 1;
	path = g_strdup_printf("/proc/%d/stat", (int)peer.pid);
	if (!g_file_get_contents(path, &stat, NULL, NULL) || !(after = strrchr(stat, ')')))
		return 1 + peer.pid;
	f = g_strsplit(after + 1, " ", 24);
	return (int32_t)(((guint)peer.pid * 2654435761u ^
				 g_str_hash(g_strv_length(f) > 20 ? f[20] : "")) &
			 0x7fffffff) |
	       1;
}

static bool attach(struct hv_client *c) {
	int fd = connect_one(c);

	c->watched = connect_one(c);
	if (fd < 0 || c->watched < 0 || hv_link_new(TAKE_FD(fd), &c->link)) {
		auto_close(&fd);
		auto_close(&c->watched);
		c->watched = -1;
		return false;
	}
	c->mark = mark_of(c->watched);
	c->watch = g_unix_fd_add(c->watched, G_IO_IN | G_IO_HUP, on_hangup, c);
	c->handler->up(c->user, c->mark);
	return true;
}

static gboolean on_ready(gint fd, GIOCondition cond, gpointer user) {
	struct hv_client *c = user;
	char byte;
	bool up = read(fd, &byte, 1) == 1;

	close(c->ready_fd);
	c->ready_fd = -1;
	c->ready = 0;
	if (!up || !attach(c))
		again(c);
	return G_SOURCE_REMOVE;
}

static void start(struct hv_client *c) {
	g_autofree char *program = NULL, *socket = NULL;
	struct program s = {0};
	int p[2];

	if (attach(c))
		return;
	program = paths_find("bulkhead-hv");
	if (!program) {
		c->handler->hopeless(
			c->user, "bulkhead-hv is not installed (nor in BULKHEAD_LIBEXEC)");
		return;
	}
	if (pipe2(p, O_CLOEXEC)) {
		again(c);
		return;
	}
	backoff_started(&c->backoff, g_get_monotonic_time() / 1000);
	/* The address of a socket is short: through our descriptor if the path is long. */
	socket = strlen(c->path) < 90 ? g_strdup_printf("--manager-socket=%s/" SOCKET, c->path)
				      : g_strdup_printf("--manager-socket=/proc/%d/fd/%d/" SOCKET,
						(int)getpid(), c->runtime);
	s.argv = (const char *[]){program, socket, "--ready-fd=3", NULL};
	s.fds = (int[]){p[1], -1};
	s.detach = true;
	if (program_start(&s, NULL))
		again(c);
	close(p[1]);
	c->ready_fd = p[0];
	c->ready = g_unix_fd_add(p[0], G_IO_IN | G_IO_HUP, on_ready, c);
}

struct hv_client *hv_client_new(int runtime, const char *runtime_path,
	const struct hv_client_handler *handler, void *user) {
	struct hv_client *c = g_new0(struct hv_client, 1);

	c->handler = handler;
	c->user = user;
	c->runtime = runtime;
	c->path = g_strdup(runtime_path);
	c->watched = c->ready_fd = -1;
	c->timer = g_idle_add(on_timer, c);
	return c;
}

struct hv_client *hv_client_free(struct hv_client *c) {
	if (!c)
		return NULL;
	g_clear_handle_id(&c->watch, g_source_remove);
	g_clear_handle_id(&c->ready, g_source_remove);
	g_clear_handle_id(&c->timer, g_source_remove);
	auto_close(&c->watched);
	auto_close(&c->ready_fd);
	hv_link_free(c->link);
	g_free(c->path);
	g_free(c);
	return NULL;
}

int32_t hv_client_mark(const struct hv_client *c) {
	return c->mark;
}

static int ask(struct hv_client *c, struct hv_request *r, int fd, struct hv_answer *a) {
	int e;

	if (!c->link)
		return -ENOTCONN;
	e = hv_link_ask(c->link, r, fd, a, NULL);
	return e ? e : hv_link_errno(a->status);
}

int hv_client_create(struct hv_client *c, int listener, unsigned memory_mib, uint32_t *ret_id) {
	struct hv_request r = {.type = HV_DOMAIN_CREATE};
	struct hv_answer a;
	int e;

	r.quota.max_pages = MAX(PAGES_LEAST, memory_mib * (1024u / PAGE_KIB));
	r.quota.max_vchans = VCHANS_MAX;
	r.quota.max_connections = CONNECTIONS;
	e = ask(c, &r, listener, &a);
	if (!e)
		*ret_id = a.value;
	return e;
}

void hv_client_destroy(struct hv_client *c, uint32_t id) {
	struct hv_request r = {.type = HV_DOMAIN_DESTROY, .peer = id};
	struct hv_answer a;

	/* If hv is gone, so is the domain in it. */
	if (id)
		(void)!ask(c, &r, -1, &a);
}

int hv_client_admit(struct hv_client *c, uint32_t id) {
	struct hv_request r = {.type = HV_ADMIT, .peer = id};
	struct hv_answer a;
	int pair[2], e;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	e = ask(c, &r, pair[1], &a);
	close(pair[1]);
	if (!e)
		return pair[0];
	close(pair[0]);
	return e;
}
