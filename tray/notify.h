/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Shows notices on the desktop (org.freedesktop.Notifications, as libnotify does, but without
 * waiting for the answer). One of the same domain and kind takes the place of the former. Text is
 * never markup, and there are no buttons.
 */
#include "tray/model.h"
#include "tray/notices.h"

struct notify;

struct notify *notify_new(void);
/* d: whose colours it carries; NULL: it is gone. */
void notify_show(struct notify *n, const struct notice *notice, const struct model_domain *d);
struct notify *notify_free(struct notify *n);
