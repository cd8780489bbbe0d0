/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What windows.c, windows-agent.c and windows-screen.c share; nobody else includes it. */
#include "gui-daemon/windows.h"

#include <glib.h>

#define TITLE_SIZE 128

enum refusal {
	REFUSED_WINDOWS,
	REFUSED_PAGES,
	REFUSED_POPUPS,
	REFUSED_ICONS,
	REFUSED_HOST,
	REFUSED_COUNT
};

struct window {
	struct windows *in;
	uint32_t id;
	/* The content as the agent was told last, or asked and got. */
	struct rect at;
	bool popup;
	bool mapped;
	bool docked;
	bool ghost;             /* over the quota: answered, never shown */
	bool configure_pending; /* a CONFIGURE of ours that the agent has not echoed */
	bool title_pending;
	unsigned corrections; /* how often in a row somebody moved this pop-up off its monitor */
	uint32_t told_flags;
	struct size image; /* 0x0: none */
	struct charge count, pages;
	char title[TITLE_SIZE];
};

struct windows {
	struct windows_config config;
	GHashTable *by_id; /* uint32_t -> struct window, owned */
	struct quota windows, ghosts, pages, docked;
	struct rate titles, changes;
	unsigned titles_pending;
	unsigned dumps; /* waiting for the X server */
	uint32_t mapped;
	bool refused[REFUSED_COUNT]; /* told the person already */
	char reason[96];
};

struct window *windows_find(const struct windows *t, uint32_t id);
/* WINDOWS_E_VIOLATION or -ENOMEM. */
MUST_USE int window_new(struct windows *t, uint32_t id, struct window **ret);
/* Forgets it, its charges and its place among the mapped ones; does not speak to the screen. */
void window_remove(struct window *w);
MUST_USE int windows_violation(struct windows *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void windows_refuse(struct windows *t, enum refusal why);

void window_set_mapped(struct window *w, bool mapped);
/* Tell the agent where the content is, unless it still owes the answer to the last time. */
void window_tell_place(struct window *w);
/* Would the domain's pop-ups cover too much of a monitor with this one at `content`? */
bool window_too_much(const struct window *w, struct rect content);
/* A pop-up that became too large goes on as an ordinary window. */
void window_become_managed(struct window *w);
void window_show_title(struct window *w);
