/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-network-serve: what runs in a driver domain, in place of Xen's hotplug daemon and its
 * shell scripts. It closes all forwarding, then waits in xenstore for the interfaces (vifs) of the
 * domains that the admin domain connects to this one, and opens for each what the admin domain
 * wrote down for it. An interface without such a plan stays down.
 *
 *     bulkhead-network-serve            serves until it is ended
 *     bulkhead-network-serve --names    only: the name server in /etc/resolv.conf has changed
 *     bulkhead-network-serve --asked    only: ends with 0 if this domain shall serve others
 */
#include "network/rules.h"
#include "network/run.h"
#include "vchan/store-xen.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ME       "bulkhead-network-serve"
#define NET      "/proc/sys/net/"
#define LIST_MAX 4096

struct served {
	unsigned domain, device;
	unsigned index; /* the kernel's, of the interface that the rules were made for */
};

struct server {
	struct store *store;
	int domain; /* this one */
	int links;  /* netlink: an interface came or went */
	GArray *served;
};

static void complain(const char *what, int r) {
	fprintf(stderr, ME ": %s: %s\n", what, r < 0 ? strerror(-r) : "refused");
}

static void set(const char *folder, const char *name, const char *value) {
	g_autofree char *path = g_strdup_printf(NET "%s/%s", folder, name);
	AUTO(auto_close) int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		complain(path, -errno);
}

static int set_names(void) {
	g_autofree char *text = NULL, *server = NULL, *rules = NULL;
	g_auto(GStrv) lines = NULL;

	if (g_file_get_contents("/etc/resolv.conf", &text, NULL, NULL))
		lines = g_strsplit(text, "\n", 64);
	for (char **l = lines; l && *l && !server; l++)
		if (g_str_has_prefix(*l, "nameserver ") && !strchr(*l, ':'))
			server = g_strstrip(g_strdup(*l + sizeof("nameserver ") - 1));
	rules = network_rules_names(server);
	return run_nft(rules);
}

/* Nothing is forwarded before the rules stand. */
static int begin(void) {
	static const char *const modprobe[] = {"/sbin/modprobe", "xen-netback", NULL};
	g_autofree char *rules = network_rules_common();
	int r = run_nft(rules);

	if (r)
		return r;
	if (set_names())
		fprintf(stderr, ME ": domains have no name server\n");
	/* A router takes its own address from the network outside all the same. */
	set("ipv6/conf/all", "accept_ra", "2");
	set("ipv6/conf/default", "accept_ra", "2");
	set("ipv4/conf/all", "arp_ignore", "1");
	set("ipv4/conf/all", "accept_redirects", "0");
	set("ipv6/conf/all", "accept_redirects", "0");
	set("ipv4", "ip_forward", "1");
	set("ipv6/conf/all", "forwarding", "1");
	return run_with_input(modprobe, "");
}

static int read_plan(const struct server *s, unsigned domain, struct network_plan *ret) {
	char path[STORE_PATH_MAX], text[NETWORK_PLAN_SIZE];
	int r;

	(void)snprintf(
		path, sizeof(path), "/local/domain/%d/" NETWORK_PLAN_PATH, s->domain, domain);
	r = store_read(s->store, 0, path, text, sizeof(text));
	if (r < 0)
		return r;
	return network_plan_decode(span_over(text, strlen(text)), ret) ? -EPROTO : 0;
}

static void harden(const char *vif) {
	g_autofree char *v4 = g_strdup_printf("ipv4/conf/%s", vif),
			*v6 = g_strdup_printf("ipv6/conf/%s", vif);

	set(v4, "rp_filter", "1");
	set(v6, "accept_ra", "0");
	set(v6, "dad_transmits", "0");
}

static int bring_up(const char *vif, const struct network_plan *plan) {
	g_autofree char *rules = network_rules_vif(vif, plan),
			*commands = network_commands_vif(vif, plan);
	int r = run_nft(rules);

	if (r)
		return r;
	harden(vif);
	return run_ip(commands);
}

static char *vif_path(const struct server *s, unsigned domain, unsigned device, const char *leaf) {
	return g_strdup_printf(
		"/local/domain/%d/backend/vif/%u/%u%s", s->domain, domain, device, leaf);
}

static struct served *find(const struct server *s, unsigned domain, unsigned device) {
	for (guint i = 0; i < s->served->len; i++) {
		struct served *v = &g_array_index(s->served, struct served, i);

		if (v->domain == domain && v->device == device)
			return v;
	}
	return NULL;
}

/* The kernel connects to the other side when it reads "connected". */
static void serve(struct server *s, unsigned domain, unsigned device, unsigned index) {
	g_autofree char *status = vif_path(s, domain, device, "/hotplug-status");
	struct served *old = find(s, domain, device),
		      fresh = {.domain = domain, .device = device, .index = index};
	struct network_plan plan;
	char vif[VIF_NAME_SIZE];
	int r;

	if (old && old->index == index)
		return;
	network_vif_name(domain, device, vif);
	r = read_plan(s, domain, &plan);
	if (!r)
		r = bring_up(vif, &plan);
	if (!r)
		r = store_write(s->store, 0, status, "connected");
	if (r)
		complain(vif, r);
	if (old)
		*old = fresh;
	else
		g_array_append_val(s->served, fresh);
}

