/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The socket tray.sock in the runtime folder, on which services of the admin domain hand over what
 * domains say: bulkhead.Notify one packet a connection, the domain's name and a notification;
 * bulkhead.CopyReport a packet for each report about a copy, on one connection as long as it lasts.
 */
#include "proto/copyreport.h"
#include "proto/notification.h"

struct inbox;
/* An end of a copy that reports. */
struct inbox_end;

/* domain: a valid name, of a domain that may not be known. */
struct inbox_events {
	void (*notification)(void *user, const char *domain, const struct notification *n);
	/* r is NULL, once, when that end is gone; `end` is not to be used any more then. */
	void (*report)(
		void *user, struct inbox_end *end, const char *domain, const struct copyreport *r);
};

/* NULL if there can be no socket. */
struct inbox *inbox_new(const char *runtime, const struct inbox_events *events, void *user);
/* What the person wants, as that end's last report allows it. */
void inbox_answer(struct inbox_end *end, enum copyreport_word word);
struct inbox *inbox_free(struct inbox *i);
