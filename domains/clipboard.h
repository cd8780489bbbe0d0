/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The clipboard between domains (docs/decisions/clipboard.md): one text in a sealed memfd that
 * bulkheadd holds and never reads, and at most one thing under way with it. A chord of the person
 * ends whatever was under way before; every request has a number, and an answer with another number
 * is dropped (bug classes C2, C5). Knows no socket and no clock: what it needs done it asks of
 * `ops`, so that tests play all of it. Domains are named by the id of their channel.
 */
#include "common/cleanup.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CLIPBOARD_LINE 256

enum clipboard_outcome { CLIPBOARD_DENY, CLIPBOARD_ALLOW, CLIPBOARD_ASK };
enum clipboard_show {
	CLIPBOARD_HIDE,
	CLIPBOARD_COPIED,
	CLIPBOARD_PREVIEW, /* the chord again pastes */
	CLIPBOARD_PASTED
};
enum clipboard_timer {
	CLIPBOARD_TIMER_STEP, /* what is under way takes too long */
	CLIPBOARD_TIMER_READ, /* the preview was there long enough to be read */
	CLIPBOARD_TIMER_WIPE,
	CLIPBOARD_TIMERS
};

#define CLIPBOARD_ANSWER_MS 5000   /* for an agent's answer, or the broker's */
#define CLIPBOARD_CALL_MS   30000  /* for a long text */
#define CLIPBOARD_ASK_MS    15000  /* how long a preview waits for the second press */
#define CLIPBOARD_READ_MS   500    /* how long it must have been there before that counts */
#define CLIPBOARD_WIPE_MS   120000 /* how long a text is kept */

struct clipboard;

struct clipboard_record {
	bool paste;
	uint32_t number;
	const char *source, *target; /* target: NULL with a copy */
	size_t size;
	const char *outcome, *reason; /* as docs/audit.md has them; reason may be NULL */
};

/* false: there is nobody to ask. */
struct clipboard_ops {
	bool (*get)(void *user, uint32_t domain, uint32_t number);
	void (*cancel)(void *user, uint32_t domain, uint32_t number);
	bool (*put)(void *user, uint32_t domain, uint32_t number, int fd, bool raw);
	bool (*look)(void *user, uint32_t domain, uint32_t number, int fd);
	/* A long text, by a call: out of the domain, answered by clipboard_fetched; into it,
	 * answered by clipboard_brought. */
	bool (*fetch)(void *user, uint32_t domain, uint32_t number);
	bool (*bring)(void *user, uint32_t domain, uint32_t number, int fd);
	/* What the rules say; answered by clipboard_decided. */
	bool (*decide)(void *user, uint32_t number, const char *source, const char *target);
	bool (*show)(void *user, enum clipboard_show what, uint32_t from, uint32_t to, size_t size,
		const char *line);
	/* Something was not done: the person is told, in the words of that domain. */
	void (*refused)(void *user, uint32_t domain, const char *why);
	void (*record)(void *user, const struct clipboard_record *r);
	void (*timer)(void *user, enum clipboard_timer which, unsigned ms); /* 0: none */
};

struct clipboard *clipboard_new(const struct clipboard_ops *ops, void *user);
/* Takes NULL, returns NULL. */
struct clipboard *clipboard_free(struct clipboard *c);

/* The person pressed a chord in a window of this domain. */
void clipboard_copy(struct clipboard *c, uint32_t domain, const char *name);
void clipboard_paste(struct clipboard *c, uint32_t domain, const char *name);

/* Answers. Descriptors stay the caller's (-1: none). */
void clipboard_text(
	struct clipboard *c, uint32_t domain, uint32_t number, const char *line, int fd);
void clipboard_large(struct clipboard *c, uint32_t domain, uint32_t number, int fd);
void clipboard_failed(struct clipboard *c, uint32_t domain, uint32_t number, const char *why);
void clipboard_done(struct clipboard *c, uint32_t domain, uint32_t number);
void clipboard_fetched(struct clipboard *c, uint32_t number, int fd, const char *error);
void clipboard_brought(struct clipboard *c, uint32_t number, const char *error);
void clipboard_decided(struct clipboard *c, uint32_t number, enum clipboard_outcome outcome,
	bool raw, const char *why);

/* This domain has the focus now, 0: none. */
void clipboard_focus(struct clipboard *c, uint32_t domain);
/* What shows the preview is gone: nobody sees what a second press would paste. */
void clipboard_unseen(struct clipboard *c);
/* The domain ended, or its daemon. gone: it is no more, nor is what came from it. */
void clipboard_lost(struct clipboard *c, uint32_t domain, bool gone);
void clipboard_expired(struct clipboard *c, enum clipboard_timer which);