static void drop(struct server *s, struct served *v) {
	char vif[VIF_NAME_SIZE];
	g_autofree char *rules = NULL;

	network_vif_name(v->domain, v->device, vif);
	rules = network_rules_gone(vif);
	if (run_nft(rules))
		complain(vif, 1);
	g_array_remove_index_fast(s->served, (guint)(v - (struct served *)(void *)s->served->data));
}

static bool says(const struct server *s, const char *path, const char *what) {
	char value[32];

	return store_read(s->store, 0, path, value, sizeof(value)) >= 0 && !strcmp(value, what);
}

/* The admin domain waits until the place in xenstore is gone. State 6 is XenbusStateClosed. */
static void tidy(const struct server *s, unsigned domain, unsigned device) {
	g_autofree char *path = vif_path(s, domain, device, ""),
			*state = vif_path(s, domain, device, "/state"),
			*online = vif_path(s, domain, device, "/online"),
			*above = g_path_get_dirname(path);

	if (!says(s, state, "6") || !says(s, online, "0"))
		return;
	if (store_erase(s->store, 0, path) < 0)
		complain(path, 1);
	if (store_is_empty(s->store, 0, above) == 1)
		(void)store_erase(s->store, 0, above);
}

static void look_at(struct server *s, const char *path) {
	unsigned domain, device, index;
	char vif[VIF_NAME_SIZE];

	if (network_vif_decode(path, &domain, &device))
		return;
	network_vif_name(domain, device, vif);
	index = if_nametoindex(vif);
	if (index)
		serve(s, domain, device, index);
	tidy(s, domain, device);
}

/* One call for each entry of that folder in xenstore. */
static void each_below(
	struct server *s, const char *path, void (*call)(struct server *s, const char *below)) {
	char names[LIST_MAX];
	int n = store_list(s->store, 0, path, names, sizeof(names));

	for (int at = 0; at < n; at += (int)strlen(names + at) + 1) {
		g_autofree char *below = g_strdup_printf("%s/%s", path, names + at);

		call(s, below);
	}
}

static void look_at_domain(struct server *s, const char *path) {
	each_below(s, path, look_at);
}

/* Whatever woke us: all interfaces are compared with what is served. */
static void look(struct server *s) {
	g_autofree char *path = g_strdup_printf("/local/domain/%d/backend/vif", s->domain);

	each_below(s, path, look_at_domain);
	for (guint i = s->served->len; i > 0; i--) {
		struct served *v = &g_array_index(s->served, struct served, i - 1);
		char vif[VIF_NAME_SIZE];

		network_vif_name(v->domain, v->device, vif);
		if (if_nametoindex(vif) != v->index)
			drop(s, v);
	}
}

static int open_links(void) {
	const struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
	AUTO(auto_close)
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)(const void *)&group, sizeof(group)))
		return -errno;
	return TAKE_FD(fd);
}

/* Only that something changed is of interest. */
static void drain(int fd) {
	char any[8192];

	while (recv(fd, any, sizeof(any), 0) > 0 || errno == ENOBUFS)
		continue;
}

static int wait_for_work(const struct server *s) {
	struct pollfd p[] = {{store_fd(s->store), POLLIN, 0}, {s->links, POLLIN, 0}};

	if (!store_changed(s->store) && poll(p, 2, -1) < 0 && errno != EINTR)
		return -errno;
	if (p[0].revents & (POLLERR | POLLHUP))
		return -EPIPE;
	drain(s->links);
	return 0;
}

static int serve_all(struct server *s) {
	g_autofree char *path = NULL;
	int r = store_open(&s->store);

	if (r < 0)
		return r;
	s->domain = store_own_domain(s->store);
	s->links = open_links();
	if (s->domain < 0 || s->links < 0)
		return MIN(s->domain, s->links);
	path = g_strdup_printf("/local/domain/%d/backend/vif", s->domain);
	r = begin();
	if (!r)
		r = store_watch(s->store, path);
	g_free(path);
	path = g_strdup_printf("/local/domain/%d/" NETWORK_READY_PATH, s->domain);
	if (!r)
		r = store_write(s->store, 0, path, "ready");
	while (!r) {
		look(s);
		r = wait_for_work(s);
	}
	return r;
}

static bool asked(struct server *s) {
	return store_open(&s->store) >= 0 && says(s, NETWORK_ASKED_PATH, "1");
}

int main(int argc, char **argv) {
	struct server s = {.links = -1};
	int r;

	if (argc == 2 && !strcmp(argv[1], "--names"))
		return set_names() != 0;
	if (argc == 2 && !strcmp(argv[1], "--asked")) {
		r = !asked(&s);
		store_free(s.store);
		return r;
	}
	if (argc != 1) {
		fprintf(stderr, "usage: " ME " [--names|--asked]\n");
		return 2;
	}
	s.served = g_array_new(FALSE, FALSE, sizeof(struct served));
	r = serve_all(&s);
	complain("it cannot serve", r);
	g_array_free(s.served, TRUE);
	auto_close(&s.links);
	store_free(s.store);
	return 1;
}
