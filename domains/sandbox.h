/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a domain's sandbox consists of, as a command line for bubblewrap: the root as a list of
 * what is allowed, its namespaces, its environment. It makes files in memory, opens nothing of a
 * domain's by path and starts nothing.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>

#define SANDBOX_UID     1000
#define SANDBOX_INIT_FD 3

struct sandbox {
	const char *name; /* also the host name inside */
	const char *user; /* its name inside */
	const char *machine_id;
	const char *resolv_conf; /* text */
	bool nested;             /* user namespaces inside are allowed */
	bool staged;             /* what is bound by descriptor stands at STAGE (local-stage.h) */
	int template;            /* the root's folder; -1: the host's programs */
	int home;                /* O_PATH descriptors */
	int hv_socket;           /* -1: none */
	int info;                /* where bwrap tells the process's number */
};

/* The arguments and the descriptors that the child needs beside them. */
struct sandbox_command {
	GPtrArray *args; /* without the program's name */
	GArray *fds;     /* int; ours to close */
	GArray *binds;   /* int, some of fds: what local_stage mounts */
};

/* 0, or -1 and *error. */
int sandbox_command_init(struct sandbox_command *c, const struct sandbox *s, GError **error);
void sandbox_command_deinit(struct sandbox_command *c);

/* A memfd with these bytes, at its beginning. -1 on failure (errno). */
MUST_USE int sandbox_memfd(const char *name, const void *data, size_t size);
