/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A notification of an application in a domain, as the service bulkhead.Notify is told it
 * (docs/protocols/notification.md): text only. What is decoded has gone through
 * common/text-filter.h; there are no actions, pictures, links or markup to be had.
 */
#include "common/cleanup.h"
#include "common/span.h"

#define NOTIFICATION_MAGIC     0x314e4b42u /* "BKN1" */
#define NOTIFICATION_APP_MAX   64
#define NOTIFICATION_TITLE_MAX 256
#define NOTIFICATION_BODY_MAX  1024
#define NOTIFICATION_MAX                                                                           \
	(16 + NOTIFICATION_APP_MAX + NOTIFICATION_TITLE_MAX + NOTIFICATION_BODY_MAX)

enum { NOTIFICATION_E_LENGTH = 1, NOTIFICATION_E_MAGIC, NOTIFICATION_E_EMPTY };

/* Each is filtered UTF-8 of one line. */
struct notification {
	char app[NOTIFICATION_APP_MAX + 1];
	char title[NOTIFICATION_TITLE_MAX + 1];
	char body[NOTIFICATION_BODY_MAX + 1];
};

/* 0 or one of the answers above. */
MUST_USE int notification_decode(struct span in, struct notification *ret);
/* Cuts what is too long at a character; size of what stands in ret. app, title, body: any bytes. */
size_t notification_encode(
	const char *app, const char *title, const char *body, uint8_t ret[NOTIFICATION_MAX]);
