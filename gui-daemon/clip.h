/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * This domain's end of the clipboard between domains (docs/decisions/clipboard.md): asks the agent
 * for its text, and brings it text, when the manager says so and never otherwise. One request at a
 * time; an answer that nobody waits for any more is dropped (bug classes C2, C5). Text is taken
 * whole or not at all (C3), and is cleaned before the agent gets it (C4).
 */
#include "common/cleanup.h"
#include "proto/ctl.h"
#include "proto/gui.h"

#include <stdbool.h>

struct clip_config {
	/* To the agent. */
	void (*send)(void *data, const struct gui_from_daemon *m);
	/* To the manager; the descriptor stays the caller's, -1: none. */
	void (*tell)(void *data, enum ctl_type type, uint32_t number, const char *text, int fd);
	void *data;
};

struct clip {
	struct clip_config config;
	bool connected;
	unsigned minor; /* negotiated with the agent */
	bool asked;     /* the agent owes an answer */
	bool late;      /* and nobody waits for it any more */
	uint32_t number;
	int64_t asked_at; /* us */
};

/* How long an agent may owe an answer before it may be asked again. */
#define CLIP_OWED_US (30 * INT64_C(1000000))

void clip_init(struct clip *c, const struct clip_config *config);
void clip_connected(struct clip *c, unsigned minor);

/* window: the one that has the focus; now: monotonic us. */
void clip_get(struct clip *c, uint32_t number, uint32_t window, int64_t now);
void clip_cancel(struct clip *c, uint32_t number);
/* What the agent sent. NULL, or what is wrong with it: it was dropped. */
const char *clip_data(struct clip *c, const struct gui_clipboard *data);
/* fd: a sealed memfd of the manager's, which stays the caller's. */
void clip_put(struct clip *c, uint32_t number, int fd, bool raw);
void clip_look(struct clip *c, uint32_t number, int fd);
