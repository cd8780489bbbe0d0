/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-xen-domain: drives libxenlight for one running domain. Its calls block, which is why it
 * is a process of its own: bulkheadd kills one that hangs, and the next takes over the domain by
 * its name. It ends with bulkheadd; the domain runs on.
 */
#include "domains/domain-xen.h"

#include "domains/channel.h"
#include "domains/network-xen.h"
#include "proto/helper.h"
#include "vchan/store-xen.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <libxl_utils.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <xentoollog.h>

#define NOBODY UINT32_MAX

struct helper {
	struct xentoollog_logger logger; /* first: libxl calls back with its address */
	struct xen_plan plan;
	GMainLoop *loop;
	struct channel *manager;
	libxl_ctx *ctx;
	struct store *store;
	uint32_t domid;
	enum helper_state state;
	bool asked; /* its end was asked for */
	guint kill_timer, serve_timer;
	char last[256]; /* what libxl last complained of */
};

static void on_log(struct xentoollog_logger *l, xentoollog_level level, int err,
	const char *context, const char *format, va_list ap) {
	struct helper *h = (struct helper *)(void *)l;
	char line[sizeof(h->last)];

	if (level < XTL_WARN)
		return;
	(void)g_vsnprintf(line, sizeof(line), format, ap);
	fprintf(stderr, "bulkhead-xen-domain %s: %s\n", h->plan.name, line);
	if (level >= XTL_ERROR && !*h->last)
		g_strlcpy(h->last, line, sizeof(h->last));
}

static void tell(
	struct helper *h, enum helper_type type, uint32_t serial, int value, const char *text) {
	struct helper_msg m = {.type = type,
		.serial = serial,
		.domain = h->domid == NOBODY ? 0 : h->domid,
		.value = value};
	uint8_t packet[HELPER_SIZE];

	g_strlcpy(m.text, text, sizeof(m.text));
	helper_encode(&m, packet);
	if (h->manager)
		(void)!channel_send(h->manager, packet, sizeof(packet), -1);
}

static void set_state(struct helper *h, enum helper_state state, const char *why) {
	h->state = state;
	tell(h, HELPER_STATE, 0, (int)state, why);
}

static struct xen_network network_of(struct helper *h) {
	return (struct xen_network){h->ctx, h->store, &h->plan, h->domid};
}

/* Nothing of the domain is left, then this process goes. */
static void finish(struct helper *h, enum helper_state state, const char *why) {
	struct xen_network n = network_of(h);
	g_autofree char *text = g_strdup(why);

	if (h->domid != NOBODY) {
		xen_network_forget(&n);
		(void)libxl_domain_destroy(h->ctx, h->domid, NULL);
	}
	h->domid = NOBODY;
	set_state(h, state, text);
	g_main_loop_quit(h->loop);
}

static char *key_of(uint32_t domid) {
	return g_strdup_printf("/libxl/%u/bulkhead", domid);
}

/* Marks the domain as whole: one without it was left by a helper that died while making it. */
static void mark_whole(struct helper *h) {
	g_autofree char *key = key_of(h->domid);

	if (store_write(h->store, 0, key, "whole"))
		fprintf(stderr, "bulkhead-xen-domain %s: xenstore refuses %s\n", h->plan.name, key);
}

static bool is_whole(struct helper *h) {
	g_autofree char *key = key_of(h->domid);
	char value[16];

	return store_read(h->store, 0, key, value, sizeof(value)) >= 0;
}

static bool label_works(struct helper *h) {
	uint32_t sid;

	if (!h->plan.seclabel || !*h->plan.seclabel)
		return true;
	return libxl_flask_context_to_sid(
		       h->ctx, h->plan.seclabel, strlen(h->plan.seclabel), &sid) == 0;
}

static gboolean on_serves_not(gpointer user) {
	struct helper *h = user;

	h->serve_timer = 0;
	tell(h, HELPER_FACT, 0, 0, "missing: bulkhead-network-serve has not come in it");
	set_state(h, HELPER_RUNNING, "");
	return G_SOURCE_REMOVE;
}

