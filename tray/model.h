/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What the tray knows: every domain and its applications, kept in memory and fed by bulkheadd's
 * signals, so that menus and searches never wait for anybody. Texts that are shown have gone
 * through common/text-filter.h, numbers of things are bounded. Knows no GTK and no D-Bus.
 */
#include "common/cleanup.h"
#include "common/label.h"
#include "tray/apps.h"

#include <glib.h>
#include <stdbool.h>

#define MODEL_DOMAINS_MAX 1000
#define MODEL_TEXT_MAX    256

enum model_state {
	MODEL_STOPPED,
	MODEL_STARTING,
	MODEL_RUNNING,
	MODEL_PAUSED,
	MODEL_STOPPING,
	MODEL_FAILED,
	MODEL_UNKNOWN,
	MODEL_STATES
};

enum model_action {
	ACTION_START,
	ACTION_STOP,
	ACTION_PAUSE,
	ACTION_UNPAUSE,
	ACTION_KILL,
	ACTION_CANCEL_START, /* what goes on as a job */
	ACTION_CANCEL_COPY,
	ACTION_TERMINAL,
	ACTION_FILES,
	ACTION_THROW_AWAY_BROWSER, /* in a new throw-away domain like this one */
	ACTION_THROW_AWAY_TERMINAL,
	ACTION_SETTINGS,
	ACTION_LOG,
	ACTION_COUNT
};

struct model_domain {
	char *path; /* of its D-Bus object */
	char *name;
	char *folded; /* for searches */
	enum model_state state;
	unsigned progress, windows;
	uint32_t rgb;
	enum label_pattern pattern;
	char reason[MODEL_TEXT_MAX];
	GHashTable *properties; /* D-Bus name -> GVariant, all of them, as they came */
	struct apps *apps;      /* NULL: none are known */
	struct apps *own_apps;  /* what it said itself; NULL: nothing yet */
};

struct model;

enum model_event { MODEL_ADDED, MODEL_CHANGED, MODEL_REMOVED, MODEL_APPS, MODEL_GLOBAL };
/* before: the state it had (MODEL_CHANGED). d is NULL for MODEL_GLOBAL; at MODEL_REMOVED it is
 * still whole, and gone afterwards. */
typedef void (*model_heard)(
	void *user, enum model_event e, struct model_domain *d, enum model_state before);

struct model *model_new(model_heard heard, void *user);
struct model *model_free(struct model *m);

/* objects: a{oa{sa{sv}}}, everything there is; what is not in it goes. */
void model_set_all(struct model *m, GVariant *objects);
/* interfaces: a{sa{sv}}. A domain too many or without a valid name is left out. */
void model_add(struct model *m, const char *path, GVariant *interfaces);
/* changed: a{sv} */
void model_change(struct model *m, const char *path, GVariant *changed);
void model_remove(struct model *m, const char *path);
/* Nobody answers for them any more: all states become unknown. */
void model_offline(struct model *m);
bool model_online(const struct model *m);
/* Manager1's properties: a{sv}. */
void model_global(struct model *m, GVariant *changed);
const char *model_focused(const struct model *m); /* "" none */

/* a(ss): file and reason of each definition that is ignored; NULL: not known. */
GVariant *model_broken(const struct model *m);

/* The applications that domains of `template = host` see. The model takes a reference. */
void model_set_host_apps(struct model *m, struct apps *apps);

/* What a domain of another template says that it has. The model takes a reference. */
void model_set_own_apps(struct model *m, struct model_domain *d, struct apps *apps);

guint model_count(const struct model *m);
struct model_domain *model_at(struct model *m, guint i); /* sorted by name */
struct model_domain *model_find(struct model *m, const char *name);

bool model_may(const struct model_domain *d, enum model_action a);
/* A snapshot of its home is being made or gone back to. */
bool model_is_copied(const struct model_domain *d);
/* A text property, "" if there is none. */
const char *model_text(const struct model_domain *d, const char *property);
