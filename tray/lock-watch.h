/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once
/*
 * Is the screen locked? Several sources, any of which is enough: the screen savers of desktops on
 * the session bus, logind's hint for this session, and lockers that are plain X windows
 * (x11-lockers.h). While locked, daemons forward no input at all (bug class A16).
 */
#include <stdbool.h>

enum lock_source { LOCK_BY_BUS, LOCK_BY_LOGIND, LOCK_BY_WINDOW, LOCK_SOURCES };

typedef void (*lock_changed)(bool locked, void *data);

struct lock_watch;

struct lock_watch *lock_watch_new(lock_changed changed, void *data);
/* One source's opinion; the callback hears only changes of the whole. */
void lock_watch_set(struct lock_watch *w, enum lock_source source, bool locked);
struct lock_watch *lock_watch_free(struct lock_watch *w);