/* Those whose network comes through a driver domain wait until it can serve them. */
static void run(struct helper *h) {
	struct xen_network n = network_of(h);

	if (!h->plan.driver_domain || xen_network_serves(&n) || xen_network_watch(&n))
		set_state(h, HELPER_RUNNING, "");
	else
		h->serve_timer = g_timeout_add_seconds(
			(guint)h->plan.serve_timeout, on_serves_not, h);
}

static int set_netvm(struct helper *h, const char *netvm) {
	struct xen_network n = network_of(h);
	const char *why = xen_network_connect(&n, netvm);
	g_autofree char *fact = why ? g_strdup_printf("missing: %s", why) : NULL;

	tell(h, HELPER_FACT, 0, 0, why ? fact : *netvm ? netvm : "none");
	if (why)
		g_strlcpy(h->last, why, sizeof(h->last));
	return why ? ERROR_FAIL : 0;
}

static void take_devices(struct helper *h, libxl_domain_config *c) {
	for (int i = 0; i < c->num_pcidevs; i++)
		(void)libxl_device_pci_assignable_add(h->ctx, &c->pcidevs[i], 1);
}

static void create(struct helper *h) {
	libxl_domain_config c;
	struct xen_network n;
	const char *why;
	uint32_t domid = NOBODY;
	int r;

	libxl_domain_config_init(&c);
	why = xen_config(&h->plan, &c);
	if (!why && !label_works(h))
		why = "seclabel is set, but this hypervisor was built without XSM or does not know "
		      "the label; remove seclabel or boot a Xen with flask=enforcing";
	if (why) {
		libxl_domain_config_dispose(&c);
		finish(h, HELPER_FAILED, why);
		return;
	}
	if (libxl_cpu_bitmap_alloc(h->ctx, &c.b_info.avail_vcpus, c.b_info.max_vcpus) == 0)
		libxl_bitmap_set_any(&c.b_info.avail_vcpus);
	take_devices(h, &c);
	r = libxl_domain_create_new(h->ctx, &c, &domid, NULL, NULL);
	libxl_domain_config_dispose(&c);
	if (r) {
		g_autofree char *text = g_strdup_printf("Xen cannot make the domain: %s",
			*h->last ? h->last : "no reason was given");

		finish(h, HELPER_FAILED, text);
		return;
	}
	h->domid = domid;
	if (h->plan.netvm && set_netvm(h, h->plan.netvm)) {
		finish(h, HELPER_FAILED, h->last);
		return;
	}
	mark_whole(h);
	n = network_of(h);
	r = h->plan.driver_domain ? xen_network_ask(&n) : 0;
	if (r >= 0)
		r = libxl_domain_unpause(h->ctx, domid, NULL);
	if (r)
		finish(h, HELPER_FAILED, "Xen made the domain, but cannot let it run");
	else
		run(h);
}

static void adopt(struct helper *h) {
	libxl_dominfo info;

	if (libxl_name_to_domid(h->ctx, h->plan.name, &h->domid)) {
		h->domid = NOBODY;
		finish(h, HELPER_FAILED, "it is not there any more");
		return;
	}
	if (!is_whole(h)) {
		finish(h, HELPER_FAILED, "its start was cut off half-way");
		return;
	}
	libxl_dominfo_init(&info);
	if (libxl_domain_info(h->ctx, &info, h->domid)) {
		libxl_dominfo_dispose(&info);
		return;
	}
	if (info.paused)
		set_state(h, HELPER_PAUSED, "");
	else
		run(h);
	libxl_dominfo_dispose(&info);
}

/* A guest went, anywhere: was it ours? */
static void look(struct helper *h) {
	libxl_dominfo info;
	const char *why;
	int r;

	if (h->domid == NOBODY)
		return;
	libxl_dominfo_init(&info);
	r = libxl_domain_info(h->ctx, &info, h->domid);
	if (r == ERROR_DOMAIN_NOTFOUND || (!r && info.dying)) {
		finish(h, h->asked ? HELPER_ENDED : HELPER_FAILED,
			h->asked ? "" : "somebody else destroyed it");
	} else if (!r && info.shutdown && xen_config_ended(info.shutdown_reason, &why)) {
		bool clean = h->asked || !*why;

		finish(h, clean ? HELPER_ENDED : HELPER_FAILED, clean ? "" : why);
	}
	libxl_dominfo_dispose(&info);
}

