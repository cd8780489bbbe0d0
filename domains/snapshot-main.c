/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bulkhead-snapshot: one copy of a stopped domain's home or volume, or the way back. bulkheadd
 * starts it, it ends with bulkheadd, and its exit status is an errno (or 255: not started rightly).
 * As the person it works in a user namespace where it may handle what belongs to the domain's host
 * user.
 */
#include "domains/paths.h"
#include "domains/snapshot.h"
#include "domains/uid-map.h"

#include "common/domain-name.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

struct job {
	char *domain, *what, *take, *rollback, *drop;
	int slot, dir, stop;
};

static int run(void *user) {
	struct job *j = user;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (j->take)
		return snapshot_take(j->dir, j->what, j->take, j->stop);
	if (j->rollback)
		return snapshot_rollback(j->dir, j->what, j->rollback, j->stop);
	return snapshot_drop(j->dir, j->drop);
}

static bool parse(struct job *j, int *argc, char ***argv) {
	GOptionEntry entries[] = {
		{"domain", 0, 0, G_OPTION_ARG_STRING, &j->domain, "whose", "NAME"},
		{"slot", 0, 0, G_OPTION_ARG_INT, &j->slot, "which host user of its own", "N"},
		{"what", 0, 0, G_OPTION_ARG_STRING, &j->what, "home or volume", "ENTRY"},
		{"take", 0, 0, G_OPTION_ARG_STRING, &j->take, "make one", "SNAPSHOT"},
		{"rollback", 0, 0, G_OPTION_ARG_STRING, &j->rollback, "go back to", "SNAPSHOT"},
		{"drop", 0, 0, G_OPTION_ARG_STRING, &j->drop, "remove", "SNAPSHOT"},
		{"stop-fd", 0, 0, G_OPTION_ARG_INT, &j->stop,
			"leave all as it was when the other end is closed", "FD"},
		{NULL}};
	g_autoptr(GOptionContext) c = g_option_context_new("- started by bulkheadd");
	g_autoptr(GError) error = NULL;
	struct domain_name name;

	g_option_context_add_main_entries(c, entries, NULL);
	if (g_option_context_parse(c, argc, argv, &error) && j->domain && j->what &&
		(j->take || j->rollback || j->drop) && !domain_name_parse(j->domain, &name))
		return true;
	fprintf(stderr, "bulkhead-snapshot: %s\n", error ? error->message : "wrong options");
	return false;
}

int main(int argc, char **argv) {
	g_autofree char *data = paths_data(), *below = NULL;
	g_autoptr(GError) error = NULL;
	struct job j = {.dir = -1, .stop = -1};
	AUTO(auto_close) int base = -1;
	struct uid_map map = {0};
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!parse(&j, &argc, &argv))
		return 255;
	below = g_strdup_printf("domains/%s", j.domain);
	base = paths_open_private(data, &error);
	j.dir = base < 0 ? -1 : paths_open_below(base, below, true, &error);
	if (j.dir < 0) {
		fprintf(stderr, "bulkhead-snapshot: %s\n", error->message);
		return 255;
	}
	if (geteuid() != 0)
		uid_map_choose((unsigned)j.slot, &map);
	r = uid_map_as_root(&map, run, &j);
	close(j.dir);
	return -r;
}
