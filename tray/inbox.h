/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * The socket tray.sock in the runtime folder, on which the service bulkhead.Notify hands over what
 * applications in domains say: one packet a connection, the domain's name and a notification.
 */
#include "proto/notification.h"

struct inbox;

/* domain: a valid name, of a domain that may not be known. */
typedef void (*inbox_heard)(void *user, const char *domain, const struct notification *n);

/* NULL if there can be no socket. */
struct inbox *inbox_new(const char *runtime, inbox_heard heard, void *user);
struct inbox *inbox_free(struct inbox *i);
