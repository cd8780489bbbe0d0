/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What a template is made from (docs/templates.md): a key file NAME.recipe, read strictly. What
 * comes out is safe to be words of apt's and mmdebstrap's command lines: no option, no pattern, no
 * list can hide in one.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define RECIPE_FILE_MAX  ((size_t)64 << 10)
#define RECIPE_BASES_MAX 4 /* recipes that stand on one another */

#define RECIPE_ERROR     (recipe_error_quark())
GQuark recipe_error_quark(void);
enum recipe_error { RECIPE_E_FILE, RECIPE_E_BASE };

struct recipe {
	char *description;
	char *base; /* the recipe that this one adds to, or NULL */
	char *suite, *mirror, *security_mirror;
	char *kernel, *kernelopts; /* Xen: Debian's package of the kernel; its command line */
	GPtrArray *packages, *modules, *services; /* of strings, each once, in their order */
};

void recipe_free(struct recipe *r);
typedef struct recipe recipe_t;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(recipe_t, recipe_free)

/* file: for messages. What is not said stays NULL or empty. NULL and *error ("FILE:LINE: ..."). */
struct recipe *recipe_parse(const char *file, const char *data, size_t size, GError **error);

/* The file and all that it stands on, with the usual values in what none of them says. A base is
 * looked for by `find`, which returns a path for a name, or NULL; the caller frees it. */
struct recipe *recipe_load(const char *file, char *(*find)(const char *name), GError **error);
