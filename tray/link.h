/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The line to bulkheadd: its own socket in the runtime folder, else the session bus. Feeds the
 * model; comes back by itself when bulkheadd does. Nothing here waits: every call has an answer
 * that comes later, maybe never (bulkheadd may be stopped).
 */
#include "tray/model.h"

#include <gio/gio.h>

struct link;

struct link_events {
	void (*online)(void *user, bool online);
	void (*refused)(void *user, const char *domain, const char *what);
	void (*command_ended)(void *user, const char *path, guint32 id, int status);
};

/* error NULL: reply is the answer. error has no D-Bus prefix; never both NULL. */
typedef void (*link_answer)(void *user, GVariant *reply, const char *error);

struct link *link_new(struct model *m, const struct link_events *events, void *user);
struct link *link_free(struct link *l);

/* answer may be NULL. Without a manager the answer is an error, and comes later too. */
void link_call_manager(
	struct link *l, const char *method, GVariant *args, link_answer answer, void *user);
void link_call_domain(struct link *l, const char *path, const char *method, GVariant *args,
	link_answer answer, void *user);

/* The runtime folder, where bulkheadd's sockets are too. */
const char *link_runtime(const struct link *l);

/* Starts bulkheadd if none answers; what goes wrong is in its log. */
void link_start_manager(struct link *l);

/* The rule of a property ("MiB, 64 to 1048576") by its key; NULL until they are known. */
const char *link_rule(struct link *l, const char *key);
