/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * bulkheadd's part in calls between domains: it runs the broker and, beside each running domain,
 * its qrexec-daemon; tells the broker what domains there are; and does what the broker asks for
 * (start a domain, make a throw-away one, remove it). It decides nothing and sees no call's bytes.
 */
#include "domains/manager.h"

struct calls;

struct calls *calls_new(struct manager *m, const char *runtime_path);
/* Ends broker and daemons. Takes NULL, returns NULL. */
struct calls *calls_free(struct calls *c);

/* May the person paste? The answer goes to manager_clipboard_decided. false: there is no broker. */
bool calls_paste(struct calls *c, uint32_t number, const char *source, const char *target);
/* For the audit file; texts: event, source, target, outcome, reason. */
void calls_clipboard_record(
	struct calls *c, uint32_t number, size_t bytes, const char *const texts[5]);

/* The domain is new, or something of it changed. */
void calls_domain(struct calls *c, struct domain *d);
void calls_domain_removed(struct calls *c, struct domain *d);
