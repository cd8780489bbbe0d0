/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Which notifications a person sees, and when: each domain has a small allowance; what comes
 * faster is merged into one that says how many there were. Pure: time comes in from outside
 * (microseconds, monotonic), nothing here has a timer.
 */
#include "common/cleanup.h"
#include "common/domain-name.h"

#include <glib.h>
#include <stdbool.h>

#define NOTICE_TEXT_SIZE 256
#define NOTICE_BURST     3
#define NOTICE_EVERY     ((gint64)10 * G_USEC_PER_SEC) /* one more each 10 s */
#define NOTICE_DOMAINS   256

/* In the order of their weight. */
enum notice_kind {
	NOTICE_APP,
	NOTICE_STARTED,
	NOTICE_STOPPED,
	NOTICE_FAILED,
	NOTICE_REFUSED,
	NOTICE_KINDS
};

struct notice {
	char domain[DOMAIN_NAME_MAX + 1];
	enum notice_kind kind;
	char text[NOTICE_TEXT_SIZE]; /* filtered; the last of those that were merged */
	unsigned merged;             /* how many there were, at least 1 */
};

struct notices;
typedef void (*notices_show)(void *user, const struct notice *n);

struct notices *notices_new(notices_show show, void *user);
struct notices *notices_free(struct notices *n);

/* text: anything, may be "". */
void notices_tell(
	struct notices *n, const char *domain, enum notice_kind kind, const char *text, gint64 now);
/* When notices_turn has something to do; -1: nothing is held. */
gint64 notices_due(const struct notices *n);
void notices_turn(struct notices *n, gint64 now);
/* The domain is gone: so is what was held for it. */
void notices_forget(struct notices *n, const char *domain);
