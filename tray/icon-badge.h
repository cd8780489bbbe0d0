/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/* A domain's picture of an application in the domain's label: tinted, with its colour and pattern
 * in a corner. Its pixels are never taken as a picture of any format. */
#include "common/label.h"
#include "proto/icon.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

/* icon: as icon_fit makes it. The caller owns what comes. */
GdkPixbuf *icon_badge_plain(const uint8_t icon[ICON_SIZE]);
/* ICONS_PIXELS wide and high. */
GdkPixbuf *icon_badge_new(GdkPixbuf *plain, uint32_t rgb, enum label_pattern pattern);