static gboolean on_store(gint fd, GIOCondition cond, gpointer user) {
	struct helper *h = user;
	struct xen_network n = network_of(h);

	if (!store_changed(h->store))
		return G_SOURCE_CONTINUE;
	look(h);
	if (h->serve_timer && h->domid != NOBODY && xen_network_serves(&n)) {
		g_clear_handle_id(&h->serve_timer, g_source_remove);
		set_state(h, HELPER_RUNNING, "");
	}
	return G_SOURCE_CONTINUE;
}

static gboolean on_too_slow(gpointer user) {
	struct helper *h = user;

	h->kill_timer = 0;
	finish(h, HELPER_ENDED, "");
	return G_SOURCE_REMOVE;
}

static int stop(struct helper *h, int timeout_ms) {
	bool paused = h->state == HELPER_PAUSED;

	h->asked = true;
	g_clear_handle_id(&h->serve_timer, g_source_remove);
	set_state(h, HELPER_STOPPING, "");
	/* One that does not listen is destroyed when its time is over. */
	if (paused)
		(void)libxl_domain_unpause(h->ctx, h->domid, NULL);
	(void)libxl_domain_shutdown(h->ctx, h->domid, NULL);
	if (!h->kill_timer)
		h->kill_timer = g_timeout_add((guint)MAX(timeout_ms, 0), on_too_slow, h);
	return 0;
}

static int set_pause(struct helper *h, bool pause) {
	int r = pause ? libxl_domain_pause(h->ctx, h->domid, NULL)
		      : libxl_domain_unpause(h->ctx, h->domid, NULL);

	if (!r)
		set_state(h, pause ? HELPER_PAUSED : HELPER_RUNNING, "");
	return r;
}

static int set_weight(struct helper *h, int weight) {
	libxl_domain_sched_params p;
	int r;

	libxl_domain_sched_params_init(&p);
	p.sched = LIBXL_SCHEDULER_CREDIT2;
	p.weight = weight;
	p.cap = h->plan.cap;
	r = libxl_domain_sched_params_set(h->ctx, h->domid, &p);
	libxl_domain_sched_params_dispose(&p);
	return r;
}

static int act(struct helper *h, const struct helper_msg *m) {
	if (m->type == HELPER_STOP)
		return stop(h, m->value);
	if (m->type == HELPER_PAUSE || m->type == HELPER_UNPAUSE)
		return set_pause(h, m->type == HELPER_PAUSE);
	if (m->type == HELPER_WEIGHT)
		return set_weight(h, m->value);
	if (m->type == HELPER_MEMORY)
		return libxl_set_memory_target(h->ctx, h->domid, (int64_t)m->value * 1024, 0, 1);
	return m->type == HELPER_NETVM ? set_netvm(h, m->text) : ERROR_INVAL;
}

static void on_packet(
	void *user, const uint8_t *data, size_t size, const int *fds, unsigned n_fds) {
	struct helper *h = user;
	struct helper_msg m;

	if (helper_decode(span_over(data, size), &m) || m.type >= HELPER_STATE)
		return;
	*h->last = '\0';
	if (m.type == HELPER_BEGIN) {
		m.value ? adopt(h) : create(h);
		tell(h, HELPER_DONE, m.serial, 0, "");
	} else if (m.type == HELPER_KILL) {
		h->asked = true;
		tell(h, HELPER_DONE, m.serial, 0, "");
		finish(h, HELPER_ENDED, "");
	} else if (h->domid != NOBODY && !act(h, &m)) {
		tell(h, HELPER_DONE, m.serial, 0, "");
	} else {
		tell(h, HELPER_REFUSED, m.serial, 0, *h->last ? h->last : "Xen refuses it");
	}
}

static void on_closed(void *user) {
	struct helper *h = user;

	h->manager = channel_free(h->manager);
	g_main_loop_quit(h->loop);
}

