/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Applications for menus, read from .desktop files. Whoever wrote them is not trusted: sizes and
 * numbers are bounded, names go through common/text-filter.h, an icon is a name and never a path,
 * a command is an argument vector and never a line for a shell. Knows no GTK.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stddef.h>

#define APPS_MAX        1000  /* more are counted, not kept */
#define APPS_FILES_MAX  10000 /* directory entries that are looked at */
#define APPS_FILE_SIZE  65536
#define APPS_NAME_SIZE  96
#define APPS_ICON_SIZE  64
#define APPS_ARGS_MAX   32
#define APPS_ARG_SIZE   1024
#define APPS_WORDS_SIZE 512

enum app_role { APP_ORDINARY, APP_TERMINAL, APP_FILES };

struct app {
	char *id;    /* the file's name without .desktop */
	char *name;  /* as it is shown */
	char *words; /* folded: name, generic name, keywords; for searches */
	char *icon;  /* a name of an icon theme, or "" */
	char **argv;
	enum app_role role;
	gboolean in_terminal; /* argv is to be run in one */
};

struct apps {
	GPtrArray *list;                    /* struct app, sorted by name */
	const struct app *terminal, *files; /* the preferred ones, NULL if there is none */
	guint left_out;
};

enum {
	APPS_E_HIDDEN = 1, /* asks not to be shown */
	APPS_E_INVALID
};

/* One file's bytes. 0 and *ret, or one of the answers above. */
MUST_USE int app_parse(const char *id, const char *data, size_t size, struct app **ret);
struct app *app_free(struct app *a);

/* The command, in a terminal if it wants one; NULL if there is no terminal. */
char **app_command(const struct apps *apps, const struct app *a);

struct apps *apps_new(void);
/* Takes the app. */
void apps_add(struct apps *apps, struct app *a);
/* Sorts and chooses the preferred ones; nothing is added afterwards. */
void apps_finish(struct apps *apps);
/* Reads folders, the first that has an id wins. Blocks: only in a thread of its own. */
struct apps *apps_scan(const char *const *folders);

/* Any thread. NULL is taken. */
struct apps *apps_ref(struct apps *apps);
void apps_unref(struct apps *apps);
