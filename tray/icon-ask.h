/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * One question for one picture: qrexec-client, whose output goes straight into
 * bulkhead-icon-reader. Of that only as many bytes are read as a picture has. Both are ended when
 * it takes too long.
 */
#include "proto/icon.h"

#include <stdbool.h>

#define ICON_ASK_SECONDS 20

struct icon_ask;

/* icon: in the form that icon_decode reads, ICON_SIDE wide and high, or NULL: there is none. */
typedef void (*icon_answer)(void *user, const uint8_t *icon);

struct icon_ask *icon_ask_new(icon_answer answer, void *user);
/* One at a time. name: of an icon theme, as apps.h allows it. */
void icon_ask_start(struct icon_ask *a, const char *domain, const char *name);
bool icon_ask_busy(const struct icon_ask *a);
struct icon_ask *icon_ask_free(struct icon_ask *a);
