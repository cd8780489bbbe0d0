/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-local-domain: the parent of one domain's sandbox. It outlives bulkheadd: a new one finds
 * it by its control socket. It must never run as root, never read what the domain wrote but its
 * output for the log and the fixed-size messages of proto/init.h.
 */
#include "domains/local.h"
#include "common/domain-name.h"
#include "domains/paths.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

/* Descriptors below this one are kept free for those that have a fixed number in the sandbox. */
#define FIRST_FD 10

static bool parse(struct local_options *o, int *argc, char ***argv) {
	GOptionEntry entries[] = {
		{"name", 0, 0, G_OPTION_ARG_STRING, &o->name, "the domain", "NAME"},
		{"user", 0, 0, G_OPTION_ARG_STRING, &o->user, "its user inside", "NAME"},
		{"runtime", 0, 0, G_OPTION_ARG_FILENAME, &o->runtime, "its runtime folder", "PATH"},
		{"network", 0, 0, G_OPTION_ARG_STRING, &o->network, "none or pasta", "KIND"},
		{"net-allow", 0, 0, G_OPTION_ARG_STRING, &o->net_allow, "only these places",
			"LIST"},
		{"template", 0, 0, G_OPTION_ARG_STRING, &o->template, "host, or its name", "NAME"},
		{"forget", 0, 0, G_OPTION_ARG_STRING, &o->forget, "remove its data", "NAME"},
		{"slot", 0, 0, G_OPTION_ARG_INT, &o->slot, "which host user of its own", "N"},
		{"memory", 0, 0, G_OPTION_ARG_INT, &o->memory, "at most so much", "MIB"},
		{"cpu-weight", 0, 0, G_OPTION_ARG_INT, &o->cpu_weight, "1 to 10000", "N"},
		{"domain-id", 0, 0, G_OPTION_ARG_INT, &o->domain_id, "from bulkhead-hv", "N"},
		{"hv-mark", 0, 0, G_OPTION_ARG_INT, &o->hv_mark, "which bulkhead-hv", "N"},
		{"manager-fd", 0, 0, G_OPTION_ARG_INT, &o->manager_fd, "first connection", "FD"},
		{"control-fd", 0, 0, G_OPTION_ARG_INT, &o->control_fd, "where managers connect",
			"FD"},
		{"hv-fd", 0, 0, G_OPTION_ARG_INT, &o->hv_fd, "its listening socket", "FD"},
		{"nested-sandbox", 0, 0, G_OPTION_ARG_NONE, &o->nested, "user namespaces inside",
			NULL},
		{"fresh", 0, 0, G_OPTION_ARG_NONE, &o->fresh, "an empty home, gone afterwards",
			NULL},
		{"wait", 0, 0, G_OPTION_ARG_NONE, &o->wait_start, "start when told to", NULL},
		{NULL}};
	g_autoptr(GOptionContext) c = g_option_context_new("- parent of one domain's sandbox");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(c, entries, NULL);
	if (!g_option_context_parse(c, argc, argv, &error)) {
		fprintf(stderr, "bulkhead-local-domain: %s\n", error->message);
		return false;
	}
	if (o->forget)
		return true;
	if (!o->name || !o->user || !o->runtime || !o->network || o->manager_fd < 0 ||
		o->control_fd < 0) {
		fprintf(stderr, "bulkhead-local-domain is started by bulkheadd only\n");
		return false;
	}
	return true;
}

static int high(int fd) {
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
}

/* Takes the inherited descriptors out of the range that the sandbox's start needs for itself. */
static void arrange_descriptors(struct local_options *o) {
	int manager = high(o->manager_fd), hv = high(o->hv_fd), control = high(o->control_fd), null;

	auto_close(&o->manager_fd);
	auto_close(&o->hv_fd);
	auto_close(&o->control_fd);
	o->manager_fd = manager;
	o->hv_fd = hv;
	o->control_fd = control;
	do
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (null >= 0 && null < FIRST_FD);
	auto_close(&null);
}

/* What its programs printed goes with it. */
static void forget_log(const char *name) {
	g_autofree char *state = paths_state(), *log = g_strconcat(name, ".log", NULL),
			*older = g_strconcat(name, ".log.1", NULL);
	AUTO(auto_close) int base = paths_open_private(state, NULL);
	AUTO(auto_close) int dir = base < 0 ? -1 : paths_open_below(base, "domains", false, NULL);

	if (dir < 0)
		return;
	unlinkat(dir, log, 0);
	unlinkat(dir, older, 0);
}