static bool parse(struct xen_plan *p, int *argc, char ***argv) {
	GOptionEntry entries[] = {
		{"name", 0, 0, G_OPTION_ARG_STRING, &p->name, "the domain", "NAME"},
		{"virt-mode", 0, 0, G_OPTION_ARG_STRING, &p->virt_mode, "pvh or pv", "MODE"},
		{"kernel", 0, 0, G_OPTION_ARG_FILENAME, &p->kernel, "its kernel", "PATH"},
		{"ramdisk", 0, 0, G_OPTION_ARG_FILENAME, &p->ramdisk, "its initramfs", "PATH"},
		{"cmdline", 0, 0, G_OPTION_ARG_STRING, &p->cmdline, "for the kernel", "TEXT"},
		{"seclabel", 0, 0, G_OPTION_ARG_STRING, &p->seclabel, "for XSM", "LABEL"},
		{"root", 0, 0, G_OPTION_ARG_FILENAME, &p->root, "xvda, read-only", "PATH"},
		{"private", 0, 0, G_OPTION_ARG_FILENAME, &p->private_volume, "xvdb", "PATH"},
		{"volatile", 0, 0, G_OPTION_ARG_FILENAME, &p->volatile_volume, "xvdc", "PATH"},
		{"modules", 0, 0, G_OPTION_ARG_FILENAME, &p->modules, "xvdd, read-only", "PATH"},
		{"block", 0, 0, G_OPTION_ARG_FILENAME, &p->block, "bulkhead-xen-block", "PATH"},
		{"netvm", 0, 0, G_OPTION_ARG_STRING, &p->netvm, "has its network", "NAME"},
		{"net-allow", 0, 0, G_OPTION_ARG_STRING, &p->net_allow, "only there", "LIST"},
		{"slot", 0, 0, G_OPTION_ARG_INT, &p->slot, "for its addresses", "N"},
		{"pci", 0, 0, G_OPTION_ARG_STRING_ARRAY, &p->pci, "a device", "ADDRESS"},
		{"memory", 0, 0, G_OPTION_ARG_INT, &p->memory, "at the start", "MIB"},
		{"maxmem", 0, 0, G_OPTION_ARG_INT, &p->maxmem, "at most", "MIB"},
		{"vcpus", 0, 0, G_OPTION_ARG_INT, &p->vcpus, "processors", "N"},
		{"weight", 0, 0, G_OPTION_ARG_INT, &p->weight, "of credit2", "N"},
		{"cap", 0, 0, G_OPTION_ARG_INT, &p->cap, "percent of a processor", "N"},
		{"driver-domain", 0, 0, G_OPTION_ARG_NONE, &p->driver_domain, "serves others",
			NULL},
		{"serve-timeout", 0, 0, G_OPTION_ARG_INT, &p->serve_timeout, "its time for that",
			"SECONDS"},
		{NULL}};
	g_autoptr(GOptionContext) c = g_option_context_new("- drives Xen for one domain");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(c, entries, NULL);
	if (g_option_context_parse(c, argc, argv, &error) && p->name && p->virt_mode)
		return true;
	fprintf(stderr, "bulkhead-xen-domain: %s\n",
		error ? error->message : "it is started by bulkheadd only");
	return false;
}

static const char *open_xen(struct helper *h) {
	if (libxl_ctx_alloc(&h->ctx, LIBXL_VERSION, 0, &h->logger))
		return "Xen does not answer this program; it must run as root in the admin domain";
	if (store_open(&h->store) || store_watch(h->store, "@releaseDomain"))
		return "xenstore does not answer";
	g_unix_fd_add(store_fd(h->store), G_IO_IN, on_store, h);
	return NULL;
}

int main(int argc, char **argv) {
	static const struct channel_handler handler = {on_packet, on_closed};
	struct helper h = {.logger.vmessage = on_log,
		.plan = {.memory = 400, .maxmem = 400, .vcpus = 1, .weight = 256},
		.domid = NOBODY,
		.state = HELPER_STARTING};
	const char *why;

	if (!parse(&h.plan, &argc, &argv))
		return 2;
	signal(SIGPIPE, SIG_IGN);
	(void)fcntl(3, F_SETFD, FD_CLOEXEC);
	h.loop = g_main_loop_new(NULL, FALSE);
	h.manager = channel_new(3, HELPER_SIZE, false, &handler, &h);
	why = open_xen(&h);
	if (why)
		set_state(&h, HELPER_FAILED, why);
	else
		g_main_loop_run(h.loop);
	channel_free(h.manager);
	store_free(h.store);
	libxl_ctx_free(h.ctx);
	return 0;
}
