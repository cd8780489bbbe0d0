/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The folder of templates, and how one is made. TEMPLATES/NAME/ is whole or not there: it is made
 * as .NAME.new and takes the old one's place by one rename. What a running domain still uses goes
 * aside as .NAME.old-* and is removed by a later command.
 */
#include "domains/recipe.h"

struct templates {
	char *path; /* of the folder, absolute */
	int dir;
};

/* to: another folder than the usual one, or NULL. False and *error. */
bool templates_open(struct templates *t, const char *to, GError **error);
void templates_close(struct templates *t);
/* For as long as the descriptor is open nobody else builds or removes that template. -1, *error. */
int templates_lock(struct templates *t, const char *name, GError **error);
/* An empty .NAME.new; its path, which the caller frees. NULL and *error. */
char *templates_begin(struct templates *t, const char *name, GError **error);
/* .NAME.new becomes NAME, for good. */
bool templates_commit(struct templates *t, const char *name, GError **error);
/* NAME is no more. */
bool templates_drop(struct templates *t, const char *name, GError **error);
/* Removes what was left aside and is used by no domain that runs. */
void templates_sweep(struct templates *t, const char *name);
/* All names, sorted; ends with NULL. */
char **templates_names(struct templates *t);
bool templates_has(struct templates *t, const char *name);
/* Its template.conf; empty if it has none. */
GKeyFile *templates_conf(struct templates *t, const char *name);

/* The recipe's file: a name, or a path if there is a "/" in it. NULL and *error. */
char *recipe_path(const char *name, GError **error);

struct build {
	const char *name, *recipe_file;
	const struct recipe *recipe;
	char **packages; /* files of Debian packages of our own, ends with NULL */
	bool xen;        /* root.img, kernel and initramfs instead of a tree */
};

/* Makes NAME anew. The lock is the caller's. */
bool template_build(struct templates *t, const struct build *b, GError **error);
