/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the subcommands of `bulkhead` share: how to reach bulkheadd, how to say what went wrong. A
 * one-shot program: it waits for answers.
 */
#include "common/cleanup.h"

#include <gio/gio.h>
#include <stdbool.h>

/* Exit statuses; docs/cli.md. */
enum {
	CLI_OK = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NO_DOMAIN = 3,
	CLI_STATE = 4,        /* not while the domain is in its state */
	CLI_NO_MANAGER = 5,   /* bulkheadd cannot be reached nor started */
	CLI_DENIED = 6,       /* polkit does not let this caller */
	CLI_COMMAND = 126,    /* run: the command could not be started */
	CLI_INTERRUPTED = 130 /* Ctrl-C */
};

struct cli {
	GDBusConnection *connection;
	const char *name; /* NULL: the connection is bulkheadd's own */
	bool system;      /* on the system bus */
	/* cli-job.c: from its first call on, Ctrl-C ends what is waited for, not the program. */
	guint on_interrupt;
	bool interrupted;
	struct waiting *waiting;
};

/* Only the bulkheadd of the system bus is meant from now on. */
void cli_use_system_bus(void);

/* Finds bulkheadd, or starts it. CLI_OK, or the exit status after a message. */
int cli_connect(struct cli *c, bool start);
void cli_disconnect(struct cli *c);

/* Calls Manager1 or, with a domain's name, Domain1 of it. NULL and *error. reply: the expected type
 * or NULL. */
GVariant *cli_call(struct cli *c, const char *domain, const char *method, GVariant *args,
	const char *reply, GError **error);

/* The same, of what takes long. At a terminal it shows how far that is. Ctrl-C cancels the job
 * where that can be, and only stops waiting where not; *error is G_IO_ERROR_CANCELLED then. */
GVariant *cli_call_job(struct cli *c, const char *domain, const char *method, GVariant *args,
	const char *reply, GError **error);

/* The caller frees it. NULL and *error. */
char *cli_domain_path(struct cli *c, const char *domain, GError **error);

/* All domains: a{sa{sv}} name -> properties; NULL and *error. */
GVariant *cli_domains(struct cli *c, GError **error);

/* Says what went wrong; the exit status for it. */
int cli_fail(const GError *error);

/* Parses options; false after a message. strict: stops at the first argument that is none. */
bool cli_options(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
	const char *summary, bool strict);

/* "MaxMemory" -> "maxmem" (the definition's key) or "host_user". */
char *cli_key(const char *dbus_property);
void cli_print_json(GVariant *value);

int cmd_domain(int argc, char **argv);
int cmd_template(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_label(int argc, char **argv);
int cmd_manager(int argc, char **argv);
int cmd_log(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
