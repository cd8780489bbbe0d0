/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What can run a domain: the local sandbox, or Xen. A backend has one helper process per running
 * domain (the local one outlives bulkheadd, on Xen the domain itself does) and tells what happens
 * by the typed events below. No call blocks; every event comes from the loop, never from inside a
 * call.
 */
#include "domains/definition.h"
#include "domains/domain-state.h"

#include <stdint.h>

/* The domain that the person works in counts so many times its share of the processors. */
#define BACKEND_FOCUS_FACTOR 4

struct backend;
struct machine; /* one running domain */

enum machine_fact { FACT_NETWORK, FACT_HOST_USER, FACT_CGROUP, FACT_SERVICE, FACT_COUNT };
enum machine_command { COMMAND_STARTED, COMMAND_FAILED, COMMAND_ENDED };

/* Daemons beside a domain whose sockets its helper keeps for the next bulkheadd. */
enum machine_kept { KEPT_GUI, KEPT_QREXEC, KEPT_COUNT };

struct machine_events {
	/* STOPPED and FAILED are the last event; free the machine then. */
	void (*state)(void *user, enum domain_state state, const char *reason);
	void (*fact)(void *user, enum machine_fact fact, const char *text);
	/* value: errno of FAILED, wait status of ENDED */
	void (*command)(void *user, uint32_t id, enum machine_command what, int value);
	/* A request was refused, in words for a person. */
	void (*refused)(void *user, enum domain_request what, const char *why);
	/* After an adoption: a daemon of the former bulkheadd; the descriptor is the receiver's. */
	void (*kept)(void *user, enum machine_kept what, int fd);
	/* The domain's id or its transport changed: its daemons must be started anew. */
	void (*transport)(void *user);
};

struct backend_ops {
	const char *name;
	const char *kept; /* of a domain's folder: what snapshots are made of */
	bool ordered;     /* a domain's netvm runs before it and longer than it */
	/* ready: called once, when start and adopt may be used, or with why not. */
	struct backend *(*open)(int runtime, const char *runtime_path,
		void (*ready)(void *user, const char *error), void *user);
	struct backend *(*close)(struct backend *b);
	/* slot: the domain's number, for good. NULL and *error. */
	struct machine *(*start)(struct backend *b, const struct definition *d, unsigned slot,
		const struct machine_events *events, void *user, GError **error);
	/* The machine of a former bulkheadd, or NULL: this domain does not run. */
	struct machine *(*adopt)(struct backend *b, const struct definition *d, unsigned slot,
		const struct machine_events *events, void *user);
	uint32_t (*id)(const struct machine *m);
	void (*run)(struct machine *m, uint32_t id, const char *const *argv);
	void (*stop)(struct machine *m, unsigned timeout_ms);
	void (*kill)(struct machine *m);
	void (*pause)(struct machine *m, bool pause);
	/* What it was started from has changed since: it is not what a start now would give. May be
	 * NULL: never. */
	bool (*outdated)(const struct machine *m);
	/* The person works in it now, or no more. NULL: nothing to do. */
	void (*focus)(struct machine *m, bool focused);
	/* A property changed while it runs; false: it holds from the next start only. NULL: none
	 * can. */
	bool (*change)(struct machine *m, const struct definition *d, const char *key);
	/* The descriptor stays the caller's. */
	void (*keep)(struct machine *m, enum machine_kept what, int fd);
	/* How a daemon reaches this domain: its --vchan option in spec, and the descriptor it needs
	 * as its number `as` (or -1). 0, or -errno. */
	int (*transport)(struct machine *m, int as, char **spec, int *fd);
	struct machine *(*free)(struct machine *m);
	/* Removes all that was kept for a domain that does not run. */
	void (*forget)(struct backend *b, const char *name, unsigned slot,
		void (*done)(void *user, bool ok), void *user);
};

extern const struct backend_ops backend_local, backend_xen;
