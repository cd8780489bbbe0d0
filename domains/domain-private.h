/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* What the files domain*.c share. */
#include "domains/domain.h"
#include "domains/manager.h"

#define ENDED_KEPT 64 /* ended commands whose status is remembered */

struct domain {
	struct manager *in;
	struct definition *definition;
	enum domain_state state;
	char *reason;
	gint64 began; /* monotonic us of the start that goes on; 0: none, or not ours */
	struct machine *machine;
	char *facts[FACT_COUNT];
	bool copying;    /* bulkhead-snapshot is at its home */
	struct job *job; /* its start, stop or copy; NULL: none, or nobody sees the domain */
	bool cancelled;  /* its last start was */
	GList *waiters;  /* struct waiter */
	bool stop_asked; /* because bulkheadd is to end with all domains */
	/* pool.h */
	char *prepared_for; /* the model; NULL: it is seen, and somebody's */
	bool rests, pausing, discarded, taken;
	/* commands */
	uint32_t next_command;
	GHashTable *commands; /* id -> struct command */
	GQueue ended;         /* ids, the oldest first */
	/* gui */
	struct daemon *gui;
	bool gui_focus; /* one of its windows has the focus, it says */
	char *gui_state;
	unsigned windows;
};

G_GNUC_PRINTF(2, 3)
GError *domain_error_new(enum domain_error code, const char *format, ...);

/* Percent: how far a start is. */
unsigned domain_start_progress(const struct domain *d);

/* domain-commands.c */
void domain_commands_init(struct domain *d);
void domain_commands_deinit(struct domain *d);
void domain_command_event(struct domain *d, uint32_t id, enum machine_command what, int value);
/* The machine is gone, and all commands with it. */
void domain_commands_over(struct domain *d);

/* domain-gui.c */
void domain_gui_start(struct domain *d);
void domain_gui_adopt(struct domain *d, int fd);
void domain_gui_restart(struct domain *d);
void domain_gui_over(struct domain *d);
