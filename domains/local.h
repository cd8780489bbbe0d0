/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* The parts of bulkhead-local-domain: what it was told, and its one domain. */
#include "domains/bounded-log.h"
#include "domains/cgroup.h"
#include "domains/channel.h"
#include "domains/local-msg.h"
#include "domains/local-net.h"
#include "domains/uid-map.h"

#include <glib.h>

struct local_options {
	char *name, *user, *runtime, *network, *net_allow;
	char *template; /* "host", or a template's name */
	char *forget;   /* only: remove this domain's data */
	int slot, memory, cpu_weight;
	int domain_id, hv_mark;
	int manager_fd; /* the first manager's connection */
	int control_fd; /* the listening socket for managers */
	int hv_fd;      /* the listening socket for bulkhead-hv, kept for the next one; -1: none */
	gboolean nested, wait_start;
	gboolean fresh; /* the home is empty at the start and gone after the end */
};

struct local {
	struct local_options o;
	GMainLoop *loop;
	int dir;      /* the domain's runtime folder */
	int listener; /* its control socket */
	struct channel *manager;
	int kept[LOCAL_KEEP_MAX];
	enum local_state state;
	char *reason;
	char *facts[LOCAL_FACT_COUNT];
	/* the sandbox */
	struct uid_map map;
	struct cgroup cgroup;
	struct bounded_log *log;
	struct local_net *net;
	struct channel *init;
	int template; /* its tree, held until this process ends; -1: the host's programs */
	int info;
	guint info_source, kill_timer;
	pid_t bwrap, pid1;
	int pidfd; /* of process 1 */
	bool display, net_settled, asked_to_end;
};

/* local-domain.c */
bool local_begin(struct local *l);

/* local-control.c: the manager's side */
void local_control_listen(struct local *l);
void local_control_adopt(struct local *l, int fd);
void local_tell_state(struct local *l);
void local_tell(
	struct local *l, enum local_type type, uint32_t id, int32_t value, const char *text);
void local_fact(struct local *l, enum local_fact fact, const char *text);

/* local-sandbox.c: the domain's side */
bool local_sandbox_start(struct local *l);
void local_sandbox_run(struct local *l, const struct local_msg *m);
void local_sandbox_stop(struct local *l, int timeout_ms);
void local_sandbox_kill(struct local *l);
void local_sandbox_pause(struct local *l, bool pause);
void local_sandbox_focus(struct local *l, bool focused);
void local_set_state(struct local *l, enum local_state state, const char *reason);
