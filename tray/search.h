/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One search over domains, their applications, their windows and what can be done with them. Pure:
 * reads the model, writes a list, best first.
 */
#include "tray/model.h"
#include "tray/open-window.h"

#define SEARCH_QUERY_MAX 200
#define SEARCH_WORDS_MAX 8

enum search_kind { SEARCH_APP, SEARCH_ACTION, SEARCH_WINDOW };

struct search_hit {
	enum search_kind kind;
	struct model_domain *domain;
	const struct app *app;            /* SEARCH_APP */
	enum model_action action;         /* SEARCH_ACTION */
	const struct open_window *window; /* SEARCH_WINDOW */
	unsigned score;                   /* the less the better */
};

/* actions: how each action is called, folded (ACTION_COUNT texts). windows: struct open_window, or
 * NULL. Every word of the query must begin or stand in the domain's name, the application's words,
 * the window's title or the action. At most max hits. */
guint search_run(struct model *m, const GPtrArray *windows, const char *query,
	const char *const *actions, struct search_hit *ret, guint max);