static int forget(const struct local_options *o) {
	g_autoptr(GError) error = NULL;
	g_autofree char *data = paths_data();
	AUTO(auto_close) int base = paths_open_private(data, &error);
	AUTO(auto_close) int dir = base < 0 ? -1 : paths_open_below(base, "domains", true, &error);
	struct domain_name name;
	struct uid_map map;
	int r;

	if (dir < 0 || domain_name_parse(o->forget, &name)) {
		fprintf(stderr, "bulkhead-local-domain: %s\n",
			error ? error->message : "no such name");
		return 1;
	}
	forget_log(name.s);
	uid_map_choose((unsigned)o->slot, &map);
	r = uid_map_remove(&map, dir, name.s);
	if (r)
		fprintf(stderr, "bulkhead-local-domain: %s/domains/%s cannot be removed: %s\n",
			data, name.s, g_strerror(-r));
	return r ? 1 : 0;
}

/* Of a disposable domain with a name of its own, before its start and after its end. */
static int forget_home(const struct local_options *o, GError **error) {
	g_autofree char *data = paths_data(), *below = g_strdup_printf("domains/%s", o->name);
	AUTO(auto_close) int base = paths_open_private(data, error);
	AUTO(auto_close) int dir = base < 0 ? -1 : paths_open_below(base, below, true, error);
	struct uid_map map;
	int r;

	if (dir < 0)
		return -1;
	uid_map_choose((unsigned)o->slot, &map);
	r = faccessat(dir, "home", F_OK, AT_SYMLINK_NOFOLLOW) ? 0
							      : uid_map_remove(&map, dir, "home");
	if (r)
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
			"%s/%s/home of its last life cannot be removed: %s", data, below,
			g_strerror(-r));
	return r;
}

bool local_begin(struct local *l) {
	g_autoptr(GError) error = NULL;

	if (l->o.fresh) {
		forget_log(l->o.name);
		if (forget_home(&l->o, &error)) {
			local_set_state(l, LOCAL_FAILED, error->message);
			return false;
		}
	}
	return local_sandbox_start(l);
}

static int begin(struct local *l) {
	g_autoptr(GError) error = NULL;

	l->dir = paths_open_private(l->o.runtime, &error);
	if (l->dir < 0) {
		fprintf(stderr, "bulkhead-local-domain %s: %s\n", l->o.name, error->message);
		return -1;
	}
	local_control_listen(l);
	local_control_adopt(l, l->o.manager_fd);
	return 0;
}

static void end(struct local *l) {
	g_autoptr(GError) error = NULL;

	l->net = local_net_free(l->net);
	l->init = channel_free(l->init);
	l->log = bounded_log_free(l->log);
	cgroup_deinit(&l->cgroup);
	if (l->o.fresh && forget_home(&l->o, &error))
		fprintf(stderr, "bulkhead-local-domain %s: %s\n", l->o.name, error->message);
	unlinkat(l->dir, "control", 0);
	unlinkat(l->dir, "hv.sock", 0);
	unlinkat(l->dir, "pasta-ready", 0);
	/* Last, so that the manager sees the end of file when nothing is left. */
	l->manager = channel_free(l->manager);
}

int main(int argc, char **argv) {
	struct local l = {.o = {.manager_fd = -1,
				  .hv_fd = -1,
				  .control_fd = -1,
				  .memory = 4000,
				  .cpu_weight = 100},
		.dir = -1,
		.listener = -1,
		.info = -1,
		.template = -1,
		.pidfd = -1,
		.state = LOCAL_STARTING};

	l.cgroup.dir = l.cgroup.parent = -1;
	for (unsigned i = 0; i < LOCAL_KEEP_MAX; i++)
		l.kept[i] = -1;
	if (geteuid() == 0) {
		fprintf(stderr, "bulkhead-local-domain: a domain never runs as root\n");
		return 1;
	}
	if (!parse(&l.o, &argc, &argv))
		return 2;
	if (l.o.forget)
		return forget(&l.o);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	arrange_descriptors(&l.o);
	l.loop = g_main_loop_new(NULL, FALSE);
	if (begin(&l))
		return 1;
	if (l.o.wait_start || local_begin(&l))
		g_main_loop_run(l.loop);
	end(&l);
	return 0;
}
