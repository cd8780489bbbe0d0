/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * What of the person's input a domain gets (users-needs G1; bug classes A16, B1, B4). Keys only
 * while one of its windows has the focus; nothing while the screen is locked or domains are hidden;
 * no keys while the keyboard is locked to another domain. The agent believes in no focus that the
 * domain has not got, and is told to release all keys when it loses them.
 */
#include "common/cleanup.h"
#include "proto/gui.h"

#include <stdbool.h>

struct input_config {
	uint32_t domain_id;
	void (*send)(void *data, const struct gui_from_daemon *m);
	/* Ask for the window's focus again: its FOCUS(In) is to be reported anew. */
	void (*refocus)(void *data, uint32_t window);
	void *data;
};

struct input {
	struct input_config config;
	bool focused;   /* one of the domain's windows has the focus on the screen */
	uint32_t focus; /* which */
	bool told;      /* the agent believes to have the focus */
	uint32_t told_window;
	bool screen_locked, hidden;
	bool keys_held; /* what is down, still to be told before the event that follows */
	struct gui_keymap keys;
	uint32_t keyboard_lock; /* a domain's id, 0: none */
};

void input_init(struct input *in, const struct input_config *config);

/* A report of the screen; forwarded, changed or dropped. */
void input_on_event(struct input *in, const struct gui_from_daemon *m);
/* The window is gone or unmapped: its focus too. */
void input_forget(struct input *in, uint32_t window);

void input_set_screen_locked(struct input *in, bool locked);
void input_set_hidden(struct input *in, bool hidden);
void input_set_keyboard_lock(struct input *in, uint32_t domain_id);

/* May keys go to this domain, if one of its windows has the focus? */
bool input_keys_allowed(const struct input *in);
