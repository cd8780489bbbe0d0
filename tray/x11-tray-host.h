/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * A place for docked icons (XEmbed system tray) where the desktop has none: a small window of ours
 * that steps back as soon as a real tray appears and returns when that goes. The icons' frames
 * belong to the gui-daemons; this only gives them room.
 */

struct tray_host;

struct tray_host *tray_host_new(void);
struct tray_host *tray_host_free(struct tray_host *h);
