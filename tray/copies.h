/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * File copies under way, put together from what their two ends report. Either may be missing (a
 * program of another maker does not report), and both may lie: figures for the person, no more.
 * Knows no GTK.
 */
#include "proto/copyreport.h"

#include <glib.h>

enum copy_state {
	COPY_RUNNING,
	COPY_DONE,
	COPY_FAILED, /* copy_error says why */
	COPY_LOST    /* it went without saying how it ended */
};

struct copy {
	char source[DOMAIN_NAME_MAX + 1], target[DOMAIN_NAME_MAX + 1]; /* target "": not known */
	gint64 began, ended; /* monotonic, us; 0: not yet */
	void *view;          /* whoever shows it */
	/* By role; NULL: none, or gone. */
	void *ends[COPYREPORT_RECEIVES + 1];
	struct copyreport last[COPYREPORT_RECEIVES + 1]; /* kind 0: it never reported */
};

struct copies;

/* changed: a report came, or an end went. over: the same, and nothing more will come; without a
 * view the copy is gone afterwards, with one it stays until copies_forget. */
struct copies_events {
	void (*begun)(void *user, struct copy *c);
	void (*changed)(void *user, struct copy *c);
	void (*over)(void *user, struct copy *c);
};

struct copies *copies_new(const struct copies_events *events, void *user);
struct copies *copies_free(struct copies *c);
/* end: a number of its own for each reporting end; r NULL: it is gone. now: monotonic, us. */
void copies_report(
	struct copies *c, void *end, const char *domain, const struct copyreport *r, gint64 now);
/* Of one that is over. */
void copies_forget(struct copies *c, struct copy *copy);

enum copy_state copy_state(const struct copy *c);
/* All is there, and the receiver waits for what to do with a name that is taken. */
bool copy_asks(const struct copy *c);
/* What is shown: the receiver's word, else the sender's. */
const struct copyreport *copy_word(const struct copy *c);
/* The domain whose word it is. */
const char *copy_speaker(const struct copy *c);
/* Bytes there will be; 0: not known. */
guint64 copy_total(const struct copy *c);
/* Bytes a second up to now, 0: too early to tell. */
double copy_rate(const struct copy *c, gint64 now);
/* Seconds; < 0: not known. */
double copy_left(const struct copy *c, gint64 now);
